"""A report as a folder of tables, for programs that want files: CSV or Parquet, and a manifest.

The folder is there whole or not at all: it is written beside its place and then renamed. One that
stands there already is replaced if a report wrote all that is in it, and never otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl

from retainkit.choices import TableFormat
from retainkit.errors import OutputError
from retainkit.render import render_bytes
from retainkit.render.json import dumped, plain
from retainkit.render.options import RenderOptions
from retainkit.replacement import folder_replaced
from retainkit.reporting.anchors import anchors
from retainkit.reporting.document import FORMAT, finding, head, headline
from retainkit.reporting.model import Finding, Headline, Report
from retainkit.results import Result

MANIFEST = "manifest.json"
_HEADLINE, _FINDINGS, _VERDICTS = "headline", "findings", "verdicts"
_NESTED = ("also", "evidence")
_TYPES: dict[str, type[pl.DataType]] = {"str": pl.String, "Unit": pl.String, "int | None": pl.Int64}


@dataclass(frozen=True)
class _File:
    """One table and its file. section: whose it is, "" for those of the whole report."""

    name: str
    section: str
    table: str
    result: Result


def write_folder(
    report: Report,
    path: Path,
    table_format: TableFormat = "csv",
    *,
    excel_safe: bool = False,
    option: str = "--output",
) -> None:
    """Write the report to the folder `path`: a file for each table of each section, and more.

    excel_safe: whether text that a spreadsheet would run as a formula is defused in CSV. option:
    the flag that named the folder, for messages. Raises OutputError where something else stands
    there or nothing can be written; what stood there before then still does.
    """
    with _told(path, option):
        if not _is_ours(path):
            raise OutputError(
                f"{option}: '{path}' is there and holds something that no report wrote.",
                "Name a folder that is not there yet.",
            )
        with folder_replaced(path) as draft:
            _fill(draft, report, table_format, RenderOptions(excel_safe=excel_safe))


def _fill(folder: Path, report: Report, table_format: TableFormat, options: RenderOptions) -> None:
    """Write every file into the empty folder, the manifest last."""
    listed = []
    for each in _files(report, table_format):
        data = render_bytes(each.result, table_format, options, table=each.table)
        _write(folder / each.name, data)
        listed.append(_entry(each, data))
    own = {
        name: told for name, told in head(report).items() if name not in ("headline", "findings")
    }
    sections = [{"name": each.name, "title": each.title} for each in report.sections]
    manifest = {**own, "sections": sections, "files": listed}
    text = json.dumps(json.loads(dumped(manifest)), ensure_ascii=False, indent=1)
    _write(folder / MANIFEST, f"{text}\n".encode())


def _entry(each: _File, data: bytes) -> dict[str, object]:
    """Return what the manifest says of a file."""
    frame = each.result.tables[each.table]
    return {
        "file": each.name,
        "section": each.section,
        "table": each.table,
        "command": each.result.command,
        "definition": each.result.definition,
        "params": plain(each.result.params),
        "notes": list(each.result.notes),
        "columns": frame.columns,
        "rows": frame.height,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _files(report: Report, suffix: str) -> Iterator[_File]:
    """Yield all tables with the names of their files; no two alike, whatever columns are called."""
    yield _File(f"{_HEADLINE}.{suffix}", "", _HEADLINE, _of_report(report, _HEADLINE))
    yield _File(f"{_FINDINGS}.{suffix}", "", _FINDINGS, _of_report(report, _FINDINGS))
    results = {section.name: section.result for section in report.sections}
    places = anchors(results, (_HEADLINE, _FINDINGS, _VERDICTS, "manifest"))
    for name, result in results.items():
        for table in result.tables:
            yield _File(f"{places[name]}.{table}.{suffix}", name, table, result)
    if report.verdicts is not None:
        for table in report.verdicts.tables:
            name = _VERDICTS if table == "main" else f"{_VERDICTS}.{table}"
            yield _File(f"{name}.{suffix}", _VERDICTS, table, report.verdicts)


def _of_report(report: Report, table: str) -> Result:
    """Return the headline or the findings as a table like any other."""
    definitions = {
        _HEADLINE: "The numbers of the last period that is over, and of the one before.",
        _FINDINGS: f"What stands out among {report.compared:,} comparisons; p_value is adjusted "
        "for all of them.",
    }
    made = headline_table(report) if table == _HEADLINE else findings_table(report)
    return Result("report", definitions[table], report.params, report.data, {table: made})


def headline_table(report: Report) -> pl.DataFrame:
    """Return the headline, a row a number."""
    return pl.DataFrame(list(map(headline, report.headline)), schema=_schema(Headline))


def findings_table(report: Report) -> pl.DataFrame:
    """Return the findings, a row each; their evidence, and where else it is, as JSON."""
    rows = [
        {**told, **{name: dumped(told[name]) for name in _NESTED}}
        for told in map(finding, report.findings)
    ]
    return pl.DataFrame(rows, schema={**_schema(Finding), **dict.fromkeys(_NESTED, pl.String)})


def _schema(kind: type[Headline] | type[Finding]) -> dict[str, type[pl.DataType]]:
    return {each.name: _TYPES.get(str(each.type), pl.Float64) for each in fields(kind)}


def _is_ours(path: Path) -> bool:
    """Return whether `path` is free: nothing, an empty folder, or what a report wrote alone."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        return False
    there = list(path.iterdir()) if path.exists() else []
    if not all(each.is_file() and not each.is_symlink() for each in there):
        return False
    return not there or {each.name for each in there} <= _listed(path / MANIFEST)


def _listed(manifest: Path) -> set[str]:
    """Return the files that a manifest of ours names, itself too; none of another file."""
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
        if told["format"] == FORMAT:
            return {MANIFEST, *(str(each["file"]) for each in told["files"])}
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return set()


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _told(path: Path, option: str) -> Iterator[None]:
    """Turn what the system says about writing into an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{option}: '{path}' cannot be written: {error.strerror or error}.",
            "What stood there before still does. Name a folder in one that can be written.",
        ) from error
