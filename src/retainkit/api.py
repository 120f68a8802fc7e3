"""The commands as Python functions: the same words, the same Result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Unpack

from retainkit.answers import (
    Answer,
    Keywords,
    SourceKeywords,
    answered,
    as_inputs,
    as_options,
    as_path,
    floats,
    numbers,
    several,
)
from retainkit.choices import (
    ChurnDefinition,
    Clock,
    CohortKind,
    CohortMode,
    DatePeriod,
    FunnelAttempt,
    FunnelOrder,
    LtvModel,
    Measure,
    Period,
    RetentionCohort,
    RetentionMode,
)
from retainkit.engine import Request
from retainkit.metrics.churn import CHURN, ChurnParams
from retainkit.metrics.cohort import COHORT, CohortParams
from retainkit.metrics.funnel import FUNNEL, FunnelParams
from retainkit.metrics.orders import ORDERS, OrdersParams
from retainkit.metrics.paths import PATHS, PathsParams
from retainkit.metrics.retention import MODES, RETENTION, RetentionParams
from retainkit.metrics.rfm import RFM, RfmParams
from retainkit.profile import describe
from retainkit.selectors import parse_steps
from retainkit.sources import Input


def cohort(
    events: Input | Sequence[Input],
    *,
    period: Period = "month",
    mode: CohortMode = "on",
    clock: Clock = "calendar",
    brackets: str | Iterable[str] = (),
    cohorts: CohortKind = "first",
    min_occurrences: int = 1,
    measure: Measure = "members",
    start_event: str | None = None,
    return_event: str | None = None,
    by: str | Iterable[str] = (),
    lookback: str | None = None,
    horizon: int = 12,
    confidence: float = 0.95,
    **source: Unpack[Keywords],
) -> Answer:
    """Return who started in each period and which share came back at each age.

    events: a path (file, folder, glob), a Polars, pandas or PyArrow table, or several of them.
    The tables are `main` (cohort x age) and `pooled` (the mean over complete cells). Raises
    UsageError for a request that makes no sense and InputError for data that cannot be used.
    The command is `retainkit cohort`; docs/cohort.md defines every word.
    """
    params = CohortParams(
        period=period,
        mode=mode,
        clock=clock,
        brackets=tuple(brackets.split(",") if isinstance(brackets, str) else map(str, brackets)),
        cohorts=cohorts,
        min_occurrences=min_occurrences,
        measure=measure,
        start_event=start_event,
        return_event=return_event,
        by=several(by),
        lookback=lookback,
        horizon=horizon,
        confidence=confidence,
    )
    return answered(Request(COHORT, params), events, source)


def retention(
    events: Input | Sequence[Input],
    *,
    days: int | Iterable[int] = (1, 7, 30),
    mode: RetentionMode | Iterable[RetentionMode] = MODES,
    cohort: RetentionCohort | None = None,
    clock: Clock = "calendar",
    start_event: str | None = None,
    return_event: str | None = None,
    by: str | Iterable[str] = (),
    lookback: str | None = None,
    confidence: float = 0.95,
    **source: Unpack[Keywords],
) -> Answer:
    """Return the share of members back on day N, within days 1 to N, and on day N or after.

    events: as for `cohort`. The table is `main`, one row for each day and mode, split by cohort
    and segment where asked. The command is `retainkit retention`; docs/retention.md defines it.
    """
    params = RetentionParams(
        days=numbers(days),
        mode=several(mode),
        cohort=cohort,
        clock=clock,
        start_event=start_event,
        return_event=return_event,
        by=several(by),
        lookback=lookback,
        confidence=confidence,
    )
    return answered(Request(RETENTION, params), events, source)


def churn(
    events: Input | Sequence[Input],
    *,
    definition: ChurnDefinition = "lifecycle",
    period: DatePeriod = "month",
    inactive_days: int | None = None,
    leave_event: str | None = None,
    return_event: str | None = None,
    taxonomy: str | Path | None = None,
    paths: bool = False,
    last: int = 3,
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    roster: str | Path | None = None,
    hash_key: str | None = None,
    **source: Unpack[Keywords],
) -> Answer:
    """Return who is lost in each period, by one of three definitions; when, why, and who returns.

    events: as for `cohort`. The tables are `main` (a row a period), `timing`, `survival` and
    `logrank` (age at churn), `winback` and `second_life` (silence, and life after it), `reasons`
    and `reasons_over_time` (from the member table), `paths` and `returns` (with `paths`), and
    `gaps`. roster: a file for the members to win back. The command is `retainkit churn`;
    docs/churn.md defines every word.
    """
    params = ChurnParams(
        definition=definition,
        period=period,
        inactive_days=inactive_days,
        leave_event=leave_event,
        return_event=return_event,
        taxonomy=as_path(taxonomy),
        paths=paths,
        last=last,
        by=several(by),
        confidence=confidence,
        roster=as_path(roster),
        hash_key=hash_key,
    )
    return answered(Request(CHURN, params), events, source)


def funnel(
    events: Input | Sequence[Input],
    *,
    steps: str | Iterable[str],
    order: FunnelOrder = "ordered",
    window: str | None = None,
    step_window: str | None = None,
    attempt: FunnelAttempt = "best",
    exclude: str | Iterable[str] = (),
    include_open: bool = False,
    target: str | Iterable[str] = (),
    min_members: int = 100,
    compare: str | None = None,
    trend: DatePeriod | None = None,
    dropoffs: bool = False,
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    **source: Unpack[Keywords],
) -> Answer:
    """Return how many members come from step to step, and which node is the one to mend.

    events: as for `cohort`. steps: "visit > view > pay", or one selector each. The tables are
    `main` (a row a step), `durations`, `segments` (with `by`), `change` (with `compare`), `trend`
    and `dropoffs`. The command is `retainkit funnel`; docs/funnel.md defines every word.
    """
    texts = [each.text for each in parse_steps(steps)] if isinstance(steps, str) else steps
    params = FunnelParams(
        steps=tuple(texts),
        order=order,
        window=window,
        step_window=step_window,
        attempt=attempt,
        exclude=several(exclude),
        include_open=include_open,
        target=several(target),
        min_members=min_members,
        compare=compare,
        trend=trend,
        dropoffs=dropoffs,
        by=several(by),
        confidence=confidence,
    )
    return answered(Request(FUNNEL, params), events, source)


def paths(
    events: Input | Sequence[Input],
    *,
    from_: str | None = None,
    to: str | None = None,
    window: str | None = None,
    ignore: str | Iterable[str] = (),
    keep_repeats: bool = False,
    include_open: bool = False,
    depth: int = 8,
    top: int = 20,
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    **source: Unpack[Keywords],
) -> Answer:
    """Return what members do from one event to another, the most common paths first.

    events: as for `cohort`. from_, to: a selector each; without `to` it is what members do after
    the start. The tables are `main` (a row a path), `steps` (the step matrix), `links` (from event
    to event) and `summary`. The command is `retainkit paths`; docs/paths.md defines every word.
    """
    params = PathsParams(
        from_=from_,
        to=to,
        window=window,
        ignore=several(ignore),
        keep_repeats=keep_repeats,
        include_open=include_open,
        depth=depth,
        top=top,
        by=several(by),
        confidence=confidence,
    )
    return answered(Request(PATHS, params), events, source)


def orders(
    events: Input | Sequence[Input],
    *,
    order_event: str | None = None,
    start_event: str | None = None,
    visit_event: str | None = None,
    first_days: int | Iterable[int] = (3, 7, 30),
    repeat_days: int | Iterable[int] = (7, 30, 90),
    clock: Clock = "elapsed",
    merge_days: bool = False,
    lookback: str | None = None,
    horizon: int = 90,
    period: DatePeriod = "month",
    costs: str | Path | None = None,
    margin: float = 1.0,
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    **source: Unpack[Keywords],
) -> Answer:
    """Return who orders first and again, within how many days, and what sales are made of.

    events: as for `cohort`. The tables are `main` (repurchase), `first_order`, `summary`,
    `ladder`, `cycle`, `hazard`, `audit` (of the golden windows), `periods`, `value` and, with
    `costs`, `payback`. The command is `retainkit orders`; docs/orders.md defines every word.
    """
    params = OrdersParams(
        order_event=order_event,
        start_event=start_event,
        visit_event=visit_event,
        first_days=numbers(first_days),
        repeat_days=numbers(repeat_days),
        clock=clock,
        merge_days=merge_days,
        lookback=lookback,
        horizon=horizon,
        period=period,
        costs=as_path(costs),
        margin=margin,
        by=several(by),
        confidence=confidence,
    )
    return answered(Request(ORDERS, params), events, source)


def rfm(
    events: Input | Sequence[Input],
    *,
    order_event: str | None = None,
    merge_days: bool = False,
    r_cuts: Iterable[float] = (),
    f_cuts: Iterable[float] = (),
    m_cuts: Iterable[float] = (),
    compare_to: str | None = None,
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    roster: str | Path | None = None,
    hash_key: str | None = None,
    **source: Unpack[Keywords],
) -> Answer:
    """Return buyers by recency, frequency and money: named segments, and whom to look after.

    events: as for `cohort`. The tables are `main` (a row a segment), `cells`, `scores` and, with
    `compare_to`, `movement` and `retention`. roster: a file that lists every buyer. The command
    is `retainkit rfm`; docs/rfm.md defines every word.
    """
    params = RfmParams(
        order_event=order_event,
        merge_days=merge_days,
        r_cuts=floats(r_cuts),
        f_cuts=floats(f_cuts),
        m_cuts=floats(m_cuts),
        compare_to=compare_to,
        by=several(by),
        confidence=confidence,
        roster=as_path(roster),
        hash_key=hash_key,
    )
    return answered(Request(RFM, params), events, source)


def ltv(
    events: Input | Sequence[Input],
    *,
    order_event: str | None = None,
    model: LtvModel = "bg",
    horizon: str = "52w",
    holdout: str | None = None,
    orders_only: bool = False,
    parameters: Iterable[float] = (),
    spend: Iterable[float] = (),
    period: DatePeriod = "month",
    costs: str | Path | None = None,
    margin: float = 1.0,
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    roster: str | Path | None = None,
    hash_key: str | None = None,
    **source: Unpack[Keywords],
) -> Answer:
    """Return what buyers are expected to order and bring, and how well the model has told so far.

    events: as for `cohort`. The tables are `main` (a row a segment), `parameters`, `tracking`
    (week by week), `holdout`, `cohorts` (realised and forecast value by age) and, with `costs`,
    `payback`. roster: a file that lists every buyer. The command is `retainkit ltv`; docs/ltv.md
    defines every word.
    """
    from retainkit.metrics.ltv import LTV, LtvParams  # here, as few forecast

    params = LtvParams(
        order_event=order_event,
        model=model,
        horizon=horizon,
        holdout=holdout,
        orders_only=orders_only,
        parameters=floats(parameters),
        spend=floats(spend),
        period=period,
        costs=as_path(costs),
        margin=margin,
        by=several(by),
        confidence=confidence,
        roster=as_path(roster),
        hash_key=hash_key,
    )
    return answered(Request(LTV, params), events, source)


def renewals(
    events: Input | Sequence[Input],
    *,
    leave_event: str | None = None,
    return_event: str | None = None,
    period: DatePeriod = "month",
    horizon: int = 12,
    holdout: int = 0,
    parameters: Iterable[float] = (),
    by: str | Iterable[str] = (),
    confidence: float = 0.95,
    **source: Unpack[Keywords],
) -> Answer:
    """Return how many contracts are renewed, and how many will be, by a model of who leaves.

    events: as for `cohort`; who left is told by the member table or by `leave_event`. The tables
    are `main` (a row a renewal), `parameters` and `contracts`. The command is
    `retainkit renewals`; docs/renewals.md defines every word.
    """
    from retainkit.metrics.renewals import RENEWALS, RenewalsParams  # here, as few forecast

    params = RenewalsParams(
        leave_event=leave_event,
        return_event=return_event,
        period=period,
        horizon=horizon,
        holdout=holdout,
        parameters=floats(parameters),
        by=several(by),
        confidence=confidence,
    )
    return answered(Request(RENEWALS, params), events, source)


def inspect(
    events: Input | Sequence[Input], *, top: int = 10, **source: Unpack[SourceKeywords]
) -> Answer:
    """Return what the events hold before anyone trusts them; a mapping that fails is a finding.

    events: as for `cohort`. top: how many event names are listed. The tables are `main` (a row a
    column), `roles`, `events`, `days`, `refused`, `duplicates`, `files`, and with a member table
    `members` and `member_columns`. The command is `retainkit inspect`; see docs/inspect.md.
    """
    options = as_options(source, {*SourceKeywords.__annotations__, "top"})
    return Answer(**vars(describe(as_inputs(events), options, top=top)))
