"""Workbooks: one sheet, its header row found, every cell as text; extra `[excel]`, fastexcel."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import polars as pl

from retainkit.errors import InputError, UsageError, nearest
from retainkit.schema import ALIASES, Role, fold
from retainkit.sources.around import LOOKED_AT, LOOKED_UNDER, footers, header_row, said_columns
from retainkit.sources.file import File
from retainkit.sources.limits import any_filled, check_workbook
from retainkit.sources.names import FOOT, ROW, readable
from retainkit.sources.options import SourceOptions
from retainkit.sources.parts import Part
from retainkit.wording import counted

if TYPE_CHECKING:
    from fastexcel import ExcelReader

_TIMES: tuple[Role, ...] = ("time", "joined", "left")
_SERIALS = (20_000, 80_000)  # days since 1899-12-30 that are dates: of 1954 to 2119
_EPOCH = -25_569 * 86_400_000_000  # 1899-12-30 in us since 1970


def read_excel(file: File, options: SourceOptions, *, origin: bool) -> Part:
    """Return the rows of a sheet, every column String, empty cells and rows left out.

    The sheet is the one of `options.sheet`, else the only one that holds anything. The header is
    the row with the most names that columns are known by, else the first of the widest rows;
    rows above it are left out and noted. Raises InputError for a workbook that cannot be read,
    UsageError for a sheet that it does not have.
    """
    try:
        check_workbook(file, options)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _damaged(file) from error
    book = _opened(file)
    sheet, cells = _sheet(file, book, options.sheet)
    top = 0
    if options.header:
        first = [[cell or "" for cell in row] for row in cells.head(LOOKED_AT).rows()]
        top = header_row(first, said_columns(options), even=True)
    titles = [""] * cells.width
    if options.header:
        titles = _without_end([str(title or "") for title in cells.row(top)])
    names, renamed = readable(titles)
    body = cells[top + options.header :]
    lost = [name for name in body.columns[len(names) :] if body[name].null_count() < body.height]
    rows = body.with_row_index(ROW, top + 1 + options.header).select(
        pl.col(ROW).cast(pl.Int64), *(pl.col(f"{i}").alias(name) for i, name in enumerate(names))
    )
    rows, dated = _without_serials(rows, names)
    rows, under = _marked(rows.filter(any_filled(names)), names)
    notes = [f"sheet '{sheet}' of a workbook"]
    if top:
        notes.append(f"{counted(top, 'row')} above the header left out")
    if lost:
        notes.append(f"{counted(len(lost), 'column')} without a name left out")
    notes += [f"numbers in '{name}' taken as days of Excel" for name in dated]
    if under:
        notes.append(under)
    schema = dict.fromkeys(names, pl.String())
    kept = rows.lazy() if origin else rows.lazy().drop(ROW)
    marks = (FOOT,) if under else ()
    return Part(file.name, kept, schema, tuple(notes), renamed, marks=marks)


def _opened(file: File) -> ExcelReader:
    if find_spec("fastexcel") is None:
        raise InputError(
            f"'{file.name}' is an Excel workbook, which fastexcel reads; it is not installed.",
            "Install it: pip install 'retainkit[excel]', or save the sheet as CSV.",
        )
    import fastexcel  # here, as no other format needs it

    try:
        return fastexcel.read_excel(str(file.path))
    except (fastexcel.FastExcelError, OSError) as error:
        raise _damaged(file) from error


def _damaged(file: File) -> InputError:
    return InputError(
        f"'{file.name}' is an Excel workbook that cannot be read: it is damaged or encrypted.",
        "Save it anew without a password, or its sheet as CSV.",
    )


def _sheet(file: File, book: ExcelReader, wanted: str | None) -> tuple[str, pl.DataFrame]:
    """Return the name and the cells of the sheet to read."""
    names = book.sheet_names
    if wanted is not None and wanted not in names:
        listed = ", ".join(f"'{name}'" for name in names)
        raise UsageError(
            f"--sheet: '{file.name}' has no sheet '{wanted}'.{nearest(wanted, names)}",
            f"It has {listed}.",
        )
    found = {name: _cells(file, book, name) for name in ([wanted] if wanted else names)}
    filled = {name: cells for name, cells in found.items() if cells.height}
    if len(filled) > 1:
        listed = ", ".join(
            f"'{name}' ({counted(cells.height, 'row')})" for name, cells in filled.items()
        )
        raise InputError(
            f"'{file.name}' is a workbook with {len(filled)} sheets: {listed}.",
            "Say which one with --sheet NAME.",
        )
    if not filled:
        raise InputError(f"'{file.name}' is a workbook with nothing in it.", "Export it again.")
    return next(iter(filled.items()))


def _cells(file: File, book: ExcelReader, name: str) -> pl.DataFrame:
    """Return the cells of a sheet as text, columns "0", "1" …; blank ones and rows at the end null.

    Its first row is the first one of the sheet.
    """
    from fastexcel import FastExcelError

    try:
        sheet = book.load_sheet(
            name, header_row=None, skip_rows=0, dtypes="string", whitespace_as_null=True
        )
        cells = sheet.to_polars()
    except FastExcelError as error:
        raise _damaged(file) from error
    cells = cells.rename({old: f"{i}" for i, old in enumerate(cells.columns)})
    filled = cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
    return cells.head(int(filled[-1]) + 1 if len(filled) else 0)


def _marked(rows: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, str]:
    """Return rows with FOOT, if lines of text stand under them, and what to note of these."""
    last = [
        [cell or "" for cell in row] for row in rows.select(names).tail(LOOKED_UNDER).iter_rows()
    ]
    found = sorted(footers(last, len(names)))
    if not found:
        return rows, ""
    places = pl.Series(found) + rows.height - len(last)
    foot = pl.int_range(pl.len()).is_in(places.implode()).alias(FOOT)
    lines = counted(len(found), "row")
    first = rows[ROW][places[0]] + 1
    return rows.with_columns(foot), f"{lines} of text under the table refused (first row {first:,})"


def _without_end(titles: Sequence[str]) -> list[str]:
    """Return titles without the empty ones after the last."""
    last = max((i for i, title in enumerate(titles) if title), default=-1)
    return list(titles[: last + 1])


def _without_serials(rows: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Return rows with times in place of Excel's numbers of days, and the columns that had them.

    Only of columns that go by the name of a time, where every cell is such a number: a date that
    is formatted as one is read as one anyway.
    """
    times = {fold(alias) for role in _TIMES for alias in ALIASES[role]}
    dated = []
    for name in names:
        days = rows[name].cast(pl.Float64, strict=False)
        told = days.null_count() == rows[name].null_count() < rows.height
        if fold(name) in times and told and days.drop_nulls().is_between(*_SERIALS).all():
            moments = (days * 86_400).round(0).cast(pl.Int64) * 1_000_000 + _EPOCH
            rows = rows.with_columns(
                moments.cast(pl.Datetime("us")).dt.to_string("%Y-%m-%d %H:%M:%S").alias(name)
            )
            dated.append(name)
    return rows, dated
