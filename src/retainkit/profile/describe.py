"""`inspect`: everything that is seen of a source, put together as a Result."""

from __future__ import annotations

from collections.abc import Sequence

from retainkit.periods import Calendar
from retainkit.profile import notes, tables
from retainkit.profile.amounts import read_amounts
from retainkit.profile.columns import read_columns
from retainkit.profile.roles import EVENT_ROLES, Casting, cast_members, cast_roles
from retainkit.profile.seen import Seen
from retainkit.profile.usage import Usage, read_usage
from retainkit.results import DataWindow, Result
from retainkit.schema import Role
from retainkit.sources import Input, SourceOptions, Table, open_export
from retainkit.sources.nobody import Nobody
from retainkit.sources.params import as_of, source_params
from retainkit.sources.stream import Progress

COMMAND = "inspect"
DEFINITION = (
    "What the files hold and how they would be read: columns and the roles they play, events, "
    "rows per day, repeats, and rows that would be refused."
)
TOP = 10


def describe(
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    top: int = TOP,
    progress: Progress | None = None,
    excel_safe: bool = False,
) -> Result:
    """Return what the inputs hold; a mapping that fails is a finding here, not an error.

    top: how many event names `events` has. excel_safe: whether the file of refused rows is defused
    for spreadsheets. Raises InputError for files that cannot be read at
    all, UsageError for options that make no sense.
    """
    calendar = Calendar(options.tz, options.week_start)
    with open_export(inputs, options) as (table, members):
        seen = _see(table, members, options, progress, excel_safe)
    found = tables.of(seen, top, calendar)
    return Result(
        COMMAND,
        DEFINITION,
        params={"top": top, **source_params(inputs, options)},
        data=_window(seen.usage, options, calendar),
        tables=found,
        notes=notes.of(seen, found, options),
    )


def _see(
    table: Table,
    members: Table | None,
    options: SourceOptions,
    progress: Progress | None,
    excel_safe: bool,
) -> Seen:
    castings = cast_roles(table.header, options, EVENT_ROLES)
    columns = read_columns(table, _id_column(castings), progress, Nobody.of(options.nobody))
    usage = read_usage(table, members, options, castings, progress, excel_safe)
    amount, amount_notes = read_amounts(castings["amount"], table, options)
    return Seen(
        files=table.files,
        columns=columns,
        castings={**usage.castings, "amount": amount},
        usage=usage,
        amount_notes=amount_notes,
        member_columns=None if members is None else read_columns(members),
        member_castings={}
        if members is None
        else cast_members(members.header, options, castings["member"]),
    )


def _id_column(castings: dict[Role, Casting]) -> str | None:
    """Return the column with the members' ids, where it is one as it stands."""
    mapped, columns = castings["member"].mapped, castings["member"].columns
    return mapped.source if mapped is not None and mapped.source in columns else None


def _window(usage: Usage, options: SourceOptions, calendar: Calendar) -> DataWindow:
    """Return the data window; without a member or a time, nobody and no time is seen."""
    first, last = usage.span()
    first_time, last_time, end = (
        None if us is None else calendar.aware(us)
        for us in (first, last, as_of(options, last, calendar))
    )
    return DataWindow(
        rows=usage.rows,
        members=usage.members.table().height if usage.plays("member") else 0,
        first=first_time,
        last=last_time,
        as_of=end,
        tz=options.tz,
        refused=usage.refused,
        left_out=usage.left_out,
    )
