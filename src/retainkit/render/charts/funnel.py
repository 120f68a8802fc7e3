"""Pictures of funnels: bars with coefficients between, times taken, trend, segments compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.funnel.steps import BOTTLENECK, is_bottleneck, named
from retainkit.render.views.keys import Row, parts_of
from retainkit.results import Result

_BAR, _MEND, _BETWEEN, _DIM = "#0b5394", "#b3401c", "#57606a", "#8c959f"
_SLOT = 30  # pixels of a step or of what lies between two
_ROOM = 1.35  # the end of the axis of shares, so that a whole bar has room for its numbers
_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
_MOST_SEGMENTS = 20
_MOST_STEPS = 8  # of a panel; with more of them only the bars are drawn


def _main(result: Result) -> Spec:
    """Draw a bar for each step and, between two, the coefficient that leads to the next."""
    parts = parts_of(result.main, spec.by_columns(result, "step"))
    panels, said = spec.chosen(parts, "members", spec.MOST_PANELS)
    names = _step_names(next(iter(panels.values()), []), result)
    alone = len(panels) < 2
    values = [
        datum for panel, rows in panels.items() for datum in _slots(panel, rows, names, whole=alone)
    ]
    slots = [slot for name in names for slot in (_node(name), name)][1:]
    if not alone and len(names) > _MOST_STEPS:
        slots, values = names, [value for value in values if value["kind"] == "step"]
    if any(value["colour"] == _MEND for value in values):
        said.append(f"{BOTTLENECK} bottleneck: mending it brings most members to the end.")
    y = {"field": "slot", "type": "ordinal", "scale": {"domain": slots, "padding": 0.1}}
    y |= {"axis": {"values": names, "title": None, "grid": False, "ticks": False}}
    axis = {"format": ".0%", "title": "share of those at the first step", "values": _QUARTERS}
    x = {"field": "share", "type": "quantitative", "scale": {"domain": [0, _ROOM]}, "axis": axis}
    bars = {
        "transform": [{"filter": {"field": "kind", "equal": "step"}}],
        "mark": {"type": "bar", "color": _BAR},
        "encoding": {"x": x, "y": y, "description": spec.description()},
    }
    texts = [_text(colour, x, y) for colour in (_BAR, _MEND, _BETWEEN)]
    size = (spec.WIDTH, max(len(slots) * _SLOT, 4 * _SLOT))
    layers, what = [bars, *texts], "from step to step"
    return spec.picture(result, what, values, layers, said=said, panels=list(panels), size=size)


def _step_names(rows: Sequence[Row], result: Result) -> list[str]:
    return spec.unlike(named(row, result.params) for row in rows)


def _node(name: str) -> str:
    """Return what the place before a step is called; it is not drawn, but has to be unlike."""
    return f"× {name}"


def _slots(
    panel: str, rows: Sequence[Row], names: Sequence[str], *, whole: bool
) -> Iterator[Datum]:
    """Yield what is drawn for each step and before each but the first, top to bottom."""
    for number, (name, row) in enumerate(zip(names, rows, strict=False)):
        share, members = row["overall"], cells.count(row["members"])
        if number:
            yield {"panel": panel, "slot": _node(name), "kind": "node", "share": 0} | {
                "colour": _MEND if is_bottleneck(row) else _BETWEEN,
                "text": _between(row, whole=whole),
                "said": "",
            }
        yield {"panel": panel, "slot": name, "kind": "step", "share": share or 0} | {
            "colour": _BAR,
            "text": f"{members} · {cells.percent(share)}",
            "said": f"{name}: {members} members, {cells.percent(share)}",
        }


def _between(row: Row, *, whole: bool) -> str:
    """Return what is written between two steps; whole: with all its numbers."""
    coefficient = f"× {cells.percent(row['coefficient'])}"
    words = [f"{BOTTLENECK} bottleneck"] if is_bottleneck(row) else []
    if whole:
        coefficient += f" ({cells.interval(row['ci_low'], row['ci_high'])})"
        words.append(f"{cells.count(row['dropped'])} dropped")
        words.append(f"half within {cells.duration(row['median_seconds'])}")
    return " · ".join([coefficient, *words])


def _text(colour: str, x: Spec, y: Spec) -> Spec:
    mark = {**spec.UNTOLD, "type": "text", "align": "left", "dx": 5, "fontSize": 11}
    weight = "bold" if colour == _MEND else "normal"
    return {
        "transform": [{"filter": {"field": "colour", "equal": colour}}],
        "mark": {**mark, "color": colour, "fontWeight": weight},
        "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
    }


def _durations(result: Result) -> Spec:
    """Draw how long members took: a histogram for each step, and for the whole."""
    frame = result.tables["durations"]
    by = spec.by_columns(result, "step")
    named_parts = {
        (*key[:-1], f"step {key[-1]}" if key[-1] else "first to last"): rows
        for key, rows in parts_of(frame, [*by, "step"]).items()
    }
    panels, said = spec.chosen(named_parts, "members", spec.MOST_PANELS)
    said = [line.replace("segments", "histograms") for line in said]
    bins = _bins(frame)
    sums = {panel: sum(row["members"] for row in rows) or 1 for panel, rows in panels.items()}
    values = [
        {"panel": panel, "bin": _bin(row), "share": row["members"] / sums[panel]}
        | {"said": spec.of_segment(panel, f"{_bin(row)}: {cells.count(row['members'])} members")}
        for panel, rows in panels.items()
        for row in rows
    ]
    axis = {"title": "time from the step before", "labelAngle": -60, "labelFontSize": 9}
    x = {"field": "bin", "type": "ordinal", "axis": axis}
    bars = {
        "mark": {"type": "bar", "color": _BAR},
        "encoding": {
            "x": x | {"scale": {"domain": bins, "paddingInner": 0.1}},
            "y": spec.shares("share", "share of those who took it", whole=False),
            "description": spec.description(),
        },
    }
    what = "how long the steps took"
    return spec.picture(result, what, values, [bars], said=said, panels=list(panels))


def _bins(frame: pl.DataFrame) -> list[str]:
    """Return the bins in order; those between are there too if any step has somebody in them."""
    edges = frame.select("seconds_from", "seconds_to").unique().sort("seconds_from")
    return [_bin(row) for row in edges.iter_rows(named=True)]


def _bin(row: Row) -> str:
    start, stop = cells.duration(row["seconds_from"]), cells.duration(row["seconds_to"])
    if row["seconds_to"] is None:
        return f"{start} or more"
    if not row["seconds_from"]:
        return f"<{stop}"
    number, _, unit = start.partition(" ")
    return f"{number if stop.endswith(f' {unit}') else start}–{stop}"


def _trend(result: Result) -> Spec:
    """Draw the coefficients by period, a line for each step."""
    unit = str(result.params.get("trend") or "month")
    frame = spec.last_periods(result.tables["trend"])
    panels, said = spec.chosen(
        parts_of(frame, spec.by_columns(result, "period")), "members", spec.MOST_PANELS
    )
    nodes = [row for rows in panels.values() for row in rows if row["step"] > 1]
    names = _node_names(nodes, result)
    if len(names) > spec.MOST_LINES:
        said.append(f"The first {spec.MOST_LINES} of {len(names)} coefficients.")
    drawn = dict(list(names.items())[: spec.MOST_LINES])
    values = [
        _point(panel, row, drawn[row["step"]], unit)
        for panel, rows in panels.items()
        for row in rows
        if row["step"] in drawn and row["coefficient"] is not None
    ]
    if any(value["strength"] < 1 for value in values):
        said.append("Lighter: not over yet.")
    color, dash = spec.by_segment(list(drawn.values()), "step")
    x = spec.periods(frame, unit)
    y = spec.shares("coefficient", "share of those at the step before", whole=False)
    line = {
        "mark": {**spec.UNTOLD, "type": "line", "strokeWidth": 2},
        "encoding": {"x": x, "y": y, "color": color, "strokeDash": dash},
    }
    point = {
        "mark": {"type": "point", "filled": True, "size": 40},
        "encoding": {"x": x, "y": y, "color": color, "opacity": spec.as_given("strength")}
        | {"description": spec.description()},
    }
    what = f"from step to step, by {unit} of the start"
    return spec.picture(result, what, values, [line, point], said=said, panels=list(panels))


def _node_names(rows: Sequence[Row], result: Result) -> dict[int, str]:
    """Return what the steps are called, in their order."""
    names = {row["step"]: named(row, result.params) for row in rows}
    return {step: names[step] for step in sorted(names)}


def _point(panel: str, row: Row, name: str, unit: str) -> Datum:
    period, share = cells.period(row["period"], unit), row["coefficient"]
    return {"panel": panel, "period": period, "segment": name, "coefficient": share} | {
        "strength": 1 if row["complete"] else spec.LIGHTER,
        "said": f"{name}, {period}: {cells.percent(share)}",
    }


def _segments(result: Result) -> Spec:
    """Draw how far each segment's coefficient lies from the others', a panel for each step."""
    frame = result.tables["segments"]
    by = frame.columns[2 : frame.columns.index("members")]
    keys, said = spec.chosen(parts_of(frame, by), "members", _MOST_SEGMENTS)
    known = [(name, row) for name, rows in keys.items() for row in rows]
    steps = _node_names([row for _, row in known], result)
    panels = list(steps.values())[: spec.MOST_PANELS]
    if len(panels) < len(steps):
        said.append(f"The first {len(panels)} of {len(steps)} coefficients.")
    values = [
        _dot(steps[row["step"]], name, row)
        for name, row in known
        if row["difference"] is not None and steps[row["step"]] in panels
    ]
    said.append(f"Lines: {spec.confidence(result)} intervals. Filled: real, by Holm's p.")
    axis = {"title": spec.key_names(by), "grid": True}
    y = {"field": "segment", "type": "ordinal", "scale": {"domain": list(keys)}, "axis": axis}
    title = "coefficient, less that of all other segments"
    x = {"field": "difference", "type": "quantitative", "scale": {"zero": True}}
    x |= {"axis": {"format": "+.0%", "title": title, "tickCount": 6}}
    zero = {"mark": {**spec.UNTOLD, "type": "rule", "color": _DIM}, "encoding": {"x": {"datum": 0}}}
    between = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    lines = {
        "mark": {**spec.UNTOLD, "type": "rule", "strokeWidth": 2, "color": _BAR},
        "encoding": {"y": y, **between},
    }
    dots = {
        "mark": {"type": "point", "size": 60, "opacity": 1, "stroke": _BAR},
        "encoding": {"y": y, "x": x, "fill": {**spec.as_given("fill"), "type": "nominal"}}
        | {"description": spec.description()},
    }
    what = "from step to step, each segment beside all others"
    return spec.picture(result, what, values, [zero, lines, dots], said=said, panels=panels)


def _dot(panel: str, name: str, row: Row) -> Datum:
    difference = f"{cells.points(row['difference'])} points"
    return {"panel": panel, "segment": name, "difference": row["difference"]} | {
        "low": row["ci_low"],
        "high": row["ci_high"],
        "fill": _BAR if row["real"] else "white",
        "said": spec.of_segment(
            panel, f"{name}: {cells.percent(row['coefficient'])}, {difference}"
        ),
    }


PICTURES: Mapping[str, Callable[[Result], Spec]] = {
    "main": _main,
    "durations": _durations,
    "segments": _segments,
    "trend": _trend,
}
