"""Member and order ids: kept as written, told from what systems write where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
import polars as pl

from retainkit.errors import InputError
from retainkit.sources import totals
from retainkit.sources.dtypes import EXACT, number_text
from retainkit.sources.nobody import NO_UUID, Nobody
from retainkit.sources.options import SourceOptions
from retainkit.wording import counted

# What is trimmed around ids: blanks of any kind, and characters that cannot be seen.
_AROUND = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
    + "".join(map(chr, range(0x2000, 0x200B)))
)
# Rows from which on a look at all characters at once pays for importing PyArrow.
_MANY = 1 << 20
_ARROW = Lock()
_FLOAT_TEXT = r"^(?:0|[1-9][0-9]*)\.0$"
BY_FORM = "only by full-width characters or the like: --normalize-ids makes them one."
_LOST = (
    "digits were lost before retainkit read them; have ids written as text where they come from."
)
_ROUNDED = r"^[0-9](?:\.[0-9]+)?[eE]\+[0-9]+$"


@dataclass(frozen=True)
class Ids:
    """A read id column: String or Int64, null where there is no id."""

    expr: pl.Expr
    notes: tuple[str, ...] = ()


def learn_ids(
    name: str,
    frame: pl.LazyFrame,
    sample: pl.Series,
    title: str,
    options: SourceOptions | None = None,
) -> Ids:
    """Return how the id column `name` of `frame` is read.

    Integer columns stay integers; float columns of whole numbers become integers; all else is
    text. Raises InputError for a column that cannot hold ids (lists, durations).
    """
    column, dtype = pl.col(name), sample.dtype
    options = options or SourceOptions()
    tidier = Tidier(Nobody.of(options.nobody), options.normalize_ids)
    if dtype == pl.String:
        return _texts(column, frame, sample, title, tidier)
    if dtype.is_integer():
        return _integers(column, frame, sample, title, tidier)
    if dtype.is_float() or dtype.is_decimal():
        return _fractions(column, frame, dtype, title, tidier)
    if dtype.is_nested() or dtype in (pl.Object, pl.Duration):
        raise InputError(
            f"The column '{title}' holds {dtype}, which is no id.",
            "Name another, or write a SQL expression that gives one.",
        )
    text = column.bin.encode("hex") if dtype == pl.Binary else column.cast(pl.String)
    return Ids(tidier.tidied(text))


def _texts(
    column: pl.Expr, frame: pl.LazyFrame, sample: pl.Series, title: str, tidier: Tidier
) -> Ids:
    ids, written = tidier.tidy(sample).drop_nulls(), tidier.tidied(column)
    read = _numbers_as_text(ids, written, frame, title)
    apart = forms_apart(ids)
    if not apart:
        return read
    same = counted(apart, "id differs", "ids differ")
    note = f"'{title}': among the first rows {same} from another one {BY_FORM}"
    return Ids(read.expr, (*read.notes, note))


def forms_apart(ids: pl.Series) -> int:
    """Return how many ids are another one in other forms of the same characters."""
    known = ids.unique()
    wide = known.filter(known.str.len_bytes() != known.str.len_chars())
    if not len(wide):
        return 0
    return len(known) - pl.concat([known, wide]).str.normalize("NFKC").n_unique()


def _numbers_as_text(ids: pl.Series, written: pl.Expr, frame: pl.LazyFrame, title: str) -> Ids:
    if ids.str.contains(_FLOAT_TEXT).all():
        floats = written.str.contains(_FLOAT_TEXT)
        if _ask(frame, floats.all() & floats.any()):
            note = f"'{title}' is written like 17850.0 throughout: read as 17850."
            return Ids(written.str.strip_suffix(".0"), (note,))
    if ids.str.contains(_FLOAT_TEXT).any():
        note = f"'{title}' has ids like 17850.0 among others: all are kept as written."
        return Ids(written, (note,))
    if ids.str.contains(_ROUNDED).any():
        note = f"'{title}' has ids like 1.23E+11: {_LOST}"
        return Ids(written, (note,))
    if _rounded(ids):
        return Ids(written, (_nought_note(title),))
    return Ids(written)


def _integers(
    column: pl.Expr, frame: pl.LazyFrame, sample: pl.Series, title: str, tidier: Tidier
) -> Ids:
    dtype = sample.dtype
    fits = column.cast(pl.Int64, strict=False).is_not_null() | column.is_null()
    notes = (_nought_note(title),) if _rounded(sample) else ()
    if dtype in (pl.UInt64, pl.Int128, pl.UInt128) and not _ask(frame, fits.all()):
        return Ids(tidier.tidied(column.cast(pl.String)), notes)
    return Ids(tidier.somebody(column.cast(pl.Int64)), notes)


def _fractions(
    column: pl.Expr, frame: pl.LazyFrame, dtype: pl.DataType, title: str, tidier: Tidier
) -> Ids:
    """Read ids from a column of floats (as pandas makes it where ids are missing) or decimals."""
    number = column.cast(pl.Float64)
    whole = (number == number.round()) & (number.abs() < EXACT)
    if _ask(frame, (whole | ~number.is_finite()).all()):
        ids = pl.when(number.is_finite()).then(number).cast(pl.Int64)
        note = f"'{title}' has decimal numbers that are all whole: read as integers."
        return Ids(tidier.somebody(ids), (note,))
    if _ask(frame, ((number == number.round()) | ~number.is_finite()).all()):
        note = f"'{title}' has decimal numbers beyond 2^53: {_LOST}"
    else:
        note = f"'{title}' has decimal numbers: not all are whole, and digits may have been lost."
    return Ids(tidier.tidied(number_text(column, dtype)), (note,))


def _nought_note(title: str) -> str:
    return f"'{title}' has long ids that all end in noughts after 15 digits: {_LOST}"


def _rounded(ids: pl.Series) -> bool:
    """Return whether long numbers end in noughts from the 16th digit on: a spreadsheet keeps 15.

    Not by chance: it would be one in a million at most.
    """
    long = ids.unique().cast(pl.String).str.extract(r"^[1-9][0-9]{14}([0-9]+)$").drop_nulls()
    beyond = int(long.str.len_bytes().sum())
    return len(long) > 1 and beyond >= 6 and bool((long.str.strip_chars("0") == "").all())


def _ask(frame: pl.LazyFrame, question: pl.Expr) -> bool:
    """Return the answer about a whole column; one pass over what it reads."""
    return bool(frame.select(question).collect(engine="streaming").item())


class Tidier:
    """Tidies ids; in a long column a batch is first looked at for whether there is anything to do.

    nobody: whose ids become null. normalize: whether full-width characters become the usual ones.
    """

    def __init__(self, nobody: Nobody, normalize: bool) -> None:
        self._nobody = nobody
        self._normalize = normalize
        self._rows = 0
        self._longest = max(nobody.longest, totals.LONGEST)

    def tidied(self, text: pl.Expr) -> pl.Expr:
        """Return text ids as `tidy` has them."""
        return text.map_batches(self, return_dtype=pl.String, is_elementwise=True)

    def somebody(self, ids: pl.Expr) -> pl.Expr:
        """Return integer ids, null for nobody's."""
        nobody = [ids == number for number in self._nobody.numbers]
        return pl.when(~pl.any_horizontal(nobody)).then(ids)

    def __call__(self, text: pl.Series) -> pl.Series:
        """Return a batch as `tidy` has it."""
        self._rows += len(text)
        if self._rows <= _MANY or not _is_plain(text):
            return self.tidy(text)
        sizes = text.str.len_bytes()
        shortest = sizes.min()
        if not isinstance(shortest, int) or shortest <= self._longest:
            return self._somebody(text)
        none = (sizes == len(NO_UUID)).any() and (text == NO_UUID).any()
        return self._somebody(text) if none else text

    def tidy(self, text: pl.Series) -> pl.Series:
        """Return ids without blanks and Excel's ="…" around them; null where there is none.

        On whole batches, so that the rare spellings cost nothing where there are none.
        """
        ids = (text.str.normalize("NFKC") if self._normalize else text).str.strip_chars(_AROUND)
        if ids.str.starts_with('="').any():
            inner = ids.str.extract(r'^="(.*)"$', 1).str.strip_chars(_AROUND)
            ids = inner.zip_with(inner.is_not_null(), ids)
        return self._somebody(ids)

    def _somebody(self, ids: pl.Series) -> pl.Series:
        nobody = self._nobody.among(ids) | totals.among(ids)
        return ids.set(nobody, None) if nobody.any() else ids


def _is_plain(text: pl.Series) -> bool:
    """Return whether all characters are ASCII, and none a blank or a quote."""
    with _ARROW:  # two threads must not do it at once
        _find_arrow()
    # Arrow lays the characters of all ids out one after the other: two passes see them all.
    codes = np.frombuffer(text.to_arrow().buffers()[2] or b"", np.uint8)
    return bool(len(codes) and codes.min() > ord('"') and codes.max() <= ord("~"))


@cache
def _find_arrow() -> None:
    """Have Polars look for Arrow."""
    pl.Series(["a"]).to_arrow()
