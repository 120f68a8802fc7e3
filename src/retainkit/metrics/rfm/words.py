"""What the tables of `rfm` mean, in words: their definition and the notes under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.metrics.rfm.params import RfmParams
from retainkit.periods import Window
from retainkit.wording import counted


def definition(window: Window, rule: str) -> str:
    """Return the definition of the scores in one sentence; it names the date they are of."""
    day = window.calendar.aware(window.as_of).date()
    return (
        f"Buyers by recency (days from the last order to {day}), frequency (orders) and money "
        "(their amounts), each scored 1 to 5 by the same cuts for all, equal values alike; "
        f"segment: by the score of recency and the mean of the other two; orders: {rule}."
    )


def notes(tables: Mapping[str, pl.DataFrame], params: RfmParams) -> Iterator[str]:
    """Yield what a reader has to know of these tables."""
    main = tables["main"]
    if not main.height:
        yield "Nobody ordered in this data."
        return
    for measure, part in tables["scores"].group_by("measure", maintain_order=True):
        unused = part.filter(members=0)["score"].to_list()
        if unused:
            named = ", ".join(map(str, unused))
            yield f"No member scores {named} in {measure[0]}: equal values score alike."
    if params.before is not None and not tables["retention"].height:
        yield f"Nobody had ordered before --compare-to {params.before}."
    losses = main.filter(pl.col("amount") < 0).height
    if losses:
        yield (
            counted(losses, "segment has", "segments have")
            + " negative amounts in all: refunds are counted unless --where leaves them out."
        )
