"""What a timeline carries beside times: segments of the first touch, amounts, orders."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.errors import InputError
from retainkit.periods import Ints
from retainkit.timeline.model import MONEY_UNIT

_LARGEST_AMOUNT = (2**63 - 1) // MONEY_UNIT


def first_touch(column: pl.Series, bounds: Ints, time: Ints) -> pl.Series:
    """Return each member's value at its first time; the smallest where that time has several."""
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    first = time == time[bounds[owner]]
    values = pl.DataFrame({"owner": owner[first], "value": column.filter(pl.Series(first))})
    smallest = values.group_by("owner").agg(pl.col("value").min())
    everyone = pl.DataFrame({"owner": np.arange(len(bounds) - 1)})
    return everyone.join(smallest, on="owner", how="left", maintain_order="left")["value"]


def event_codes(event: pl.Series) -> tuple[pl.Series, Ints]:
    """Return the names that Categorical events have, in order, and which of them each event has.

    None, of an event without a name, comes first.
    """
    names = event.unique()
    told = pl.DataFrame([names.cast(pl.String).alias("name"), _physical(names).alias("at")])
    told = told.sort("name", nulls_last=False)
    codes = np.zeros(int(told["at"].max() or 0) + 1, dtype=np.int64)  # type: ignore[arg-type]
    codes[told["at"].to_numpy()] = np.arange(told.height)
    return told["name"], codes[_physical(event).to_numpy()]


def _physical(event: pl.Series) -> pl.Series:
    return event.to_physical().cast(pl.Int64).fill_null(-1) + 1


def millionths(amount: pl.Series) -> Ints:
    """Return amounts as integers, none as 0; raises InputError beyond what 64 bits hold."""
    known = amount.fill_nan(None).fill_null(0.0)
    largest = known.abs().max()
    if isinstance(largest, float) and largest >= _LARGEST_AMOUNT:
        raise InputError(
            f"An amount of {largest:.3g} is too large to be summed exactly.",
            f"Amounts reach up to {_LARGEST_AMOUNT:.1e}; give them in a larger unit, "
            'e.g. --amount-col "amount / 1000".',
        )
    return (known * MONEY_UNIT).round().cast(pl.Int64).to_numpy()


def money(millionths: pl.Expr) -> pl.Expr:
    """Return amounts in their own unit, correctly rounded.

    Polars divides by a constant by multiplying by its inverse, which turns 14.9 into
    14.899999999999999: so this divides by a column.
    """
    number = millionths.cast(pl.Float64)
    return number / (number * 0 + MONEY_UNIT)


def order_codes(rows: pl.DataFrame) -> Ints:
    """Return a number for each order id, -1 where there is none or no column of them."""
    if "order" not in rows.columns:
        return np.full(rows.height, -1)
    return rows["order"].rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
