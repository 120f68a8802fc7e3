"""Results made by hand (and a fixed seed): plausible triangles, hostile names, nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from retainkit.results import DataWindow, Result

HOSTILE = (
    "私域社群",
    "[red]sale[/red]",
    "</script><img src=x>",
    "a|b`c`",
    "=1+1",
    "evil\x1b[31m\u202eknil\u200b\nend",
    None,
)
COHORT_PARAMS: Mapping[str, object] = {
    "period": "month",
    "mode": "on",
    "clock": "calendar",
    "brackets": None,
    "cohorts": "first",
    "min_occurrences": 1,
    "measure": "members",
    "start_event": None,
    "return_event": None,
    "by": (),
    "lookback": None,
    "horizon": 12,
    "confidence": 0.95,
}
DEFINITION = (
    "Members by the month of their first event; of each cohort, the share with an event in the "
    "calendar month that many months later."
)
RETAIL = DataWindow(
    rows=397_924,
    members=4_339,
    first=datetime(2010, 12, 1, 8, 26, tzinfo=UTC),
    last=datetime(2011, 12, 9, 12, 50, tzinfo=UTC),
    as_of=datetime(2011, 12, 10, tzinfo=UTC),
    tz="UTC",
    refused={"no member": 135_080},
    left_out={"--where": 8_905},
)
NOTES = (
    "member is column CustomerID, time is column InvoiceDate",
    "the export may begin after members did: the first cohorts may not be new members; "
    "--lookback 30d drops those already seen",
)


def wilson(returned: int, size: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the score interval (Wilson 1927)."""
    if size == 0:
        return 0.0, 1.0
    p = returned / size
    middle = p + z * z / (2 * size)
    reach = z * sqrt(p * (1 - p) / size + z * z / (4 * size * size))
    below = 1 + z * z / size
    return max((middle - reach) / below, 0.0), min((middle + reach) / below, 1.0)


