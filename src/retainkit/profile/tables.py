"""The tidy tables of `inspect`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from retainkit.periods import Calendar
from retainkit.profile import days as daily
from retainkit.profile.columns import Columns
from retainkit.profile.people import compared
from retainkit.profile.roles import Casting, why
from retainkit.profile.seen import Seen
from retainkit.profile.usage import Usage
from retainkit.schema import Role

EXACT = "equal in every column"
SAME_EVENT = "same member, time and event"
SAME_TIME = "same member and time"

_ROLES = {
    "role": pl.String(),
    "source": pl.String(),
    "why": pl.String(),
    "fault": pl.String(),
    "candidates": pl.String(),
}


def of(seen: Seen, top: int, calendar: Calendar) -> dict[str, pl.DataFrame]:
    """Return the tables of the Result; those about a member table only where there is one."""
    tables = {
        "main": _columns(seen.columns, seen.castings),
        "roles": _roles(seen.castings),
        "events": _events(seen.usage, top, calendar),
        "days": _days(seen.usage),
        "refused": _refused(seen.usage),
        "duplicates": _duplicates(seen),
        "files": _files(seen),
    }
    if seen.member_columns is not None:
        tables["member_columns"] = _columns(seen.member_columns, seen.member_castings)
    if seen.usage.table is not None and seen.usage.plays("member"):
        people = seen.usage.members.table()
        if not seen.usage.plays("time"):
            people = people.with_columns(first=pl.lit(None, pl.Int64))
        tables["members"] = compared(people, seen.usage.table, calendar)
    return tables


def _columns(columns: Columns, castings: Mapping[Role, Casting]) -> pl.DataFrame:
    reasons = [why(name, castings) for name in columns.table["column"]]
    return columns.table.select(
        "column",
        "dtype",
        pl.Series("role", [role for role, _ in reasons], pl.String),
        pl.Series("why", [reason for _, reason in reasons], pl.String),
        "nulls",
        "distinct",
        "shapes",
    )


def _roles(castings: Mapping[Role, Casting]) -> pl.DataFrame:
    rows = [
        (
            role,
            casting.mapped.source if casting.mapped else None,
            casting.mapped.why if casting.mapped else None,
            casting.fault.message if casting.fault else None,
            ", ".join(casting.candidates) or None,
        )
        for role, casting in castings.items()
    ]
    return pl.DataFrame(rows, schema=_ROLES, orient="row")


def _events(usage: Usage, top: int, calendar: Calendar) -> pl.DataFrame:
    counts = usage.events.table().join(usage.event_reach.table(), on="event", nulls_equal=True)
    if not usage.plays("event"):
        counts = counts.clear()

    def moment(us: str) -> pl.Expr:
        zoned = pl.col(us).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(calendar.tz)
        return zoned if usage.plays("time") else pl.lit(None, pl.Datetime("us", calendar.tz))

    return (
        counts.sort("rows", "event", descending=[True, False])
        .select(
            "event",
            "rows",
            members=pl.col("members") if usage.plays("member") else pl.lit(None, pl.Int64),
            share=pl.col("rows") / usage.rows,
            first=moment("first"),
            last=moment("last"),
        )
        .head(top)
    )


def _days(usage: Usage) -> pl.DataFrame:
    if not usage.plays("time"):
        return pl.DataFrame(schema=daily.SCHEMA)
    days = usage.days.table()
    if not days.height:
        return pl.DataFrame(schema=daily.SCHEMA)
    table = daily.flagged(days.join(usage.day_reach.table(), on="day"))
    if not usage.plays("member"):
        table = table.with_columns(members=pl.lit(None, pl.Int64))
    return table


def _refused(usage: Usage) -> pl.DataFrame:
    rows = list(usage.refused.items())
    return pl.DataFrame(rows, schema={"reason": pl.String(), "rows": pl.Int64()}, orient="row")


def _duplicates(seen: Seen) -> pl.DataFrame:
    """Return rows that repeat an earlier one; estimated where there are too many to keep."""
    kinds = [(EXACT, seen.columns.repeats)]
    if seen.usage.plays("member", "time"):
        kind = SAME_EVENT if seen.usage.plays("event") else SAME_TIME
        kinds.append((kind, seen.usage.repeats))
    return pl.DataFrame(
        [(kind, repeats.rows(), not repeats.exact) for kind, repeats in kinds],
        schema={"kind": pl.String(), "rows": pl.Int64(), "estimated": pl.Boolean()},
        orient="row",
    )


def _files(seen: Seen) -> pl.DataFrame:
    """Return what was read, with its size where it is a file that can be looked up."""
    sizes = [Path(file).stat().st_size if Path(file).is_file() else None for file in seen.files]
    return pl.DataFrame(
        {"file": seen.files, "bytes": sizes}, schema={"file": pl.String(), "bytes": pl.Int64()}
    )
