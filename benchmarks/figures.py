"""What experiments on reliability saw, as JSON: each piece says what was tried and what broke."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Piece:
    """One run of an experiment.

    experiment: its name in `reliability.py`. tried: how many times; broke: how many of these did
    not keep the promise. seconds: that it took. seed: of what was drawn, "" where nothing was.
    told: what else a reader has to know. day: when it was.
    """

    experiment: str
    tried: int
    broke: int
    seconds: float
    seed: str = ""
    told: str = ""
    day: str = field(default_factory=lambda: date.today().isoformat())


def save(path: Path, pieces: Sequence[Piece]) -> None:
    """Write what was seen, a line for each piece."""
    told = ({**asdict(each), "seconds": round(each.seconds, 1)} for each in pieces)
    lines = (json.dumps(each, ensure_ascii=False) for each in told)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def load(path: Path) -> list[Piece]:
    """Return what was seen; nothing where there is no such file."""
    if not path.exists():
        return []
    return [Piece(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
