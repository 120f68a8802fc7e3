"""Which column would play which role, and what stands in the way: nothing here fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from retainkit.errors import RefusedError, RetainkitError
from retainkit.schema import ALIASES, FLAGS, Mapped, Role, fold, missing_roles
from retainkit.sources import SourceOptions, Table
from retainkit.sources.expressions import Scope
from retainkit.sources.mapping import choose, column_or_sql
from retainkit.sources.roles import add_roles

REQUIRED: tuple[Role, ...] = ("member", "time")
EVENT_ROLES: tuple[Role, ...] = (*REQUIRED, "event", "amount", "order")
MEMBER_ROLES: tuple[Role, ...] = ("member", "joined", "left")


@dataclass(frozen=True)
class Casting:
    """A role: what plays it, or why nothing does.

    columns: those that what plays it is made of. candidates: those that go by one of its names.
    fault: why nothing plays it though it is needed or claimed, or why it cannot be read.
    """

    role: Role
    mapped: Mapped | None
    columns: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    fault: RetainkitError | None = None

    @property
    def plays(self) -> bool:
        """Whether the role is played and can be read."""
        return self.mapped is not None and self.fault is None

    @property
    def source(self) -> str | None:
        """The column or expression that plays the role, if it can be read."""
        return self.mapped.source if self.mapped is not None and self.plays else None

    @property
    def blocks(self) -> bool:
        """Whether no metric can be computed before this is settled."""
        return self.role in REQUIRED and not self.plays


def cast_roles(
    header: Sequence[str],
    options: SourceOptions,
    roles: Sequence[Role],
    table: str = "The source",
) -> dict[Role, Casting]:
    """Return who plays each role, going by flags and names alone."""
    return {role: _cast(role, header, options, table) for role in roles}


def cast_members(
    header: Sequence[str], options: SourceOptions, events_id: Casting
) -> dict[Role, Casting]:
    """Return who plays the roles of the member table; the id is called as in the events if so."""
    called = next((name for name in (options.member_col, events_id.source) if name in header), None)
    options = replace(options, member_col=called)
    castings = cast_roles(header, options, MEMBER_ROLES, "The member table")
    if called is not None:
        mapped = Mapped(called, "called as in the events")
        castings["member"] = replace(castings["member"], mapped=mapped)
    return castings


def probe(casting: Casting, table: Table, options: SourceOptions) -> Casting:
    """Return `casting` with the fault that reading its column shows, if there is one."""
    if casting.mapped is None or casting.fault is not None:
        return casting
    try:
        read_role(casting.role, casting.mapped, table, options)
    except RefusedError:
        raise
    except RetainkitError as fault:
        return replace(casting, fault=fault)
    return casting


def read_role(role: Role, mapped: Mapped, table: Table, options: SourceOptions) -> Scope:
    """Return the raw rows with what `add_roles` adds for one role."""
    with table.reading():
        scope = Scope(table.rows, table.sample(), files=table.files)
        return add_roles(scope, {role: mapped}, table.header, options, [])


def why(column: str, castings: Mapping[Role, Casting]) -> tuple[str | None, str | None]:
    """Return the roles that `column` plays, and why it plays them or might."""
    roles: list[str] = []
    reasons: list[str] = []
    for role, casting in castings.items():
        if casting.mapped is not None and column in casting.columns:
            roles.append(role)
            reasons.append("cannot be read" if casting.fault else casting.mapped.why)
        elif casting.mapped is None and column in casting.candidates:
            reasons.append(f"could be {role}, 1 of {len(casting.candidates)}")
    return ", ".join(roles) or None, "; ".join(dict.fromkeys(reasons)) or None


def _cast(role: Role, header: Sequence[str], options: SourceOptions, table: str) -> Casting:
    known = {fold(alias) for alias in ALIASES[role]}
    candidates = tuple(name for name in header if fold(name) in known)
    try:
        flag = getattr(options, f"{role}_col")
        mapped = choose(header, {role: False}, {role: flag}, table).get(role)
    except RetainkitError as fault:
        return Casting(role, None, (), candidates, fault)
    if mapped is None:
        missing = missing_roles([role], header, table) if role in REQUIRED else None
        return Casting(role, None, (), candidates, missing)
    return Casting(role, mapped, _columns(role, mapped.source, header), candidates)


def _columns(role: Role, source: str, header: Sequence[str]) -> tuple[str, ...]:
    if source in header:
        return (source,)
    return tuple(column_or_sql(FLAGS[role], source, header).meta.root_names())