def months(count: int, start: int = 2010 * 12 + 11) -> list[date]:
    return [date(m // 12, m % 12 + 1, 1) for m in range(start, start + count)]


def triangle(
    cohorts: Sequence[date | datetime], *, seed: int = 7, people: int = 420, horizon: int = 12
) -> list[dict[str, object]]:
    """Return cohort rows of a shop that loses most early and the rest slowly; the last is open."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for number, start in enumerate(cohorts):
        size = int(rng.poisson(people * (1 - 0.6 * number / len(cohorts)))) + 1
        for age in range(min(len(cohorts) - number, horizon + 1)):
            complete = number + age < len(cohorts) - 1
            rate = (0.16 + 0.24 * 0.75**age) * rng.uniform(0.75, 1.25) * (1 if complete else 0.35)
            returned = size if age == 0 else int(rng.binomial(size, rate))
            low, high = wilson(returned, size)
            rows.append(
                {"cohort": start, "age": age, "size": size, "returned": returned}
                | {"rate": returned / size, "ci_low": low, "ci_high": high, "complete": complete}
            )
    return rows


def pooled(main: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Return the pooled table of a triangle: sums over complete cells, by age."""
    sums = (
        main.filter("complete")
        .group_by(*by, "age", maintain_order=True)
        .agg(cohorts=pl.len(), size=pl.col("size").sum(), returned=pl.col("returned").sum())
        .with_columns(rate=pl.col("returned") / pl.col("size"))
    )
    ends = [wilson(row["returned"], row["size"]) for row in sums.iter_rows(named=True)]
    return sums.with_columns(
        pl.Series("ci_low", [low for low, _ in ends], dtype=pl.Float64),
        pl.Series("ci_high", [high for _, high in ends], dtype=pl.Float64),
    )


def result(main: pl.DataFrame, by: Sequence[str] = (), **params: object) -> Result:
    tables = {"main": main, "pooled": pooled(main, by)}
    params = {**COHORT_PARAMS, "by": tuple(by), **params}
    return Result("cohort", DEFINITION, params, RETAIL, tables, NOTES)


def plain_cohort() -> Result:
    return result(pl.DataFrame(triangle(months(13))))


def weekly_cohort() -> Result:
    weeks = [date(2024, 1, 1) + timedelta(weeks=n) for n in range(70)]
    return result(pl.DataFrame(triangle(weeks, people=5_000)), period="week")


def hourly_cohort() -> Result:
    """Hours of a night on which Berlin sets its clocks back: 02:00 comes twice."""
    start = datetime(2024, 10, 26, 23, tzinfo=UTC)
    hours = [start + timedelta(hours=n) for n in range(4)]
    frame = pl.DataFrame(triangle(hours)).with_columns(
        pl.col("cohort").cast(pl.Datetime("us", "UTC")).dt.convert_time_zone("Europe/Berlin")
    )
    return result(frame, period="hour")


def bracket_cohort() -> Result:
    names = {1: "1-3", 2: "4-7", 3: "8-14"}
    rows = [{**r, "age": names[r["age"]]} for r in triangle(months(6)) if r["age"] in names]
    return result(pl.DataFrame(rows), brackets=tuple(names.values()))


def segment_cohort(names: Sequence[str | None] = HOSTILE) -> Result:
    rows = [
        {"channel": name, **row}
        for seed, name in enumerate(names)
        for row in triangle(months(5), seed=seed, people=90 + 40 * (seed % 5))
    ]
    return result(pl.DataFrame(rows, infer_schema_length=None), ["channel"])


def amount_cohort() -> Result:
    main = pl.DataFrame(triangle(months(7))).with_columns(
        value=pl.col("returned") * (412.5 + 3_000 * (pl.col("age") % 3))
    )
    main = main.with_columns(value_per_member=pl.col("value") / pl.col("size"))
    sums = (
        main.filter("complete")
        .group_by("age", maintain_order=True)
        .agg(pl.col("value").sum(), value_per_member=pl.col("value").sum() / pl.col("size").sum())
    )
    made = result(main, measure="amount")
    tables = {"main": main, "pooled": made.table("pooled").join(sums, on="age")}
    return Result(made.command, made.definition, made.params, made.data, tables, made.notes)


def empty_cohort() -> Result:
    main = pl.DataFrame(triangle(months(2))).clear()
    data = DataWindow(0, 0, None, None, None, "Asia/Shanghai")
    tables = {"main": main, "pooled": pooled(main)}
    return Result("cohort", DEFINITION, COHORT_PARAMS, data, tables, ("the export has no rows",))


def retention(names: Sequence[str | None] = ()) -> Result:
    """Headline days by segment if there are `names`; nobody has lived through day 90."""
    rows: list[dict[str, object]] = []
    rates = {"on": 0.21, "within": 0.38, "on-or-after": 0.47}
    for shift, name in enumerate(names or [None]):
        for day in (1, 7, 30, 90):
            for mode, share in rates.items():
                mature = 0 if day == 90 else (4_339 - 31 * day) // (1 + shift)
                returned = int(mature * share / (1 + day / 15))
                low, high = wilson(returned, mature) if mature else (None, None)
                rate = returned / mature if mature else None
                rows.append(
                    ({"channel": name} if names else {})
                    | {"day": day, "mode": mode, "members": 4_339, "mature": mature}
                    | {"returned": returned, "rate": rate, "ci_low": low, "ci_high": high}
                )
    params = {"days": (1, 7, 30, 90), "cohort": None, "by": ("channel",) if names else ()}
    definition = "Of the members whose day N is over, the share active on, within or after it."
    main = pl.DataFrame(rows, infer_schema_length=None)
    return Result("retention", definition, {**params, "confidence": 0.95}, RETAIL, {"main": main})


def timed() -> Result:
    """A command without a view of its own, with every type a table has, and odd numbers."""
    shanghai = ZoneInfo("Asia/Shanghai")
    main = pl.DataFrame(
        {
            "name": ["=cmd", "-2+3", "plain", None],
            "day": [date(2024, 2, 29), None, date(1999, 12, 31), date(2024, 1, 1)],
            "at": [datetime(2024, 2, 29, 8, 30, tzinfo=shanghai), None, None, None],
            "share": [0.1 + 0.2, float("nan"), float("inf"), 1e-7],
            "rows": [1, 2_000_000, None, 0],
            "kept": [True, False, None, True],
        },
        schema_overrides={"at": pl.Datetime("us", "Asia/Shanghai")},
    )
    tables = {"main": main, "more": main.head(1)}
    params = {"since": date(2024, 1, 1), "days": (1, 7), "by": (), "where": "a > 'é'"}
    return Result("stock", "What is there.", params, RETAIL, tables)


def made() -> dict[str, Result]:
    """Every sample, by what it is called in a test's id."""
    from check_samples import check
    from churn_samples import churn, empty_churn  # which imports from here
    from orders_samples import ltv, nobody, orders, rfm
    from renewals_samples import renewals, without_a_model
    from trend_samples import trend

    return {
        "churn": churn(),
        "churn by segment": churn(HOSTILE, people=200),
        "churn by leaving": churn(["one"], "leave", people=200),
        "churn of nobody": empty_churn(),
        "cohort": plain_cohort(),
        "weekly": weekly_cohort(),
        "hourly": hourly_cohort(),
        "brackets": bracket_cohort(),
        "segments": segment_cohort(),
        "amount": amount_cohort(),
        "empty": empty_cohort(),
        "retention": retention(),
        "retention by segment": retention(HOSTILE),
        "orders": orders(),
        "orders by segment": orders(HOSTILE),
        "orders of nobody": nobody(),
        "rfm": rfm(compare_to="2024-04-01"),
        "rfm by segment": rfm(HOSTILE),
        "ltv": ltv(),
        "ltv by segment": ltv(HOSTILE),
        "renewals": renewals(holdout=3),
        "renewals by segment": renewals(HOSTILE),
        "renewals without a model": without_a_model(),
        "check": check(),
        "check by segment": check(HOSTILE),
        "trend": trend(),
        "trend of hostile names": trend(HOSTILE),
        "plain": timed(),
    }
