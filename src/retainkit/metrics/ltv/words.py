"""What the tables of `ltv` mean, in words: their definition and the notes under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from retainkit.metrics.base import segment_keys
from retainkit.metrics.ltv.found import Models
from retainkit.metrics.ltv.histories import last_day
from retainkit.metrics.ltv.params import LtvParams
from retainkit.periods import Window
from retainkit.wording import counted

_MODELS = {"bg": "BG/NBD", "mbg": "MBG/NBD"}


def definition(params: LtvParams, window: Window, rule: str) -> str:
    """Return the definition of the forecast in one sentence."""
    end = window.calendar.names(np.array([last_day(params, window)]), "day")[0]
    value = "" if params.orders_only else ", times the spend a Gamma-Gamma model expects of each"
    return (
        f"Of buyers known by {end}: what a {_MODELS[params.model]} model expects them to order "
        f"within {params.horizon} after it{value}; ltv: what they have brought so far and that; "
        f"orders: {rule}, those of a day as one."
    )


def notes(tables: Mapping[str, pl.DataFrame], models: Models, params: LtvParams) -> Iterator[str]:
    """Yield what a reader has to know of these tables."""
    fit = models.buying_fit
    if fit is not None:
        yield (
            f"{models.buying.title} was fitted to {tables['main']['buyers'].sum():,} buyers: "
            f"log-likelihood {fit.log_likelihood:,.1f}."
        )
        if not fit.converged:
            yield "The fit did not settle: its parameters are near the best at most."
    if params.model == "bg":
        yield (
            "BG/NBD holds everybody who bought once for alive, however long ago (P(alive) = 1); "
            "--model mbg does not."
        )
    if models.correlation is not None:
        yield (
            "Gamma-Gamma takes spend and frequency to be unrelated: here their correlation is "
            f"{models.correlation:.2f}."
        )
    if params.holdout_days:
        part = tables["tracking"].filter(part="holdout")
        actual, expected = int(part["actual"].sum()), float(part["expected"].sum())
        if actual:
            yield (
                f"In the holdout of {params.holdout} {actual:,} repeat purchases came, "
                f"{expected:,.0f} were expected ({expected / actual - 1:+.1%})."
            )


def cost_notes(
    costs: pl.DataFrame, payback: pl.DataFrame, params: LtvParams, window: Window
) -> Iterator[str]:
    """Yield which costs were left out, and of whom none are known."""
    if params.spent is None:
        return
    keys = [*segment_keys(params.by), "at"]
    dated = params.spent.dated(params.period, window)
    unseen = dated.join(costs, on=keys, how="anti", nulls_equal=True).height
    if unseen:
        yield (
            counted(unseen, "row of costs is", "rows of costs are")
            + " for segments without any buyer, or for periods before the first one bought or "
            "after the last: left out."
        )
    idle = payback.filter(buyers=0).height
    if idle:
        yield (
            f"Costs of {counted(idle, 'period', 'periods')} in which nobody began to buy count "
            "for their segment."
        )
