"""The members of the events, and of the member table where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from retainkit.periods import Calendar
from retainkit.sources.ids import BY_FORM, forms_apart
from retainkit.sources.nobody import MUCH
from retainkit.wording import counted


def member_notes(members: pl.DataFrame) -> Iterator[str]:
    """Yield what is odd about the members that `Counts` found: never an id."""
    total, most = members.select(pl.col("rows").sum(), most=pl.col("rows").max()).row(0)
    if members.height * MUCH > 1 and most > MUCH * total:
        yield f"One member has {most / total:.1%} of all rows: a guest account, a test, a till?"
    if members.schema["member"] == pl.String:
        folded = members["member"].str.to_lowercase().n_unique()
        if same := members.height - folded:
            yield f"{counted(same, 'id differs', 'ids differ')} from another one only by case."
        if apart := forms_apart(members["member"]):
            yield f"{counted(apart, 'id differs', 'ids differ')} from another one {BY_FORM}"


def compared(seen: pl.DataFrame, table: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return members by where they are: in both, only in the member table, only in the events.

    seen: members of the events (member, rows, first). joined, left: how many have such a time;
    joined_first … left_last: the earliest and latest.
    """
    known = table.join(seen.select("member"), on="member", how="semi")
    silent = table.join(seen.select("member"), on="member", how="anti")
    strangers = seen.join(table.select("member"), on="member", how="anti").select(
        "member", joined=pl.lit(None, pl.Int64), left=pl.lit(None, pl.Int64)
    )
    kinds = {
        "in both": known,
        "only in the member table": silent,
        "only in the events": strangers,
    }
    return pl.concat([_row(kind, frame, calendar) for kind, frame in kinds.items()])


def table_notes(seen: pl.DataFrame, table: pl.DataFrame) -> Iterator[str]:
    """Yield what is odd about the two together."""
    both = seen.join(table, on="member")
    early = both.filter(pl.col("first") < pl.col("joined")).height
    if early:
        yield f"{counted(early, 'member has', 'members have')} events before joining."
    backwards = table.filter(pl.col("left") < pl.col("joined")).height
    if backwards:
        yield f"{counted(backwards, 'member')} left before joining."


def _row(kind: str, frame: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    def moments(us: pl.Expr) -> pl.Expr:
        return us.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(calendar.tz)

    return frame.select(
        kind=pl.lit(kind),
        members=pl.len().cast(pl.Int64),
        joined=pl.col("joined").count().cast(pl.Int64),
        joined_first=moments(pl.col("joined").min()),
        joined_last=moments(pl.col("joined").max()),
        left=pl.col("left").count().cast(pl.Int64),
        left_first=moments(pl.col("left").min()),
        left_last=moments(pl.col("left").max()),
    )
