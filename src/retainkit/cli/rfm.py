"""`retainkit rfm`: who orders recently, often and for much. Its Python twin is `retainkit.rfm`."""

from typing import Annotated

import typer

from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence, HashKey, OrderEvent
from retainkit.cli.values import numbers


def rfm(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    order_event: OrderEvent = None,
    merge_days: Annotated[
        bool, typer.Option("--merge-days", help="A member's orders of one date are one order.")
    ] = False,
    r_cuts: Annotated[
        str | None,
        typer.Option(metavar="DAYS", help="Most days of scores 5 to 2, like 7,30,90,180."),
    ] = None,
    f_cuts: Annotated[
        str | None, typer.Option(metavar="ORDERS", help="Most orders of scores 1 to 4.")
    ] = None,
    m_cuts: Annotated[
        str | None, typer.Option(metavar="MONEY", help="Most money of scores 1 to 4.")
    ] = None,
    compare_to: Annotated[
        str | None, typer.Option(metavar="DATE", help="Also who moved since, and who ordered.")
    ] = None,
    by: By = None,
    confidence: Confidence = 0.95,
    roster: Annotated[
        str | None, typer.Option(metavar="FILE", help="List every buyer there, with its segment.")
    ] = None,
    hash_key: HashKey = None,
) -> None:
    """Write the segments that the flags ask for."""
    from retainkit.metrics.rfm import RFM, RfmParams

    params = RfmParams(
        order_event=order_event,
        merge_days=merge_days,
        r_cuts=numbers("--r-cuts", r_cuts),
        f_cuts=numbers("--f-cuts", f_cuts),
        m_cuts=numbers("--m-cuts", m_cuts),
        compare_to=compare_to,
        by=tuple(by or ()),
        confidence=confidence,
        roster=roster,
        hash_key=hash_key,
    )
    answer_metric(RFM, params, source, how, out, chart)
