"""What a report holds, before anything is drawn of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from retainkit.reporting.contents import Part
from retainkit.results import DataWindow, Result

Unit = Literal["share", "count"]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """One number of the day, of the last period that is over, and what it was in the one before.

    name: what it is. period, before_period: which periods, as text; empty where it is of all
    time. n: how many members it is of. low, high: its interval. change: value less before, with
    its interval. section: where in the report it comes from.
    """

    name: str
    unit: Unit
    section: str
    value: float | None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    period: str = ""
    before: float | None = None
    before_period: str = ""
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence that a test stands behind.

    section: where its evidence is. kind: which test found it. subject: what it is about, so that
    one thing is told once. p_value: adjusted for all comparisons of the report. members: how many
    it costs (or brings, below 0), by the estimate of the test. evidence: the numbers of the
    sentence, unrounded. also: where the evidence is of what it adds without numbers.
    """

    sentence: str
    section: str
    kind: str
    subject: str
    p_value: float
    members: float | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[str, ...]:
        """Every section that has evidence of it."""
        return (self.section, *self.also)


@dataclass(frozen=True)
class Section:
    """A part of the report. name: its anchor. intro: a sentence above it."""

    name: str
    title: str
    result: Result
    intro: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a report is made of. parts: what becomes its sections; results: of each part."""

    parts: Sequence[Part]
    results: Mapping[str, Result]
    findings: Sequence[Finding]
    compared: int
    verdicts: Result | None
    params: Mapping[str, object]
    notes: Sequence[str]
    meaning: str


@dataclass(frozen=True)
class Report:
    """The whole document.

    compared: how many comparisons the findings are corrected for. meaning: a hash of what the
    numbers of its headline mean, so that those of two runs can be laid beside each other.
    """

    title: str
    data: DataWindow
    headline: tuple[Headline, ...]
    findings: tuple[Finding, ...]
    compared: int
    sections: tuple[Section, ...]
    verdicts: Result | None
    params: Mapping[str, object]
    notes: tuple[str, ...]
    meaning: str = ""
