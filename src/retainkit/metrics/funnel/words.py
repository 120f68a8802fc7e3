"""What a funnel means, in words: its definition and the notes under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.metrics.base import Segment
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.wording import counted


def definition(params: FunnelParams) -> str:
    """Return the definition of the coefficients in one sentence."""
    steps = " > ".join(step.label for step in params.selectors)
    how = {
        "ordered": f"the steps {steps} in this order, other events between them or not",
        "strict": f"the steps {steps} in this order, with no other event between them",
        "any": f"so many of the steps {steps.replace(' > ', ' | ')}, in any order",
    }[params.order]
    within = "" if params.window is None else f" within {params.window} of the first"
    between = (
        "" if params.step_window is None else f", each within {params.step_window} of the last"
    )
    which = "first attempt" if params.attempt == "first" else "best attempt"
    without = ""
    if params.exclude:
        without = f" and no '{' | '.join(e.label for e in params.excluded)}' between"
    return (
        f"members: who did {how}{within}{between}{without}, in their {which}; coefficient: of "
        "those of the step before, the share that came to this one; overall: their product."
    )


def notes(
    tables: Mapping[str, pl.DataFrame], opens: Mapping[Segment, int], params: FunnelParams
) -> Iterator[str]:
    """Yield what a reader has to know of these tables."""
    if waiting := sum(opens.values()):
        yield (
            counted(waiting, "member is", "members are")
            + f" open: every attempt's window ({params.window}) is still running at as-of; in no "
            "rate (--include-open counts all attempts)."
        )
    if params.window is None:
        yield "No --window is stated: a step counts however long after the first it was done."
    if params.include_open and params.window is not None:
        yield (
            "Attempts whose window is still running count (--include-open): their coefficients can "
            "still rise."
        )
    trend = tables["trend"]
    if trend.height and (running := int((~trend["complete"]).sum()) // len(params.steps)):
        yield (
            counted(running, "period is", "periods are")
            + " not over with its window by as-of: marked incomplete."
        )
    change, sides = tables["change"], params.comparison
    for side in ("before", "after") if change.height and sides is not None else ():
        if not change[side][0]:
            yield f"--compare: nobody begins on the side '{getattr(sides, side)}'."
    for name in ("target", "by"):
        if getattr(params, name):
            return
    yield "Leverage is to a coefficient of 1, for want of --target or --by: the lowest is marked."
