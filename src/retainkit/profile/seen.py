"""All that was seen of a source; `tables` and `notes` say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from retainkit.profile.columns import Columns
from retainkit.profile.roles import Casting
from retainkit.profile.usage import Usage
from retainkit.schema import Role


@dataclass(frozen=True)
class Seen:
    """Files, columns as they are, the roles they play, what the rows mean, and the member table.

    castings are those of `usage` and what else was found; what hangs on a role that is not
    played is unknown.
    """

    files: Sequence[str]
    columns: Columns
    castings: Mapping[Role, Casting]
    usage: Usage
    amount_notes: Sequence[str] = ()
    member_columns: Columns | None = None
    member_castings: Mapping[Role, Casting] = field(default_factory=dict)
