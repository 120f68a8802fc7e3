"""What of a report is compared: shares out of its tables, by value of a column and over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import polars as pl

from retainkit.metrics.churn.taxonomy import UNKNOWN
from retainkit.metrics.cohort import period_at_age
from retainkit.reporting.compared import Told, changes, levels, over_time, shares_of_all
from retainkit.reporting.contents import Part, cohort_of
from retainkit.reporting.counts import Counts, counts_of
from retainkit.reporting.exposure import exposed
from retainkit.results import Result

Kind = Literal["day", "age", "node", "active", "left", "reason", "again", "joins"]
Test = Literal["level", "change", "over time"]


@dataclass(frozen=True, eq=False)
class Measure:
    """One share that is compared. what: its day, its steps, its category.

    section: the part whose tables have it. column: whose values are compared; None: all members,
    over time. good: whether more is better. unit: the period that its time is counted in.
    """

    kind: Kind
    what: tuple[str, ...]
    section: str
    column: str | None
    counts: Counts
    tests: tuple[Test, ...]
    unit: str
    good: bool = True

    def told(self, test: Test, counts: Counts | None = None) -> list[Told]:
        """Return the comparisons of one test, by default of all that there are."""
        counts = self.counts if counts is None else counts
        if test == "level":
            return levels(counts, good=self.good)
        if test == "change":
            return changes(counts, dependent=self.kind == "active")
        return over_time(shares_of_all(counts) if self.kind == "joins" else counts)

    def cost(self, told: Told) -> float:
        """Return how many members a comparison tells to be lost, or, below 0, won."""
        return -told.more if self.good else told.more

    @property
    def same(self) -> tuple[Kind, tuple[str, ...]]:
        """What it has in common with the same share of other columns."""
        return self.kind, self.what


def measures(parts: Sequence[Part], results: Mapping[str, Result], period: str) -> list[Measure]:
    """Return everything that is compared; period: of cohorts and trends."""
    days = cohort_of(period)
    found = list(_of_all(results, period, days))
    for column in dict.fromkeys(part.by for part in parts if part.by is not None):
        found += _of_column(column, results, period, days)
    return found


def _of_all(results: Mapping[str, Result], period: str, days: str) -> Iterator[Measure]:
    """Yield the shares of all members over time."""
    asked = results["cohorts"].params
    if asked["mode"] == "on" and asked["cohorts"] == "first" and not asked["brackets"]:
        counts = _ages(results["cohorts"], None)
        yield Measure("age", (), "cohorts", None, counts, ("over time",), period)
    for day, counts in _days(results["days_by_cohort"], None):
        yield Measure("day", (day,), "days_by_cohort", None, counts, ("over time",), days)
    if "first_attempts" in results:
        rows = results["first_attempts"].tables["trend"]
        for steps, counts in _nodes(rows.filter("complete"), None):
            yield Measure("node", steps, "first_attempts", None, counts, ("over time",), period)


def _of_column(
    column: str, results: Mapping[str, Result], period: str, days: str
) -> Iterator[Measure]:
    """Yield what is compared between the values of a column."""
    both: tuple[Test, ...] = ("level", "change")

    def named(part: str) -> Result | None:
        return results.get(f"{part}_{column}")

    for day, counts in _days(results[f"days_by_cohort_{column}"], column):
        yield Measure("day", (day,), f"segments_{column}", column, counts, ("level",), days)
    cohorts = results[f"cohorts_{column}"]
    section = f"cohorts_{column}"
    yield Measure("age", (), section, column, _ages(cohorts, column), both, period)
    yield Measure("joins", (), section, column, _sizes(cohorts), ("over time",), period)
    active = _active(results[f"active_{column}"], period)
    yield Measure("active", (), f"active_{column}", column, active, ("change",), period)
    if (funnel := named("funnel")) is not None:
        for steps, counts in _nodes(funnel.tables["trend"], column):
            yield Measure("node", steps, f"funnel_{column}", column, counts, both, period)
    if (orders := named("orders")) is not None:
        for within, counts in _again(orders):
            section = f"orders_{column}"
            yield Measure("again", (within,), section, column, counts, ("level",), period)
    if (left := named("left")) is not None:
        yield from _left(left, f"left_{column}", column, period)


def _of(table: pl.DataFrame, column: str | None) -> str | None:
    """Return what the column of values is called in a table: it comes first."""
    return None if column is None else table.columns[0]


def _days(result: Result, column: str | None) -> Iterator[tuple[str, Counts]]:
    """Yield each day with who came back on it, of whom, by cohort."""
    table = result.main
    for day in table["day"].unique().sort().to_list():
        rows = table.filter(pl.col("day") == day)
        if column is None:
            rows = rows.filter(pl.col("mature") == pl.col("members"))
        value = _of(table, column)
        counts = counts_of(
            rows, "returned", "mature", value=value, within=("cohort",), period="cohort"
        )
        yield f"{day:,}", counts


def _ages(result: Result, column: str | None) -> Counts:
    """Return who came back in the period after the first, by cohort."""
    rows = result.main.filter(pl.col("age") == 1, "complete")
    value = _of(rows, column)
    return counts_of(rows, "returned", "size", value=value, within=("cohort",), period="cohort")


def _sizes(result: Result) -> Counts:
    """Return how many started in each period that is over."""
    rows = result.main.filter(pl.col("age") == 0, "complete")
    value = rows.columns[0]
    return counts_of(rows, "size", "size", value=value, within=("cohort",), period="cohort")


def _active(result: Result, period: str) -> Counts:
    """Return who came in each period, of those who started before it, by cohort."""
    cells = result.main.filter(pl.col("age") > 0, "complete")
    value = cells.columns[0]
    dated = cells.with_columns(__came=period_at_age(period))
    within = ("__came", "cohort")
    return counts_of(dated, "returned", "size", value=value, within=within, period="__came")


def _nodes(table: pl.DataFrame, column: str | None) -> Iterator[tuple[tuple[str, str], Counts]]:
    """Yield each step, and the one before it, with who came to it, by the period of the start."""
    value = _of(table, column)
    keys = ["period"] if value is None else [value, "period"]
    before = pl.col("members").shift(1).over(keys, order_by="step")
    rows = table.with_columns(came_from=before)
    events = table.select("step", "event").unique().sort("step").rows()
    for (_, start), (step, event) in pairwise(events):
        of_step = rows.filter(pl.col("step") == step)
        counts = counts_of(
            of_step, "members", "came_from", value=value, within=("period",), period="period"
        )
        yield (start, event), counts


def _again(result: Result) -> Iterator[tuple[str, Counts]]:
    """Yield each number of days with who bought again within it."""
    table = result.main
    for days in table["days"].unique().sort().to_list():
        rows = table.filter(pl.col("days") == days)
        yield f"{days:,}", counts_of(rows, "repurchased", "mature", value=table.columns[0])


def _left(result: Result, section: str, column: str, period: str) -> Iterator[Measure]:
    """Yield who left, by age, and the reasons that were given, by period."""
    survival = result.tables["survival"]
    if not survival.height:
        return
    told = survival.select(survival.columns[0], "churned", "members").rows()
    members = {value: (float(churned), float(size)) for value, churned, size in told}
    rows = exposed(result)
    counts = counts_of(
        rows, "churned", "exposed", value=rows.columns[0], within=("age",), members=members
    )
    yield Measure("left", (), section, column, counts, ("level",), period, good=False)
    for category, each in _reasons(result.tables["reasons_over_time"]):
        yield Measure("reason", (category,), section, column, each, ("level",), period, good=False)


def _reasons(table: pl.DataFrame) -> Iterator[tuple[str, Counts]]:
    """Yield each category of reasons with who named it, of those who left, by period."""
    value = table.columns[0]
    whole = pl.col("members").sum().over(value, "period")
    rows = table.with_columns(leavers=whole)
    for category in rows["category"].unique().sort().to_list():
        named = pl.when(pl.col("category") == category).then("members").otherwise(0).sum()
        each = rows.group_by(value, "period", maintain_order=True).agg(
            named=named, leavers=pl.col("leavers").first()
        )
        if category != UNKNOWN:
            yield (
                category,
                counts_of(
                    each, "named", "leavers", value=value, within=("period",), period="period"
                ),
            )
