"""What fuzzing has found, each fault at the place where it was."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from fuzzing.runner import fuzzed

FAR = 2**63 - 1


def events(times: pl.Series) -> pl.DataFrame:
    """Return an event a time, of one member."""
    return pl.DataFrame({"user_id": ["ann"] * len(times), "event_time": times})


def test_a_long_run_is_told_and_kept(tmp_path: Path) -> None:
    tally = fuzzed(12, 1, 60, ("rules", "steps"), tmp_path)
    assert tally.files == 12
    assert not tally.findings
    assert "| all | 12 |" in "\n".join(tally.table())
