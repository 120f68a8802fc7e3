"""What a report is made of: the metrics it asks for, by what the data and the settings have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from retainkit.checking.asked import params_of, request_of
from retainkit.choices import DatePeriod, RetentionCohort
from retainkit.engine import Request
from retainkit.errors import UsageError, check_choice, check_kinds, check_once
from retainkit.hashing import check_key
from retainkit.periods import FURTHEST, Calendar
from retainkit.selectors import ORDERS, parse_steps
from retainkit.sources import Input, SourceOptions, open_export
from retainkit.sources.canonical import Wanted, read_events
from retainkit.stats.intervals import quantile

DAYS = (1, 7, 30)
ORDER_DAYS = 30  # of the headline
# What the settings of a command may say and a report says itself.
_OWN = {
    "cohort": ("period",),
    "retention": ("days", "mode", "cohort"),
    "churn": ("definition", "period"),
    "funnel": ("trend",),
    "orders": ("period",),
}
REPEAT_DAYS = (7, 14, 30, 90)  # that repurchase is compared by
MIN_CELL, FEWEST_CELL = 10, 2  # members of a number in a report that is shared: usual, least
_UNEQUAL = (
    "Values are compared within a period: who began in a later one has had less time for the "
    "steps, unless the settings say a window."
)
FIRST_WINDOW = "7d"  # of first attempts, unless the settings say one
# Ages one by one, each member in one cohort: what tests of two shares ask for.
_PLAIN: Mapping[str, object] = {"mode": "on", "cohorts": "first", "brackets": []}


@dataclass(frozen=True, kw_only=True)
class ReportParams:
    """What a report can be asked.

    by: columns whose values are compared. steps: of the funnel. period: of cohorts and trends.
    fdr: the false discovery rate of the findings. share_safe: whether it is made to be given away;
    min_cell: then the fewest members that a number is told of, 10 by default; hash_key: where the
    key is for columns that hold ids.
    """

    by: tuple[str, ...] = ()
    steps: str | None = None
    period: DatePeriod = "month"
    title: str = "Retention report"
    fdr: float = 0.05
    confidence: float = 0.95
    share_safe: bool = False
    min_cell: int | None = None
    hash_key: str | None = None

    @property
    def least(self) -> int:
        """The fewest members that a number is told of."""
        return MIN_CELL if self.min_cell is None else self.min_cell

    def __post_init__(self) -> None:
        check_kinds(self)
        check_once("--by", self.by)
        check_choice("--period", self.period, get_args(DatePeriod))
        quantile(self.confidence)
        if not 0 < self.fdr < 1:
            raise UsageError(f"--fdr: {self.fdr} does not lie between 0 and 1, e.g. 0.05.")
        if self.steps is not None:
            parse_steps(self.steps)
        self._check_sharing()

    def _check_sharing(self) -> None:
        for flag, value in (("--min-cell", self.min_cell), ("--hash-key", self.hash_key)):
            if value is not None and not self.share_safe:
                raise UsageError(f"{flag} is for a report that is --share-safe, and this is not.")
        if self.least < FEWEST_CELL:
            raise UsageError(f"--min-cell: at least {FEWEST_CELL}; {MIN_CELL} is usual.")
        if self.hash_key is not None:
            check_key(self.hash_key)


@dataclass(frozen=True)
class Part:
    """One metric of the report. name: the section's anchor. by: the column compared, if any.

    hidden: it becomes a section only where a finding stands on it. intro: a sentence above it.
    """

    name: str
    title: str
    request: Request
    by: str | None = None
    hidden: bool = False
    intro: str = ""


def parts(
    params: ReportParams, roles: Collection[str], defaults: Mapping[str, Mapping[str, object]]
) -> list[Part]:
    """Return what a report asks for.

    roles: which columns there are, as of `roles_of`. defaults: params that the settings say for
    commands.
    """

    def asked(command: str, **own: object) -> Request:
        return request_of(
            command, {**_said(command, defaults), "confidence": params.confidence, **own}
        )

    told = [
        Part("cohorts", "Who came back", asked("cohort", period=params.period, by=[])),
        Part("days", "The first days", asked("retention", days=list(DAYS), mode="on", by=[])),
        Part(
            "days_by_cohort",
            "The first days, cohort by cohort",
            asked("retention", **_cohorts(params)),
            hidden=True,  # it serves the headline
        ),
        Part(
            "lifecycle",
            "Who is active, new, lost and back",
            asked("churn", definition="lifecycle", period=params.period, by=[]),
        ),
    ]
    if params.steps is not None:
        own = {"steps": params.steps}
        told.append(Part("funnel", "From step to step", asked("funnel", **own, by=[])))
        told.append(_first_attempts(params, asked, defaults.get("funnel", {})))
    if {"amount", "order"} & set(roles):
        orders = _with_headline_days(asked("orders", period=params.period, by=[]))
        told.append(Part("orders", "Orders", orders))
    for column in params.by:
        told += _compared(column, params, asked)
        told += _searched(column, params, asked, roles, defaults)
    return told


def _said(command: str, defaults: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return the params that the settings say for a command."""
    known = params_of(command)
    return {name: each for name, each in defaults.get(command, {}).items() if name in known}


