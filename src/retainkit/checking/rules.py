"""A rule: which number of which metric, and what it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from retainkit.checking.bounds import Bound, Change
from retainkit.checking.shape import Shape, Value
from retainkit.engine import Request

Decide = Literal["point", "confident"]
Severity = Literal["error", "warn"]

LATEST, EACH, WORST = "latest", "each", "worst"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that was held against the metric's shape.

    name: what it is called. metric: how it names the metric. request: the metric with its params.
    cell: the values of the table's keys, or EACH. at: LATEST, EACH, or the date of a period.
    segments: for columns of --by a value, EACH or WORST. min_members: below it the rule is
    undecided. baseline: a saved result, for a Change that has no `previous`.
    """

    name: str
    metric: str
    request: Request
    table: str
    shape: Shape
    value: str
    cell: Mapping[str, object]
    at: str
    segments: Mapping[str, str]
    bound: Bound
    decide: Decide = "point"
    min_members: int = 30
    severity: Severity = "error"
    owner: str | None = None
    message: str | None = None
    baseline: str | None = None
    said: str = ""

    @property
    def number(self) -> Value:
        """What the number is of, and its interval."""
        return self.shape.values[self.value]

    @property
    def changes_from(self) -> int:
        """How many periods before its own a rule looks at."""
        return (self.bound.previous or 0) if isinstance(self.bound, Change) else 0

    @property
    def params(self) -> Any:
        """The metric's params."""
        return self.request.params


@dataclass(frozen=True)
class Definitions:
    """What a settings file says of metrics and rules.

    metrics: by name, their command and params. rules: as they stand there, each with the place it
    stands at. defaults: params of commands, for metrics that are named inline. baseline: what
    changes are measured against that name nothing.
    """

    metrics: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    rules: tuple[tuple[str, Mapping[str, object]], ...] = ()
    defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    baseline: str | None = None
