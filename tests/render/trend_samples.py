"""A report's headline over runs, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from retainkit.results import DataWindow, Result

ZONE = ZoneInfo("Asia/Shanghai")
RUNS = 6
NAMES = ("New members", "Churn rate", "D7 retention")
AS_OF = datetime(2025, 6, 1, tzinfo=ZONE)


def trend(
    names: Sequence[str | None] = NAMES, runs: int = RUNS, *, restated: bool = True
) -> Result:
    """Return a count and shares by month; D7 was not known once, and new members were restated."""
    rows = [
        _row(name, number, run, restated)
        for number, name in enumerate(names)
        for run in range(runs)
    ]
    main = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("as_of").cast(pl.Datetime("us", "Asia/Shanghai"))
    )
    data = DataWindow(1_234, 560, None, None, AS_OF, "Asia/Shanghai")
    definition = "The headline of each run kept; restated: a run before told another value."
    return Result("trend", definition, {"history": "runs"}, data, {"main": main})


def _row(name: str | None, number: int, run: int, restated: bool) -> dict[str, object]:
    month = date(2025 + run // 12, run % 12 + 1, 1)
    unknown = number == 2 and run == 2
    share = None if unknown else 0.31 + 0.01 * ((run * 7 + number) % 5)
    return {
        "name": name,
        "unit": "share" if number else "count",
        "as_of": datetime(month.year, month.month, 1, tzinfo=ZONE),
        "period": "" if number == 2 else month.isoformat(),
        "value": share if number else 1_200.0 + 10 * run,
        "low": share - 0.03 if number and share is not None else None,
        "high": share + 0.04 if number and share is not None else None,
        "n": None if unknown or not number else 940 + run,
        "restated": restated and number == 0 and run == 3,
    }