def given_way(defaults: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return which settings of commands a report does not follow, as `[command] name, name`."""
    told = {
        command: [name for name in own if name in _said(command, defaults)]
        for command, own in _OWN.items()
    }
    return [f"[{command}] {', '.join(names)}" for command, names in told.items() if names]


def _with_headline_days(orders: Request) -> Request:
    """Return a request of orders with the window of the headline beside its own."""
    own = {
        name: tuple(sorted({*getattr(orders.params, name), ORDER_DAYS}))
        for name in ("first_days", "repeat_days")
    }
    return replace(orders, params=replace(orders.params, **own))


def _first_attempts(
    params: ReportParams, asked: Callable[..., Request], said: Mapping[str, object]
) -> Part:
    """Return the funnel over time in which every member has the same time, and one attempt.

    In any other, who began early had more time, and so the shares fall by themselves.
    """
    own = {"window": said.get("window") or FIRST_WINDOW, "include_open": False}
    request = asked(
        "funnel", steps=params.steps, trend=params.period, attempt="first", by=[], **own
    )
    return Part("first_attempts", "From step to step, first attempts", request, hidden=True)


def _cohorts(params: ReportParams) -> dict[str, object]:
    """Return params of retention by cohort."""
    return {"days": list(DAYS), "mode": "on", "cohort": cohort_of(params.period), "by": []}


def cohort_of(period: str) -> str:
    """Return what retention has cohorts of in a report by `period`: not of quarters or years."""
    return period if period in get_args(RetentionCohort) else "month"


def _compared(column: str, params: ReportParams, asked: Callable[..., Request]) -> Sequence[Part]:
    """Return the parts that compare the values of a column."""
    own = {"days": list(DAYS), "mode": "on", "by": [column]}
    told = [
        Part(f"segments_{column}", f"By {column}", asked("retention", **own), column),
        Part(
            f"cohorts_{column}",
            f"Who came back, by {column}",
            asked("cohort", period=params.period, by=[column], horizon=1, **_PLAIN),
            column,
        ),
    ]
    if params.steps is not None:
        steps = asked("funnel", steps=params.steps, trend=params.period, by=[column])
        title = f"From step to step, by {column}"
        told.append(Part(f"funnel_{column}", title, steps, column, intro=_UNEQUAL))
    return told


def _searched(
    column: str,
    params: ReportParams,
    asked: Callable[..., Request],
    roles: Collection[str],
    defaults: Mapping[str, Mapping[str, object]],
) -> Sequence[Part]:
    """Return the parts that are counted for the findings."""

    def hidden(name: str, title: str, request: Request) -> Part:
        return Part(f"{name}_{column}", f"{title}, by {column}", request, column, hidden=True)

    days = {**_cohorts(params), "by": [column]}
    own = {"period": params.period, "by": [column]}
    cells = asked("cohort", **own, horizon=FURTHEST, clock="calendar", **_PLAIN)
    told = [
        hidden("days_by_cohort", "The first days, cohort by cohort", asked("retention", **days)),
        hidden("active", "Who came, cohort by cohort", cells),
    ]
    if "left" in roles or "leave_event" in defaults.get("churn", {}):
        told.append(hidden("left", "Who left", asked("churn", definition="leave", **own)))
    if {"amount", "order"} & set(roles):
        within = defaults.get("orders", {}).get("repeat_days", list(REPEAT_DAYS))
        orders = asked("orders", repeat_days=within, **own)
        told.append(hidden("orders", "Orders", orders))
    return told


def roles_of(inputs: Sequence[Input], options: SourceOptions, by: Collection[str] = ()) -> set[str]:
    """Return which columns the data have; raises InputError where they cannot be read.

    Raises UsageError where one of the columns `by` is that of the ids.

    "left" is one of them where the member table says of anybody when they left.
    """
    calendar = Calendar(options.tz, options.week_start)
    with open_export(inputs, options) as (table, members):
        wanted = Wanted(marks=(ORDERS,), worth=True)
        events = read_events(table, members, options, wanted, calendar)
    if events.mapping["member"].source in by:
        raise UsageError("--by: ids of members are no values to compare members by.")
    left = events.members is not None and bool(events.members["left"].is_not_null().any())
    return {*events.mapping, *(["left"] if left else [])}
