"""From the counts to the tables of `orders`."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.base import Summary, named_segments
from retainkit.metrics.orders import gaps, sales, windows
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.orders.tally import FIRST, MEASURES, REPEAT
from retainkit.metrics.orders.words import definition, notes
from retainkit.metrics.purchases import order_rule
from retainkit.periods import Window

TABLES = (
    *("main", "first_order", "summary", "ladder", "cycle", "hazard", "audit"),
    *("periods", "value", "payback"),
)


def summarise(tally: pl.DataFrame, params: OrdersParams, window: Window) -> Summary:
    """Return all tables; those that the data have nothing for are empty."""
    counts = set(MEASURES) - {"amount"}
    tally = tally.with_columns(pl.col(*counts).cast(pl.Int64))
    waits = gaps.waits(tally, params)
    periods = sales.by_period(tally, params, window)
    tables = {
        "main": windows.within(tally, REPEAT, params, "buyers", "repurchased"),
        "first_order": windows.within(tally, FIRST, params, "members", "converted"),
        "summary": windows.totals(tally, params),
        "ladder": windows.ladder(tally, params),
        "cycle": gaps.cycle(tally, params),
        "hazard": gaps.hazards(waits, params),
        "audit": gaps.audit(waits, params),
        "periods": sales.repurchase_by_period(periods, params, window),
        "value": sales.value(periods, params, window),
        "payback": sales.payback(tally, params, window),
    }
    named = {name: named_segments(tables[name], params.by) for name in TABLES}
    rule = order_rule(params, *(bool(tally[name].sum()) for name in ("numbered", "priced")))
    return Summary(definition(params, rule), named, list(notes(tally, tables, params, window)))
