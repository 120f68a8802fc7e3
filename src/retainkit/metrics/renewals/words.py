"""What the tables of `renewals` mean, in words: their definition and the notes under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.metrics.base import Segment
from retainkit.metrics.churn.words import leaving_notes, start_notes
from retainkit.metrics.renewals.expected import held_out
from retainkit.metrics.renewals.models import Modelled, reason
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.metrics.renewals.tally import FINDINGS
from retainkit.metrics.start_words import a, event_words
from retainkit.selectors import ANY
from retainkit.wording import counted

MOST_REFUSED = 5  # segments without a model that are named


def definition(params: RenewalsParams) -> str:
    """Return the definition of renewals and of what is expected in one sentence."""
    stays = params.stays
    active = "active" if stays.activity == ANY else f"active with {event_words(stays.activity)}"
    left = "the member table" if stays.leave is None else event_words(stays.leave)
    return (
        f"Renewal t of a contract falls due t {params.period}s after its first day; a contract is "
        f"a member's first stay (joined, else first {active}), lost at the first renewal by whose "
        f"due day it has left, by {left}; rate: renewed, of those there before whose renewal is "
        "due; expected: of a shifted-beta-geometric model, up to "
        f"{counted(params.horizon, 'renewal')} beyond the last that is due."
    )


def notes(
    tally: pl.DataFrame,
    counts: pl.DataFrame,
    models: Mapping[Segment, Modelled],
    params: RenewalsParams,
) -> Iterator[str]:
    """Yield what a reader has to know of these tables."""
    found = {name: int(tally[name].sum()) for name in FINDINGS}
    yield from _fits(models)
    yield from _refusals(models, params)
    yield from _holdout(counts, models, params)
    yield from _ages(counts, found, params)
    yield from start_notes(found)
    yield from leaving_notes({**found, "twice": 0})  # who left again had no contract any more


def _fits(models: Mapping[Segment, Modelled]) -> Iterator[str]:
    fits = [each.fit for each in models.values() if each.fit is not None]
    if not fits:
        yield "The model was given, not fitted to these contracts: what it expects has no interval."
        return
    contracts = counted(sum(each.contracts for each in models.values()), "contract")
    likelihood = sum(fit.log_likelihood for fit in fits)
    if len(models) == 1:
        yield f"The model was fitted to {contracts}: log-likelihood {likelihood:,.1f}."
    else:
        yield (
            f"{len(fits)} of {counted(len(models), 'segment')} have a model of their own, fitted "
            f"to {contracts}: log-likelihood {likelihood:,.1f} in all."
        )
    if not all(fit.converged for fit in fits):
        yield "A fit did not settle: its parameters are near the best at most."


def _refusals(models: Mapping[Segment, Modelled], params: RenewalsParams) -> Iterator[str]:
    refused = {segment: each.refused for segment, each in models.items() if each.refused}
    for segment, error in list(refused.items())[:MOST_REFUSED]:
        names = ("(none)" if value is None else str(value) for value in segment)
        which = ", ".join(f"{by} {name}" for by, name in zip(params.by, names, strict=True))
        yield f"No model of {which}: {reason(error)}"
    if (more := len(refused) - MOST_REFUSED) > 0:
        yield f"{counted(more, 'more segment has', 'more segments have')} no model either."


def _holdout(
    counts: pl.DataFrame, models: Mapping[Segment, Modelled], params: RenewalsParams
) -> Iterator[str]:
    if not params.holdout:
        return
    found = held_out(counts, models, params)
    last = "renewal" if params.holdout == 1 else f"{params.holdout:,} renewals"
    yield (
        f"In the holdout, the last {last} of each contract, {counted(found.came, 'renewal')} came, "
        f"{found.expected:,.1f} were expected; {counted(found.lost, 'contract')} "
        f"{'was' if found.lost == 1 else 'were'} lost, {found.expected_lost:,.1f} were expected to "
        f"be{_miss(found.lost, found.expected_lost)}."
    )


def _miss(came: int, expected: float) -> str:
    return f" ({expected / came - 1:+.1%})" if came else ""


def _ages(counts: pl.DataFrame, found: Mapping[str, int], params: RenewalsParams) -> Iterator[str]:
    """Yield which contracts tell nothing yet, and which of them will soon."""
    unit = params.period
    if young := int(counts.filter(due=0)["members"].sum()):
        yield (
            counted(young, "contract is", "contracts are")
            + f" not {a(unit)} old by as-of: no renewal is due yet."
        )
    held = counts.filter(pl.col("due").is_between(1, params.holdout))
    if params.model is None and (kept := int(held["members"].sum())):
        yield (
            counted(kept, "contract has", "contracts have")
            + " no renewal outside the holdout: the model does not see them."
        )
    if leaving := found["leaving"]:
        yield (
            counted(leaving, "contract has", "contracts have")
            + " ended since the last renewal that was due: counted as there until the next is."
        )
    if back := found["back"]:
        yield (
            counted(back, "member has", "members have")
            + " come back after leaving: only the first stay is a contract here."
        )
