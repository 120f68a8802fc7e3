"""Member and order ids: kept as written, told from what systems write where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
import polars as pl

from retainkit.errors import InputError
from retainkit.sources.dtypes import EXACT, number_text

_NO_UUID = "00000000-0000-0000-0000-000000000000"
# Ids that mean "nobody", in any case; 0 in an integer column means it too.
NO_ID = (
    *("", "-", "--", "0", "0.0", "null", "none", "nan", "nil", "undefined", "unknown", "n/a"),
    *("\\n", "anonymous", "guest", _NO_UUID),
    *("游客", "匿名", "匿名用户", "未登录", "无"),
)
# What begins the lines under a table that sum it up, in any case, blanks or none, with a colon.
TOTALS = (
    *("total", "totals", "sum", "subtotal", "sub total", "sub-total", "grand total", "grandtotal"),
    *(
        "合计",
        "总计",
        "小计",
        "共计",
        "汇总",
        "总和",
        "合計",
        "總計",
        "小計",
        "共計",
        "彙總",
        "總和",
    ),
)
_COLONS = ("", ":", "：")
_WRITTEN_TOTALS = frozenset(
    f"{case(word)}{blank}{colon}"
    for word in (*TOTALS, *(" ".join(word) for word in TOTALS if not word.isascii()))
    for case in (str.lower, str.upper, str.title, str.capitalize)
    for colon in _COLONS
    for blank in ("", " ")
)
_NOBODY = [*NO_ID, *_WRITTEN_TOTALS]
_LONGEST = max(len(word) for word in NO_ID if word.isalpha() and word.isascii())
_LONGEST_PLAIN = max(len(word) for word in _NOBODY if word.isascii() and " " not in word[:-1])
# Rows from which on a look at all characters at once pays for importing PyArrow.
_MANY = 1 << 20
_ARROW = Lock()
_FLOAT_TEXT = r"^(?:0|[1-9][0-9]*)\.0$"
_ROUNDED = r"^[0-9](?:\.[0-9]+)?[eE]\+[0-9]+$"


@dataclass(frozen=True)
class Ids:
    """A read id column: String or Int64, null where there is no id."""

    expr: pl.Expr
    notes: tuple[str, ...] = ()


def learn_ids(name: str, frame: pl.LazyFrame, sample: pl.Series, title: str) -> Ids:
    """Return how the id column `name` of `frame` is read.

    Integer columns stay integers; float columns of whole numbers become integers; all else is
    text. Raises InputError for a column that cannot hold ids (lists, durations).
    """
    column, dtype = pl.col(name), sample.dtype
    if dtype == pl.String:
        return _texts(column, frame, sample, title)
    if dtype.is_integer():
        return _integers(column, frame, dtype)
    if dtype.is_float() or dtype.is_decimal():
        return _fractions(column, frame, dtype, title)
    if dtype.is_nested() or dtype in (pl.Object, pl.Duration):
        raise InputError(
            f"The column '{title}' holds {dtype}, which is no id.",
            "Name another, or write a SQL expression that gives one.",
        )
    return Ids(_tidied(column.bin.encode("hex") if dtype == pl.Binary else column.cast(pl.String)))


def _texts(column: pl.Expr, frame: pl.LazyFrame, sample: pl.Series, title: str) -> Ids:
    ids, written = _tidy(sample).drop_nulls(), _tidied(column)
    if ids.str.contains(_FLOAT_TEXT).all():
        floats = written.str.contains(_FLOAT_TEXT)
        if _ask(frame, floats.all() & floats.any()):
            note = f"'{title}' is written like 17850.0 throughout: read as 17850."
            return Ids(written.str.strip_suffix(".0"), (note,))
    if ids.str.contains(_FLOAT_TEXT).any():
        note = f"'{title}' has ids like 17850.0 among others: all are kept as written."
        return Ids(written, (note,))
    if ids.str.contains(_ROUNDED).any():
        note = f"'{title}' has ids like 1.23E+11: digits were lost before retainkit read them."
        return Ids(written, (note,))
    return Ids(written)


def are_totals(texts: pl.Series) -> pl.Series:
    """Return which ids, as written, stand for the sum of other rows: false where there is none."""
    return texts.str.strip_chars(' \t="').str.to_lowercase().is_in(_WRITTEN_TOTALS).fill_null(False)


def total_lines(columns: Sequence[pl.Series]) -> pl.Series:
    """Return which rows sum others up, of the ids as read and the texts they were read from."""
    ids, texts = columns
    total, nobody = ids.is_null() & False, ids.is_null().arg_true()
    return total.scatter(nobody, are_totals(texts.gather(nobody))) if len(nobody) else total


def _integers(column: pl.Expr, frame: pl.LazyFrame, dtype: pl.DataType) -> Ids:
    fits = column.cast(pl.Int64, strict=False).is_not_null() | column.is_null()
    if dtype in (pl.UInt64, pl.Int128, pl.UInt128) and not _ask(frame, fits.all()):
        return Ids(_tidied(column.cast(pl.String)))
    ids = column.cast(pl.Int64)
    return Ids(pl.when(ids != 0).then(ids))


def _fractions(column: pl.Expr, frame: pl.LazyFrame, dtype: pl.DataType, title: str) -> Ids:
    """Read ids from a column of floats (as pandas makes it where ids are missing) or decimals."""
    number = column.cast(pl.Float64)
    whole = (number == number.round()) & (number.abs() < EXACT)
    if _ask(frame, (whole | ~number.is_finite()).all()):
        ids = pl.when(number.is_finite()).then(number).cast(pl.Int64)
        note = f"'{title}' has decimal numbers that are all whole: read as integers."
        return Ids(pl.when(ids != 0).then(ids), (note,))
    note = f"'{title}' has decimal numbers: not all are whole, and digits may have been lost."
    return Ids(_tidied(number_text(column, dtype)), (note,))


def _ask(frame: pl.LazyFrame, question: pl.Expr) -> bool:
    """Return the answer about a whole column; one pass over what it reads."""
    return bool(frame.select(question).collect(engine="streaming").item())


def _tidied(text: pl.Expr) -> pl.Expr:
    return text.map_batches(_Tidier(), return_dtype=pl.String, is_elementwise=True)


class _Tidier:
    """Tidies batches; a long column is first looked at for whether there is anything to tidy."""

    def __init__(self) -> None:
        self._rows = 0

    def __call__(self, text: pl.Series) -> pl.Series:
        self._rows += len(text)
        return text if self._rows > _MANY and _is_plain(text) else _tidy(text)


def _tidy(text: pl.Series) -> pl.Series:
    """Return ids without blanks, tabs and Excel's ="…" around them; null where there is none.

    Lines that sum others up have none. On whole batches, so that the rare spellings cost nothing
    where there are none.
    """
    ids = text.str.strip_chars()
    if ids.str.starts_with('="').any():
        inner = ids.str.extract(r'^="(.*)"$', 1).str.strip_chars()
        ids = inner.zip_with(inner.is_not_null(), ids)
    nobody = ids.is_in(_NOBODY)
    # Few ids begin with a letter and are so short: only those are looked at in any case.
    words = ((ids >= "A") & (ids.str.len_bytes() <= _LONGEST)).arg_true()
    if len(words):
        nobody = nobody.scatter(words, ids.gather(words).str.to_lowercase().is_in(_NOBODY))
    return ids.set(nobody, None) if nobody.any() else ids


def _is_plain(text: pl.Series) -> bool:
    """Return whether no id can need tidying: no blanks or quotes, all longer than a NO_ID."""
    sizes = text.str.len_bytes()
    shortest = sizes.min()
    if not isinstance(shortest, int) or shortest <= _LONGEST_PLAIN:
        return False
    if (sizes == len(_NO_UUID)).any() and (text == _NO_UUID).any():
        return False
    with _ARROW:  # two threads must not do it at once
        _find_arrow()
    # Arrow lays the characters of all ids out one after the other: two passes see them all.
    codes = np.frombuffer(text.to_arrow().buffers()[2], np.uint8)
    return bool(codes.min() > ord('"') and codes.max() <= ord("~"))


@cache
def _find_arrow() -> None:
    """Have Polars look for Arrow."""
    pl.Series(["a"]).to_arrow()
