"""A Result for people and machines: formats by name, text and bytes out, nothing is written here.

`render_text` and `render_bytes` take any Result and a format of FORMATS; `to_rich` is for a
console, `to_html` for a notebook, `render_chart` for a picture and nothing else. A new format is a
file here and a line in FORMATS; a new command's view is a file in `views/` and a line there, its
pictures are a file in `charts/`. Rich, Jinja2, PyArrow and vl-convert are imported only by the
format that draws with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from retainkit.errors import UsageError, nearest
from retainkit.render.options import RenderOptions
from retainkit.results import Result

if TYPE_CHECKING:
    from retainkit.render.terminal import Screen
    from retainkit.render.view import Document

__all__ = ["CHARTS", "FORMATS", "Format", "RenderOptions", "chart_format", "format_of"]
__all__ += ["notes_of", "render_bytes", "render_chart", "render_text", "to_html", "to_rich"]


class Format(NamedTuple):
    """A format: the module that has it, the suffixes of its files.

    drawn: for people, by `draw(document, options)`; else for machines, by
    `write(result, options)`. binary: bytes, which a terminal cannot show. picture: of one table,
    drawn by the extra [charts]. illustrated: a document that holds such pictures.
    """

    module: str
    suffixes: tuple[str, ...]
    drawn: bool = False
    binary: bool = False
    picture: bool = False
    illustrated: bool = False


FORMATS: Mapping[str, Format] = {
    "table": Format("terminal", (".txt",), drawn=True),
    "markdown": Format("markdown", (".md", ".markdown"), drawn=True),
    "html": Format("html", (".html", ".htm"), drawn=True, illustrated=True),
    "json": Format("json", (".json",)),
    "csv": Format("csv", (".csv",)),
    "parquet": Format("parquet", (".parquet",), binary=True),
    "svg": Format("svg", (".svg",), picture=True),
    "png": Format("png", (".png",), binary=True, picture=True),
}


CHARTS = ("svg", "png", "html")  # what a picture alone can be, by the suffix of its file


def chart_format(path: PurePath) -> str:
    """Return the format of CHARTS that a file's suffix names; raises UsageError that lists them."""
    name = path.suffix.lower().removeprefix(".")
    if name not in CHARTS:
        raise UsageError(
            f"--chart: {path} is no file for a picture.",
            "Name one that ends with .svg, .png or .html.",
        )
    return name


def format_of(path_or_name: str | PurePath) -> str:
    """Return the format called so, or the one that a file's suffix names.

    Raises UsageError that lists the formats and suffixes there are.
    """
    name = str(path_or_name)
    if name in FORMATS:
        return name
    suffix = PurePath(name).suffix.lower()
    for known, described in FORMATS.items():
        if suffix in described.suffixes:
            return known
    suffixes = ", ".join(sum((known.suffixes for known in FORMATS.values()), ()))
    raise UsageError(
        f"No format is known for '{name}'.{nearest(name, FORMATS)}",
        f"Formats: {', '.join(FORMATS)}; by the suffix of a file: {suffixes}.",
    )


def render_text(
    result: Result,
    format_name: str,
    options: RenderOptions | None = None,
    *,
    table: str | None = None,
) -> str:
    """Return `result` in a text format, with a newline at its end.

    table: the one table to write: by default csv and svg write `main`, json all of them, and the
    drawn formats the command's own view. Raises UsageError for an unknown format or table, and for
    a binary format.
    """
    if FORMATS[format_of(format_name)].binary:
        raise UsageError(f"{format_name} is not text.", "Write it to a file with --output.")
    return render_bytes(result, format_name, options, table=table).decode()


def render_bytes(
    result: Result,
    format_name: str,
    options: RenderOptions | None = None,
    *,
    table: str | None = None,
) -> bytes:
    """Return `result` in any format as the bytes of a file; otherwise as `render_text`."""
    return _render(result, format_name, options or RenderOptions(), table)


def render_chart(result: Result, format_name: str, *, table: str | None = None) -> bytes:
    """Return nothing but a picture of `result`, in a format of CHARTS, as the bytes of a file.

    svg and png are those of `render_bytes`; html is one page around it that needs nothing else.
    table: which table it is of; by default `main`, or the first that has a picture. Raises
    UsageError where there is none, OutputError where the extra [charts] is not installed.
    """
    from retainkit.render.charts import table_of

    drawn = _narrowed(result, table_of(result.command, table))
    if format_name != "html":
        return render_bytes(drawn, format_name)
    from retainkit.render import html, pictures

    return html.draw(pictures.alone(drawn), RenderOptions()).encode()


def _render(result: Result, format_name: str, options: RenderOptions, table: str | None) -> bytes:
    known = FORMATS[format_of(format_name)]
    module = import_module(f"{__name__}.{known.module}")
    rendered: str | bytes
    if known.drawn:
        document = _document(result, table, illustrated=known.illustrated)
        rendered = module.draw(document, options)
    else:
        rendered = module.write(_narrowed(result, table), options)
    return rendered.encode() if isinstance(rendered, str) else rendered


def _narrowed(result: Result, table: str | None) -> Result:
    return result if table is None else replace(result, tables={table: result.table(table)})


def _document(result: Result, table: str | None = None, *, illustrated: bool = False) -> Document:
    from retainkit.render import pictures  # here, as machines need no drawing
    from retainkit.render.views import document_of

    document = document_of(result, table)
    return pictures.illustrated(document) if illustrated else pictures.unillustrated(document)


def notes_of(result: Result, format_name: str, table: str | None = None) -> list[str]:
    """Return what is to be said of `result` in a format, beside the notes of its own.

    That is which fonts a PNG lacks: all other formats hold text as text.
    """
    if format_of(format_name) != "png":
        return []
    from retainkit.render.charts import spec_of
    from retainkit.render.charts.fonts import missing

    return missing(spec_of(_narrowed(result, table)))


def to_rich(result: Result, width: int | None = None, *, table: str | None = None) -> Screen:
    """Return a Rich renderable that fits the console it is printed on, or `width` if narrower."""
    from retainkit.render.terminal import Screen

    return Screen(_document(result, table), width)


def to_html(result: Result) -> str:
    """Return one element of HTML with its own style, for a notebook's cell."""
    from retainkit.render.html import fragment

    return fragment(_document(result, illustrated=True))
