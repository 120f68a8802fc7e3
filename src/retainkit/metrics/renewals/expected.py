"""How many renewals a model expects: of contracts still there, of new ones, of a holdout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from retainkit.metrics.base import Segment, by_segment
from retainkit.metrics.renewals.models import Modelled
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.periods import Ints
from retainkit.stats.betageometric import BetaGeometric, retention
from retainkit.stats.intervals import Floats

CONTRACTS = {
    **dict.fromkeys(("contracts", "lost", "there"), pl.Int64),
    **dict.fromkeys(
        ("expected_renewals", "expected_renewals_per_contract", "expected_periods_new"), pl.Float64
    ),
}


class Held(NamedTuple):
    """Renewals that came in the holdout and that were expected; contracts lost there, likewise.

    Of contracts that were there when their holdout began.
    """

    came: int
    expected: float
    lost: int
    expected_lost: float


def ahead(model: BetaGeometric, since: Ints, many: Ints) -> Floats:
    """Return the renewals expected of contracts that are there after `since` of them.

    Each item is the sum over k = 1 ... many of S(since + k) / S(since), arrays of one shape (n,).
    """
    steps = np.arange(1, int(many.max(initial=0)) + 1)
    at = since[:, None] + np.minimum(steps, many[:, None])
    shares = np.exp(log_survival(model, at) - log_survival(model, since)[:, None])
    expected: Floats = np.where(steps <= many[:, None], shares, 0.0).sum(axis=1)
    return expected


def log_survival(model: BetaGeometric, renewal: Ints) -> Floats:
    """Return the logarithm of S at renewals, whole numbers of any shape: it never underflows."""
    rates = retention(model, np.arange(1, int(renewal.max(initial=0)) + 1))
    return np.concatenate([[0.0], np.cumsum(np.log(rates))])[renewal]


def contract_row(part: pl.DataFrame, model: Modelled, params: RenewalsParams) -> pl.DataFrame:
    """Return one row: a segment's contracts, and what is expected of them within the horizon."""
    every, there = int(part["members"].sum()), part.filter(lost=0).sort("due")
    left = int(there["members"].sum())
    renewals = each = new = None
    if model.model is not None:
        due, members = there["due"].to_numpy(), there["members"].to_numpy()
        horizon = np.full(len(due), params.horizon)
        renewals = float(ahead(model.model, due, horizon) @ members)
        each = renewals / left if left else None
        none, all_ = np.array([0]), np.array([params.horizon])
        new = 1 + float(ahead(model.model, none, all_)[0])
    row = (every, every - left, left, renewals, each, new)
    return pl.DataFrame([row], schema=CONTRACTS, orient="row")


def held_out(
    counts: pl.DataFrame, models: Mapping[Segment, Modelled], params: RenewalsParams
) -> Held:
    """Return what came of the renewals in the holdout; segments without a model are left out."""
    parts = [Held(0, 0.0, 0, 0.0)]
    parts += [
        _held_out(part, model, params.holdout)
        for segment, part in by_segment(counts, params.by)
        if (model := models[segment].model) is not None
    ]
    return Held(*(sum(each) for each in zip(*parts, strict=True)))


def _held_out(part: pl.DataFrame, model: BetaGeometric, holdout: int) -> Held:
    since = pl.max_horizontal(pl.col("due") - holdout, 0)
    last = pl.when(pl.col("lost") > 0).then(pl.col("lost") - 1).otherwise(pl.col("due"))
    asked = (
        part.with_columns(since=since, came=last - since)
        .filter((pl.col("lost") == 0) | (pl.col("came") >= 0))
        .group_by("due", "since")
        .agg(
            members=pl.col("members").sum(),
            lost=pl.col("members").filter(pl.col("lost") > 0).sum(),
            came=(pl.col("came") * pl.col("members")).sum(),
        )
        .sort("due")
    )
    due, begun, members = (asked[name].to_numpy() for name in ("due", "since", "members"))
    stay = np.exp(log_survival(model, due) - log_survival(model, begun))
    return Held(
        came=int(asked["came"].sum()),
        expected=float(ahead(model, begun, due - begun) @ members),
        lost=int(asked["lost"].sum()),
        expected_lost=float((1 - stay) @ members),
    )
