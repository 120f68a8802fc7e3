"""Results of renewals, computed from invented members of a club, who leave at a renewal or not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from retainkit.engine import Request, run
from retainkit.metrics.renewals import RENEWALS, RenewalsParams
from retainkit.results import Result
from retainkit.sources import SourceOptions

BEGIN, END = np.datetime64("2023-01-01"), np.datetime64("2024-03-01")
GIVEN = (0.6, 2.1)  # what is fitted has digits that hang on the machine


@cache
def club(names: tuple[str | None, ...], people: int) -> pl.DataFrame:
    """Return members who join over a year, from the channels `names`."""
    rng = np.random.default_rng(people)
    joined = BEGIN + np.sort(rng.integers(0, 400, people))
    left = joined + rng.geometric(rng.beta(*GIVEN, people)) * 30
    channel = [names[n % len(names)] for n in range(people)] if names else [None] * people
    return pl.DataFrame(
        {
            "user_id": [f"m{n}" for n in range(people)],
            "joined": joined,
            "left": left,
            "channel": channel,
        },
        schema_overrides={"channel": pl.String},
    ).with_columns(left=pl.when(pl.col("left") < END).then("left"))


def renewals(names: Sequence[str | None] = (), people: int = 600, **params: Any) -> Result:
    """Return the Result, by channel where names are given."""
    members = club(tuple(names), people)
    asked = RenewalsParams(by=("channel",) if names else (), **params)
    options = SourceOptions(members=members, time_col="joined", as_of=str(END))
    return run([Request(RENEWALS, asked)], [members.drop("channel")], options)[0]


def without_a_model() -> Result:
    """Return the Result of two segments, of one of which no model can be fitted."""
    members = club(("club", "gym"), 300).with_columns(
        left=pl.when(pl.col("channel") == "club").then("left")
    )
    options = SourceOptions(members=members, time_col="joined", as_of=str(END))
    asked = RenewalsParams(by=("channel",), horizon=3)
    return run([Request(RENEWALS, asked)], [members.drop("channel")], options)[0]
