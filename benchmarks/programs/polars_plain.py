"""Answer with Polars as one would write it: `python polars_plain.py cohort|retention PATH`."""

import sys

import polars as pl
from polars_source import scanned

AGES = 12
DAYS = (1, 7, 30)


def cohort(events: pl.LazyFrame) -> pl.DataFrame:
    active = events.select("user_id", week=pl.col("event_time").dt.truncate("1w")).unique()
    starts = active.group_by("user_id").agg(cohort=pl.col("week").min())
    age = (pl.col("week") - pl.col("cohort")).dt.total_days() // 7
    return (
        active.join(starts, on="user_id")
        .group_by("cohort", age=age)
        .agg(returned=pl.len())
        .filter(pl.col("age") <= AGES)
        .sort("cohort", "age")
        .collect(engine="streaming")
    )


def retention(events: pl.LazyFrame) -> pl.DataFrame:
    active = events.select("user_id", day=pl.col("event_time").dt.date()).unique()
    starts = active.group_by("user_id").agg(start=pl.col("day").min())
    age = (pl.col("day") - pl.col("start")).dt.total_days()
    members = (
        active.join(starts, on="user_id")
        .with_columns(age=age)
        .group_by("user_id")
        .agg(
            pl.col("start").first(),
            pl.col("age").max().alias("last"),
            pl.col("age").filter(pl.col("age") > 0).min().alias("next"),
            *((pl.col("age") == day).any().alias(f"on_{day}") for day in DAYS),
        )
        .collect(engine="streaming")
    )
    newest = (pl.col("start") + pl.duration(days="last")).max()
    lived = (newest - pl.col("start")).dt.total_days()
    tables = []
    for day in DAYS:
        returned = {
            "on": pl.col(f"on_{day}"),
            "within": pl.col("next") <= day,
            "on-or-after": pl.col("last") >= day,
        }
        for mode, came in returned.items():
            mature = lived >= day
            counts = {"mature": mature.sum(), "returned": (came & mature).sum()}
            row = members.select(members=pl.len(), **counts)
            tables.append(
                row.select(pl.lit(day).alias("day"), pl.lit(mode).alias("mode"), pl.all())
            )
    return pl.concat(tables)


question, path = sys.argv[1:]
events = scanned(path)
if path.endswith(".csv"):  # several times faster than times parsed by scan_csv
    time = pl.col("event_time").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", cache=False)
    events = events.with_columns(event_time=time)
print({"cohort": cohort, "retention": retention}[question](events).write_csv(), end="")
