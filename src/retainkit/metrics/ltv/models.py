"""The models of purchases and of spend, fitted to the counts of histories."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.errors import FitError
from retainkit.metrics.ltv.found import Models
from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.ltv.tally import HISTORY, SPEND
from retainkit.metrics.parameters import parameter_rows
from retainkit.stats.buytilldie import BuyTillDie, fit_buy_till_die
from retainkit.stats.intervals import Floats
from retainkit.stats.likelihood import Fit
from retainkit.timeline import MONEY_UNIT

WEEK = 7.0  # days: the models count time in weeks
MOST_CORRELATED = 0.3  # of frequency and mean spend, which Gamma-Gamma takes to be unrelated


def fitted(tally: pl.DataFrame, params: LtvParams) -> Models:
    """Return the models of all buyers; raises FitError where the data do not tell them."""
    if params.models is not None:
        return params.models
    histories = tally.filter(kind=HISTORY)
    if not histories["members"].sum():
        raise FitError(
            "No buyer is known by the end of calibration: there is nothing to fit.",
            "Take a shorter --holdout, or say what an order is with --order-event.",
        )
    buying_fit, buying = None, params.buying
    if buying is None:
        x, last, age, members = _arrays(histories, "x", "last", "age", "members")
        buying_fit = fit_buy_till_die(
            x.astype(np.int64), last / WEEK, age / WEEK, members, modified=params.model == "mbg"
        )
        buying = buying_fit.model
    priced = bool(histories["priced"].sum()) and not params.orders_only
    if not priced:
        return Models(buying, buying_fit, None, None, None)
    return _with_spend(tally.filter(kind=SPEND), params, buying, buying_fit)


def _with_spend(
    paid: pl.DataFrame, params: LtvParams, buying: BuyTillDie, fit: Fit[BuyTillDie] | None
) -> Models:
    from retainkit.stats.gammagamma import correlation, fit_gamma_gamma  # imports SciPy

    if params.spending is not None:
        return Models(buying, fit, params.spending, None, None)
    x, mean, members = _arrays(paid, "x", "last", "members")
    if not len(x):
        raise FitError("Nobody paid for a repeat purchase.", "Forecast orders with --orders-only.")
    related = correlation(x.astype(np.int64), mean / MONEY_UNIT, members)
    if abs(related) > MOST_CORRELATED:
        raise FitError(
            "Gamma-Gamma does not hold here: how often buyers come and what they spend are "
            f"correlated ({related:.2f}; at most {MOST_CORRELATED} is taken for unrelated).",
            "Forecast orders alone with --orders-only, or split the buyers with --where.",
        )
    spend_fit = fit_gamma_gamma(x.astype(np.int64), mean / MONEY_UNIT, members)
    if not np.isfinite(spend_fit.model.mean):
        raise FitError(
            "Gamma-Gamma has no mean spend here (q is at most 1): a few spend without bound.",
            "Leave them out with --where, or forecast orders alone with --orders-only.",
        )
    return Models(buying, fit, spend_fit.model, spend_fit, related)


def parameters(models: Models, confidence: float) -> list[tuple[object, ...]]:
    """Return `model` and the columns of PARAMETERS of each parameter."""
    buying = parameter_rows(models.buying, models.buying_fit, ("r", "alpha", "a", "b"), confidence)
    rows = [(models.buying.title, *row) for row in buying]
    if models.spend is not None:
        spend = parameter_rows(models.spend, models.spend_fit, ("p", "q", "v"), confidence)
        rows += [("Gamma-Gamma", *row) for row in spend]
    return rows


def _arrays(frame: pl.DataFrame, *names: str) -> list[Floats]:
    """Return columns of counts summed over segments, as numbers."""
    keys = [name for name in names if name != "members"]
    summed = frame.group_by(keys).agg(pl.col("members").sum()).sort(keys)
    return [summed[name].cast(pl.Float64).to_numpy() for name in names]
