"""Ids that stand for nobody: what systems and people write where there is no member."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from unicodedata import normalize

import polars as pl

NO_UUID = "00000000-0000-0000-0000-000000000000"
# Ids that mean "nobody", in any case and width; 0 in an integer column means it too.
NO_ID = (
    *("", "-", "--", "0", "0.0", "null", "(null)", "none", "nan", "nil", "undefined", "unknown"),
    *("n/a", "#n/a", "\\n", "anonymous", "guest", NO_UUID),
    *("游客", "遊客", "访客", "訪客", "匿名", "匿名用户", "未登录", "未知", "无"),
)
MUCH = 0.05  # of all rows with one member: more than a person does
_FEW, _SMALL = 20, 100  # members and rows up to which much is said of nobody
_WIDE = "\uff00"  # full-width letters, digits and signs come from here on
_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Nobody:
    """The ids of nobody: small letters, of usual width."""

    words: frozenset[str]

    @classmethod
    def of(cls, more: Iterable[str] = ()) -> Self:
        """Return the usual ones and those that a user adds."""
        return cls(frozenset({*NO_ID, *(folded(word) for word in more)}))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Those that an integer column can hold."""
        return (0, *sorted(int(word) for word in self.words if _INTEGER.fullmatch(word)))

    @cached_property
    def longest(self) -> int:
        """How many bytes the longest ASCII word has, the UUID apart."""
        return max(len(word) for word in self.words - {NO_UUID} if word.isascii())

    @cached_property
    def _cased(self) -> int:
        """How many bytes the longest word has that may be written in capitals."""
        return max(len(word.encode()) for word in self.words if word.upper() != word)

    @cached_property
    def _exact(self) -> list[str]:
        whole = (f"{number}.0" for number in self.numbers)
        return sorted({*self.words, *(word.upper() for word in self.words), *whole})

    def among(self, ids: pl.Series) -> pl.Series:
        """Return which ids are nobody's."""
        found = in_any_case(ids, self._exact, self.words, self._cased)
        rows = (ids >= _WIDE).arg_true()
        if len(rows):
            plain = ids.gather(rows).str.normalize("NFKC").str.to_lowercase()
            found = found.scatter(rows, plain.is_in(self.words))
        return found


def in_any_case(
    ids: pl.Series, written: Collection[str], words: Collection[str], longest: int
) -> pl.Series:
    """Return which ids are among some words.

    written: these as they are written most. words: in small letters. longest: how many bytes the
    longest has that can be written in capitals.
    """
    found = ids.is_in(written)
    # Few ids begin with a letter and are so short: only those are looked at in any case.
    rows = ((ids >= "A") & (ids.str.len_bytes() <= longest)).arg_true()
    if len(rows):
        found = found.scatter(rows, ids.gather(rows).str.to_lowercase().is_in(words))
    return found


def busy_notes(busy: int, theirs: int, rows: int, members: int) -> list[str]:
    """Return what to say of `busy` members with more than MUCH of all rows each: never an id.

    theirs: how many rows these have.
    """
    if not busy or members <= _FEW or rows < _SMALL:
        return []
    who = "One id has" if busy == 1 else f"{busy} ids, each with over {MUCH:.0%}, have"
    advice = "a guest account, a test, a till? --nobody leaves an id out."
    return [f"{who} {theirs / rows:.1%} of all rows: {advice}"]


def folded(id_: str) -> str:
    """Return an id as those of nobody are compared."""
    return normalize("NFKC", id_).strip().lower()
