"""The model of each segment: fitted to the renewals it may see, given, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from retainkit.errors import FitError
from retainkit.metrics.base import Segment, by_segment
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.periods import Ints
from retainkit.stats.betageometric import BetaGeometric, fit_beta_geometric
from retainkit.stats.likelihood import Fit

_ELSE = "`retainkit churn --definition leave --table timing` shows who left when without a model."
_UNTOLD = "Is all leaving told? It is by the member table (--left-col) or by --leave-event."


@dataclass(frozen=True, eq=False)
class Modelled:
    """What is known of a segment's model.

    model: None where there is none, and `refused` tells why. fit: None where the model was given.
    contracts: how many it was fitted to.
    """

    model: BetaGeometric | None
    fit: Fit[BetaGeometric] | None = None
    contracts: int = 0
    refused: FitError | None = None

    @property
    def curve(self) -> Fit[BetaGeometric] | None:
        """The fit that `survival` takes: of a given model one without errors."""
        if self.fit is not None or self.model is None:
            return self.fit
        return Fit(self.model, {}, np.zeros((2, 2)), 0.0, converged=True)


def modelled(counts: pl.DataFrame, params: RenewalsParams) -> Mapping[Segment, Modelled]:
    """Return the model of each segment; raises FitError where none has one.

    counts: `[seg_i…], due, lost, members`.
    """
    if params.model is not None:
        return {segment: Modelled(params.model) for segment, _ in by_segment(counts, params.by)}
    found = {segment: _tried(part, params) for segment, part in by_segment(counts, params.by)}
    refusals = [each.refused for each in found.values() if each.refused is not None]
    if len(refusals) == len(found):
        raise _refused(refusals or [_none_due(params)], counts)
    return found


def cohorts(part: pl.DataFrame, holdout: int) -> Iterator[Ints]:
    """Yield, for contracts with equally many renewals to fit, how many are there after each.

    The first item is all of them. The last `holdout` renewals of each contract are left out, and
    so are contracts that have no others.
    """
    seen = part.with_columns(due=pl.col("due") - holdout).filter(pl.col("due") > 0)
    for (due,), rows in seen.sort("due").group_by("due", maintain_order=True):
        assert isinstance(due, int)
        lost, members = rows["lost"].to_numpy(), rows["members"].to_numpy()
        gone = np.zeros(due + 1, dtype=np.int64)
        within = (lost > 0) & (lost <= due)
        np.add.at(gone, lost[within], members[within])
        yield members.sum() - np.cumsum(gone)


def _tried(part: pl.DataFrame, params: RenewalsParams) -> Modelled:
    survivors = list(cohorts(part, params.holdout))
    try:
        if not survivors:
            raise _none_due(params)
        fit = fit_beta_geometric(survivors)
    except FitError as refused:
        return Modelled(None, refused=refused)
    return Modelled(fit.model, fit, sum(int(cohort[0]) for cohort in survivors))


def _refused(refusals: Sequence[FitError], counts: pl.DataFrame) -> FitError:
    """Return what to say where no segment has a model: these were the refusals."""
    first = refusals[0]
    message, hint = first.message, f"{first.hint} {_ELSE}"
    if counts["due"].sum() and not counts["lost"].sum():
        hint = _UNTOLD
    if len(refusals) > 1:
        message = f"None of the {len(refusals)} segments tells a model; the first: {reason(first)}"
    return FitError(message, hint)


def reason(refused: FitError) -> str:
    """Return why there is no model, without what cannot be fitted."""
    return refused.message.partition(": ")[2]


def _none_due(params: RenewalsParams) -> FitError:
    if params.holdout:
        return FitError(
            f"No model can be fitted: no contract has a renewal before the last {params.holdout}, "
            "which --holdout keeps from it.",
            "Take a shorter --holdout.",
        )
    return FitError(
        f"No model can be fitted: no contract is a whole {params.period} old by as-of, so none "
        "had to be renewed.",
        "Take a shorter --period, or say with --as-of until when was observed.",
    )
