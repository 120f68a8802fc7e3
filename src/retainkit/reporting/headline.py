"""The numbers at the top: of the last period that is over, beside the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from retainkit.reporting.contents import ORDER_DAYS
from retainkit.reporting.model import Headline
from retainkit.results import Result
from retainkit.stats.differences import newcombe

PARTS = ("lifecycle", "days_by_cohort", "orders")  # that it is made of

Row = Mapping[str, Any]


def headline(results: Mapping[str, Result], confidence: float) -> tuple[Headline, ...]:
    """Return the headline of a report; results: those of its parts, by name."""
    told = [*_lifecycle(results["lifecycle"], confidence), *_days(results, confidence)]
    if "orders" in results:
        told += _orders(results["orders"], confidence)
    return tuple(told)


def _lifecycle(result: Result, confidence: float) -> Iterator[Headline]:
    rows = [row for row in result.main.iter_rows(named=True) if row["complete"]]
    now, before = _last_two(rows)
    for name, column in (("New members", "new"), ("Active members", "active")):
        yield _count(name, "lifecycle", column, now, before)
    yield _share(
        "Churn rate", "lifecycle", ("churned", "previous"), ("period", now, before), confidence
    )


def _days(results: Mapping[str, Result], confidence: float) -> Iterator[Headline]:
    """Yield D1, D7 and D30 of the last cohort that is old enough."""
    rows = list(results["days_by_cohort"].main.iter_rows(named=True))
    for day in sorted({row["day"] for row in rows}):
        over = [row for row in rows if row["day"] == day and row["mature"] == row["members"]]
        cells = ("cohort", *_last_two(over))
        yield _share(
            f"D{day} retention", "days_by_cohort", ("returned", "mature"), cells, confidence
        )


def _orders(result: Result, confidence: float) -> Iterator[Headline]:
    """Yield first orders and repurchase within 30 days, of all who are old enough.

    Repurchase from period to period has one before it; these, of all time, have not.
    """
    for name, table, part in (
        (f"First order within {ORDER_DAYS} days", "first_order", "converted"),
        (f"Repurchase within {ORDER_DAYS} days", "main", "repurchased"),
    ):
        rows = result.tables[table].filter(days=ORDER_DAYS)
        cells = ("days", *_last_two(list(rows.iter_rows(named=True))))
        told = _share(name, "orders", (part, "mature"), cells, confidence)
        if told.value != 1:  # else all started with an order: nothing earlier is known of them
            yield _of_all_time(told)
    periods = result.tables["periods"].iter_rows(named=True)
    cells = ("period", *_last_two([row for row in periods if row["complete"]]))
    counts = ("repurchased", "previous_buyers")
    yield _share("Bought again the period after", "orders", counts, cells, confidence)


def _of_all_time(told: Headline) -> Headline:
    return Headline(
        name=told.name,
        unit=told.unit,
        section=told.section,
        value=told.value,
        n=told.n,
        low=told.low,
        high=told.high,
    )


def _last_two(rows: Sequence[Row]) -> tuple[Row | None, Row | None]:
    """Return the last row and the one before it, None where there is none."""
    return (rows[-1] if rows else None, rows[-2] if len(rows) > 1 else None)


def _count(name: str, section: str, column: str, now: Row | None, before: Row | None) -> Headline:
    value, was = (None if row is None else row[column] for row in (now, before))
    return Headline(
        name=name,
        unit="count",
        section=section,
        value=value,
        period=_when(now, "period"),
        before=was,
        before_period=_when(before, "period"),
        change=None if value is None or was is None else value - was,
    )


def _share(
    name: str,
    section: str,
    counts: tuple[str, str],
    cells: tuple[str, Row | None, Row | None],
    confidence: float,
) -> Headline:
    """Return a share; counts: the columns it is of; cells: the column of periods, and the rows."""
    (part, whole), (time, now, before) = counts, cells
    value, n = _value(now, part, whole)
    was, n_before = _value(before, part, whole)
    ends: tuple[float | None, ...] = (None, None)
    told = value is not None and was is not None
    if told and now is not None and before is not None and n and n_before:
        found = newcombe(now[part], n, before[part], n_before, confidence)
        ends = float(found[1]), float(found[2])
    return Headline(
        name=name,
        unit="share",
        section=section,
        value=value,
        n=n,
        low=None if now is None else now["ci_low"],
        high=None if now is None else now["ci_high"],
        period=_when(now, time),
        before=was,
        before_period=_when(before, time),
        change=None if value is None or was is None else value - was,
        change_low=ends[0],
        change_high=ends[1],
    )


def _value(row: Row | None, part: str, whole: str) -> tuple[float | None, int | None]:
    if row is None or not row[whole]:
        return None, None
    return (None if row[part] is None else row[part] / row[whole]), row[whole]


def _when(row: Row | None, column: str) -> str:
    moment = None if row is None else row[column]
    return moment.isoformat() if isinstance(moment, date) else ""
