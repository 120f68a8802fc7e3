"""One sentence that names the step to mend, and what is gained by it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.views.funnel.steps import is_bottleneck
from retainkit.render.views.keys import Key, Parts, Row, label_of

_MOST = 3  # segments that are told of, those first in which most members are to be won
_TIMES = 0.1  # from this leverage on it is said as a multiple


def sentences(
    parts: Parts, params: Mapping[str, object], lower: Collection[Key] | None = None
) -> list[str]:
    """Return the sentence of the one segment, or those of the segments that would gain most.

    lower: the segments and steps where there is something to mend: really lower than the others,
    or below a target; None: any.
    """
    several = len(parts) > 1
    gains = {key: _gain(rows) for key, rows in parts.items()}
    said: list[str] = []
    for key in sorted(parts, key=lambda key: -gains[key]):
        if several and lower is not None and not _is_low(key, parts[key], lower, params):
            continue
        where = f"In {label_of(key)}, mend" if several else "Mend"
        said.extend(_sentence(where, parts[key], params))
    return said[:_MOST]


def _is_low(
    key: Key, rows: Sequence[Row], lower: Collection[Key], params: Mapping[str, object]
) -> bool:
    step = next((row["step"] for row in rows if is_bottleneck(row)), None)
    return step in targets(params) or (*key, step) in lower


def _gain(rows: Sequence[Row]) -> float:
    """Return how many more members would get to the end."""
    leverage = next((row["leverage"] for row in rows if is_bottleneck(row)), 0.0)
    return float(leverage * (rows[-1]["members"] or 0))


def _sentence(where: str, rows: Sequence[Row], params: Mapping[str, object]) -> Iterator[str]:
    row = next(filter(is_bottleneck, rows), None)
    stuck = next((row for row in rows if row["coefficient"] == 0), None)
    if stuck:
        yield f"{where} {_name(stuck, params)}: nobody took it."
    elif row:
        leverage, extra = row["leverage"], round(_gain(rows))
        much = f"{cells.compact(1 + leverage)} times as many"
        if leverage < _TIMES:
            much = f"{cells.percent(leverage)} more"
        if extra:
            much += f" (+{cells.count(extra)})"
        yield (
            f"{where} {_name(row, params)}: {_lifted(row, params)}, {much} would get to the end, "
            "the other steps being as they are."
        )


def _name(row: Row, params: Mapping[str, object]) -> str:
    label = cells.label(row["event"])
    return f'"{label}"' if params.get("order") == "any" else f"step {row['step']}, {label}"


def _lifted(row: Row, params: Mapping[str, object]) -> str:
    """Return what the leverage supposes, as `metrics.funnel` reckons it."""
    now = cells.percent(row["coefficient"])
    then = cells.percent(row["coefficient"] * (1 + row["leverage"]))
    if row["step"] in targets(params):
        return f"lifted from {now} to its target of {then}"
    if params.get("by"):
        return f"lifted from {now} to the best segment's {then}"
    return f"if all went on there instead of {now}"


def targets(params: Mapping[str, object]) -> set[int]:
    """Return the steps for which a target is stated: 3 of "3=0.6"."""
    stated = params.get("target")
    each = stated if isinstance(stated, Iterable) and not isinstance(stated, str) else [stated]
    return {int(str(one).partition("=")[0]) for one in each if one}
