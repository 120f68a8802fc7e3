"""What became of every row: used, refused (it cannot be read) or left out (it was not asked for).

The law: rows read = rows used + rows refused + rows left out, each row by one reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.parts import named
from retainkit.sources.rejects import RejectsFile

NO_MEMBER = "no member"
NO_TIME = "no time"
TOTAL = "total line"
BAD_TIME = "unreadable time"
ZERO_DATE = "zero date"
BAD_AMOUNT = "unreadable amount"
LONG_ROW = "long row"
FOOTER = "footer"
MIXED_OFFSETS = "offsets mixed"
MIXED_EPOCHS = "epoch units mixed"
WHERE = "--where"
REPEAT = "repeat"
BEFORE_SINCE = "before --since"
AFTER_UNTIL = "at or after --until"
AFTER_AS_OF = "at or after --as-of"

REFUSED = (LONG_ROW, FOOTER, TOTAL, NO_MEMBER, NO_TIME, BAD_TIME, ZERO_DATE, BAD_AMOUNT)
LEFT_OUT = (WHERE, BEFORE_SINCE, AFTER_UNTIL, AFTER_AS_OF, REPEAT)

# Reasons that end the run: every number would hang on a guess.
_FATAL = (MIXED_OFFSETS, MIXED_EPOCHS)

FATE = pl.Enum([*REFUSED, *LEFT_OUT, *_FATAL])


class MixedError(InputError):
    """Times of one column are written in ways that cannot both be meant; `reason` says in which."""

    def __init__(self, reason: str, place: str, title: str, flag: str, row: int | None) -> None:
        first = "" if row is None else f" (row {row:,} is the first to differ)"
        if reason == MIXED_OFFSETS:
            super().__init__(
                f"{place} has times with a UTC offset and times without one{first}.",
                "Say what those without mean: --naive-tz UTC, --naive-tz Asia/Shanghai …",
            )
        else:
            super().__init__(
                f"{place} has epochs of several magnitudes: seconds, milliseconds …{first}.",
                one_unit(title, flag),
            )
        self.reason = reason


def fatal(
    reason: str,
    title: str,
    files: Sequence[str] = (),
    flag: str = "--time-col",
    row: int | None = None,
) -> MixedError:
    """Return the error for a reason that ends the run.

    title, files, flag: what the column is called, where it is, and what names it. row: the first
    one that is unlike those before, of the only file.
    """
    return MixedError(reason, placed(title, files), title, flag, row)


def placed(title: str, files: Sequence[str]) -> str:
    """Return what a message calls a column of some files."""
    return f"'{title}' of {named(files)}" if files else f"'{title}'"


def one_unit(title: str, flag: str) -> str:
    """Return how epochs of several units are brought to one."""
    column = title if title.isidentifier() else '\\"' + title.replace('"', '""') + '\\"'
    cases = f"CASE WHEN {column} > 100000000000 THEN {column} / 1000 ELSE {column} END"
    return f'Bring them to one unit, e.g. {flag} "{cases}".'


def fates_of(events: pl.DataFrame) -> dict[str, int]:
    """Return how many events have which fate, those that have one."""
    return dict(events["fate"].drop_nulls().value_counts().iter_rows())


class Quality:
    """Counts what became of rows, batch by batch; a context manager.

    max_rejects: the share of rows read, 0 to 1, that may be refused. rejects: a .csv, .ndjson or
    .parquet file for the refused rows (file, row, reason and the columns as read), written whole
    by `finish` or not at all; leaving the context without `finish` leaves nothing behind.
    excel_safe: whether its text is defused for spreadsheets. sources, time: the files read, and
    what their time column is called.
    """

    def __init__(
        self,
        max_rejects: float = 0.5,
        rejects: str | None = None,
        sources: Sequence[str] = (),
        *,
        excel_safe: bool = False,
        time: str = "time",
    ) -> None:
        self._sources, self._time = sources, time
        self._max_rejects = max_rejects
        self._fates: Counter[str] = Counter()
        self._rows = 0
        self._file = RejectsFile(rejects, sources, excel_safe) if rejects is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.discard()

    def add(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Count a batch of events and return its used rows, without the bookkeeping columns.

        Raises InputError where a row shows that the whole column cannot be trusted.
        """
        fate = batch["fate"]
        kept = batch.drop("fate", "__file", "__row", "__raw", strict=False)
        self.count(len(batch), fates_of(batch))
        if self._file is not None:
            self._file.write(batch.filter(fate.is_in(REFUSED)))
        return kept.filter(fate.is_null()) if fate.null_count() < len(fate) else kept

    def count(self, rows: int, fates: Mapping[str, int]) -> None:
        """Count rows, and by reason those with a fate; raises InputError as `add` does."""
        self._rows += rows
        self._fates.update(fates)
        for reason in _FATAL:
            if reason in self._fates:
                raise fatal(reason, self._time, self._sources)

    def finish(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return refused and left-out rows by reason, once the rejects file is in its place.

        Raises InputError where more rows than `max_rejects` were refused; the rejects file is
        there to look at even then.
        """
        refused, left_out = (
            {reason: self._fates[reason] for reason in reasons if self._fates[reason]}
            for reasons in (REFUSED, LEFT_OUT)
        )
        if self._file is not None:
            self._file.finish()
        count = sum(refused.values())
        if count > self._max_rejects * self._rows:
            raise self._too_many(refused, count)
        return refused, left_out

    def _too_many(self, refused: dict[str, int], count: int) -> InputError:
        reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in refused.items())
        look = (
            "They are in the --rejects file" if self._file else "Look at them with --rejects FILE"
        )
        return InputError(
            f"{count:,} of {self._rows:,} rows cannot be used ({reasons}), more than the "
            f"{self._max_rejects:.0%} that --max-rejects allows.",
            f"{look}; accept more with --max-rejects 1.",
        )
