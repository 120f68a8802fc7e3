"""What stands around a table in a file: lines above its header, lines under its rows.

Both are told by few cells and by words, and never where a row of data could be meant: a row that
is taken for a line of text is lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields

from retainkit.schema import ALIASES, fold
from retainkit.sources.blocks import is_number_or_date
from retainkit.sources.options import SourceOptions
from retainkit.sources.totals import is_total

LOOKED_AT = 50  # rows in which the header is looked for
LOOKED_UNDER = 20  # rows at the end, of which some may be no rows
_KNOWN = frozenset(fold(alias) for aliases in ALIASES.values() for alias in aliases)
_STEADY = 0.8
# The first line, as Excel writes it.
_DIRECTIVE = re.compile(r'"?sep=([^\w"\r\n])"?\s*', re.IGNORECASE)

# Dates with names of months, addresses of mail, UUIDs: no names of columns.
_VALUE = re.compile(
    r"""
      \d{1,2} [-/.\ ]? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) [a-z]* [-/.,\ ]* \d{2,4} .*
    | [^@\s]+ @ [^@\s]+ \. [a-z]+
    | [0-9a-f]{8} (-? [0-9a-f]{4}){3} -? [0-9a-f]{12}
    """,
    re.IGNORECASE | re.VERBOSE,
)

# What a line under a table begins with, where one cell is all it has.
_UNDER = re.compile(
    r"""
      (--|==|\*\*|\#|__|~~|//)
    | (eof|end)$
    | [(（【\[]? \s* (共|total|count)? \s* :? \s* \d[\d,]* \s*
      (rows?|records?|lines?|条|條|行|笔|筆)(?!\w)
    | (end\ of|exported|generated|printed|created\ (on|by|at)|downloaded)(?!\w)
    | (total|number\ of|row|record)s?\ (rows|records|lines|count)(?!\w)
    | (导出|導出|打印|列印|制表|製表|生成|统计|統計|报表|報表|数据来源|截至|截止|备注|備註)
    | (共|第|总|總|合计|合計)\s*\d+\s*(条|條|行|笔|筆|页|頁|个|個)
    | (总|總)?(行|条|條|记录|記錄|笔|筆)(总|總)?(数|數)
    | [^\W\d]+ (\ [^\W\d]+){0,3} \s* ( ： | :(?=\s|$) | (?<=[\u4e00-\u9fff]): )
    """,
    re.IGNORECASE | re.VERBOSE,
)
# What stands in the first of two cells that are a label and its value.
_LABEL = re.compile(
    r"""
      [^:：]+ [:：]
    | (导出|導出|打印|列印|制表|製表|生成|统计|統計|下载|下載) (时间|時間|日期|人|人员|人員)
    | (total|number\ of|row|record)s?\ (rows|records|lines|count)
    | (总|總)?(行|条|條|记录|記錄|笔|筆)(总|總)?(数|數)
    | (exported|generated|printed|created)(\ (at|on|by))?
    """,
    re.IGNORECASE | re.VERBOSE,
)


def header_row(
    rows: Sequence[Sequence[str]], said: Collection[str] = (), *, even: bool = False
) -> int:
    """Return which of the first rows of a table is its header, the first where nothing tells.

    It is the row with the most names that columns are known by, or that are `said`; where none is
    said, rows above it have fewer cells, or numbers and dates. Without such names it is a row of
    words as wide as those below, where all above have less than half of its cells. even: rows are
    all of one width, as those of a sheet, so that without names it is the first of the widest.
    """
    rows = rows[:LOOKED_AT]
    named = [known_names(row, said) for row in rows]
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    most = max(named, default=0)
    if most:
        top = named.index(most)
        sure = most > 1 or not _has_values(rows[top])
        above = any(cell.strip() in said for cell in rows[top]) or all(
            filled[i] < filled[top] or _has_values(rows[i]) for i in range(top)
        )
        return top if sure and above else 0
    if even:
        return filled.index(max(filled, default=0)) if filled else 0
    return next((i for i in range(1, len(rows)) if _stands_out(rows, filled, i)), 0)


def known_names(row: Sequence[str], said: Collection[str] = ()) -> int:
    """Return how many cells are names that columns are known by, or that are `said`."""
    return sum(fold(cell) in _KNOWN or cell.strip() in said for cell in row)


def has_no_header(first: Sequence[str], said: Collection[str]) -> bool:
    """Return whether the first row has values, as a date is one, and no name that is known."""
    values = _has_values(first) or any(_VALUE.fullmatch(cell.strip()) for cell in first)
    return values and not known_names(first, said)


def said_columns(options: SourceOptions) -> frozenset[str]:
    """Return the words that may be columns in the options that name one, or compute with some."""
    texts = [
        getattr(options, field.name) or ""
        for field in fields(options)
        if field.name.endswith("_col") or field.name == "dedupe"
    ]
    words = (re.findall(r"\w+", re.sub(r"'[^']*'", "", text)) for text in texts)
    return frozenset({*filter(None, texts), *(word for found in words for word in found)})


def separator_named(line: str) -> str | None:
    """Return the separator that the first line of a file names (`sep=;`), if it does that."""
    found = _DIRECTIVE.fullmatch(line)
    return found[1] if found is not None and found[1].isascii() else None


def footers(rows: Sequence[Sequence[str]], width: int) -> Iterator[int]:
    """Yield, from the last, which of the last rows of a table are lines of text under it.

    width: cells of its header. Lines of totals may stand among them: these are told by their ids.
    """
    for i in reversed(range(len(rows))):
        cells = [cell.strip() for cell in rows[i]]
        filled = [cell for cell in cells if cell]
        if not filled:
            continue
        if is_total(filled[0]):
            continue
        if width < 2 or not cells[0] or not _is_footer(filled):
            return
        yield i


def _is_footer(filled: Sequence[str]) -> bool:
    if len(filled) == 1:
        return _UNDER.match(filled[0]) is not None
    return len(filled) == 2 and _LABEL.fullmatch(filled[0]) is not None


def _has_values(row: Sequence[str]) -> bool:
    """Return whether a row has numbers or dates."""
    return any(is_number_or_date(cell.strip()) for cell in row)


def _stands_out(rows: Sequence[Sequence[str]], filled: Sequence[int], top: int) -> bool:
    """Return whether a row is the header of those below, and those above are none."""
    if _has_values(rows[top]) or any(2 * cells >= filled[top] for cells in filled[:top]):
        return False
    below = rows[top + 1 :]
    alike = sum(filled[top] <= 2 * len(row) and len(row) <= len(rows[top]) for row in below)
    return bool(below) and alike >= _STEADY * len(below)
