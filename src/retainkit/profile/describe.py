"""`inspect`: everything that is seen of a source, put together as a Result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import polars as pl

from retainkit.errors import RetainkitError
from retainkit.periods import Calendar
from retainkit.profile import days as daily
from retainkit.profile.amounts import amount_notes
from retainkit.profile.columns import Columns, read_columns
from retainkit.profile.people import compared, member_notes, table_notes
from retainkit.profile.roles import EVENT_ROLES, MEMBER_ROLES, Casting, cast_roles, problems, why
from retainkit.profile.usage import Progress, Usage, read_usage
from retainkit.results import DataWindow, Result
from retainkit.schema import Role
from retainkit.sources import Input, SourceOptions, Table, open_table
from retainkit.sources.params import source_params

COMMAND = "inspect"
DEFINITION = (
    "What the files hold and how they would be read: columns and the roles they play, rows per "
    "day, repeated rows, rows that would be refused. Rates of nothing; no row is left out by it."
)


def describe(
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    top: int = 20,
    progress: Progress | None = None,
) -> Result:
    """Return what the inputs hold; a mapping that fails is a finding here, not an error.

    top: how many event names `events` has. Raises InputError for files that cannot be read at
    all, UsageError for options that make no sense.
    """
    calendar = Calendar(options.tz, options.week_start)
    with ExitStack() as stack:
        table = stack.enter_context(open_table(inputs, options, origin=options.rejects is not None))
        members = None
        if options.members is not None:
            members = stack.enter_context(open_table([options.members], options))
        castings = cast_roles(table.header, options, EVENT_ROLES, "The source")
        columns = read_columns(table, _id_column(castings["member"]), progress)
        usage = read_usage(table, members, options, castings, progress)
        ...
