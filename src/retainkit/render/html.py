"""Documents as HTML through Jinja2: a page that needs nothing else, or a fragment for notebooks.

Data reaches the page only through autoescaped text and attributes; colours come from our ramp,
pictures from `charts.inline`, which lets nothing but shapes and text through.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from retainkit.render.heat import RAMP, shade
from retainkit.render.options import RenderOptions
from retainkit.render.view import MARK, Cell, Document, Figure, Grid, Legend, Picture


def draw(document: Document, options: RenderOptions) -> str:
    """Return `document` as one whole page, without scripts and without anything to load."""
    del options
    return environment("retainkit.render").get_template("page.html").render(document=document)


def fragment(document: Document) -> str:
    """Return `document` as one element with its own style, to stand inside another page."""
    return environment("retainkit.render").get_template("document.html").render(document=document)


@cache
def environment(package: str) -> Environment:
    """Return what fills in the templates of a package: everything is escaped, nothing undefined."""
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(mark=MARK, ramp=RAMP)
    made.filters["colours"] = _colours
    made.tests["grid"] = lambda block: isinstance(block, Grid)
    made.tests["figure"] = lambda block: isinstance(block, Figure)
    made.tests["picture"] = lambda block: isinstance(block, Picture)
    made.filters["element"] = lambda picture: Markup(picture.svg)
    made.tests["legend"] = lambda block: isinstance(block, Legend)
    return made


def _colours(cell: Cell) -> str:
    if cell.heat is None:
        return ""
    tone = shade(cell.heat)
    return f"background:{tone.background};color:{tone.ink}"
