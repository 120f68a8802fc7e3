"""What a run is made of, on whichever engine."""

from __future__ import annotations

from dataclasses import dataclass

from retainkit.engine.journal import Journal
from retainkit.engine.options import EngineOptions
from retainkit.periods import Calendar
from retainkit.sources import SourceOptions
from retainkit.sources.stream import Progress


@dataclass(frozen=True)
class Worker:
    """How a run reads, computes and tells. partitions: of members, if stated.

    excel_safe: whether rosters and refused rows are defused for spreadsheets.
    """

    options: SourceOptions
    calendar: Calendar
    engine: EngineOptions
    journal: Journal
    partitions: int | None = None
    progress: Progress | None = None
    excel_safe: bool = False
