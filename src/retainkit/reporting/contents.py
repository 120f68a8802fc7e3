"""What a report is made of: the metrics it asks for, by what the data and the settings have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from retainkit.checking.asked import params_of, request_of
from retainkit.choices import DatePeriod, RetentionCohort
from retainkit.engine import Request
from retainkit.errors import UsageError, check_choice, check_kinds, check_once
from retainkit.hashing import check_key
from retainkit.periods import Calendar
from retainkit.selectors import ORDERS, parse_steps
from retainkit.sources import Input, SourceOptions, open_export
from retainkit.sources.canonical import Wanted, read_events
from retainkit.stats.intervals import quantile

DAYS = (1, 7, 30)
REPEAT_DAYS = (7, 14, 30, 90)  # that repurchase is compared by
MIN_CELL, FEWEST_CELL = 10, 2  # members of a number in a report that is shared: usual, least
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

    hidden: it becomes a section only where a finding stands on it.
    """

    name: str
    title: str
    request: Request
    by: str | None = None
    hidden: bool = False


def parts(
    params: ReportParams, roles: Collection[str], defaults: Mapping[str, Mapping[str, object]]
) -> list[Part]:
    """Return what a report asks for.

    roles: which columns there are, as of `roles_of`. defaults: params that the settings say for
    commands.
    """

    def asked(command: str, **own: object) -> Request:
        known = params_of(command)
        said = {name: each for name, each in defaults.get(command, {}).items() if name in known}
        return request_of(command, {**said, "confidence": params.confidence, **own})

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
        told.append(Part("orders", "Orders", asked("orders", period=params.period, by=[])))
    for column in params.by:
        told += _compared(column, params, asked)
        told += _searched(column, params, asked, roles, defaults)
    return told


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
        told.append(Part(f"funnel_{column}", f"From step to step, by {column}", steps, column))
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
    cells = asked("cohort", **own, horizon=12, clock="calendar", **_PLAIN)
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


def roles_of(inputs: Sequence[Input], options: SourceOptions) -> set[str]:
    """Return which columns the data have; raises InputError where they cannot be read.

    "left" is one of them where the member table says of anybody when they left.
    """
    calendar = Calendar(options.tz, options.week_start)
    with open_export(inputs, options) as (table, members):
        wanted = Wanted(marks=(ORDERS,), worth=True)
        events = read_events(table, members, options, wanted, calendar)
    left = events.members is not None and bool(events.members["left"].is_not_null().any())
    return {*events.mapping, *(["left"] if left else [])}
