"""The picture of a report's trend: a panel for each number of the headline, by as-of."""

from __future__ import annotations

import math
from calendar import timegm
from collections.abc import Callable, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Row, parts_of
from retainkit.render.views.trend import words
from retainkit.results import Result

_MOST = 12  # numbers
_SIZE = (340, 120)
_TICKS = 4
_COLOUR = spec.COLOURS[0]
_TOLD, _RESTATED = "circle", "diamond"
_POINT, _SMALL, _MARKED = 40, 12, 70  # sizes of points: of many runs, small ones
_MANY = 30


def _main(result: Result) -> Spec:
    """Draw the values run by run in their intervals, each number on a scale of its own."""
    parts = list(parts_of(result.main, ["name"]).items())
    shown = parts[:_MOST]
    names = spec.unlike(cells.label(name) for (name,), _ in shown)
    size = _SMALL if result.main["as_of"].n_unique() > _MANY else _POINT
    values = [
        _datum(place, name, row, size)
        for place, (name, (_, rows)) in enumerate(zip(names, shown, strict=True))
        for row in rows
    ]
    values.sort(key=lambda value: bool(value["shape"] == _RESTATED))  # in front of the others
    said = []
    if len(shown) < len(parts):
        said.append(f"The first {len(shown)} of {len(parts)} numbers.")
    if any(value["low"] is not None for value in values):
        said.append("Shaded: intervals.")
    if any(value["shape"] == _RESTATED for value in values):
        said.append("Hollow: restated.")
    x = _runs([value["run"] for value in values])
    panels = [
        _panel(place, name, x, share=rows[-1]["unit"] == "share")
        for place, (name, (_, rows)) in enumerate(zip(names, shown, strict=True))
    ]
    return spec.beside(result, "the headline by as-of, run by run", values, panels, said=said)


def _datum(place: int, name: str, row: Row, size: int) -> Datum:
    restated = row["value"] is not None and bool(row["restated"])
    said = f"{name}, as of {cells.moment(row['as_of'])}: {words(row)}"
    low, high = _known(row["low"]), _known(row["high"])
    return {"place": place, "run": _milliseconds(row), "value": _known(row["value"])} | {
        "low": None if high is None else low,
        "high": None if low is None else high,
        "shape": _RESTATED if restated else _TOLD,
        "fill": "white" if restated else _COLOUR,
        "size": _MARKED if restated else size,
        "said": f"{said}, restated" if restated else said,
    }


def _milliseconds(row: Row) -> int:
    """Return as-of as the clock of its zone shows it, as if that were UTC."""
    return timegm(row["as_of"].timetuple()) * 1000


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _runs(moments: Sequence[int]) -> Spec:
    """Return an axis of time that names a few of the runs."""
    runs = sorted(set(moments)) or [0]
    apart = (runs[-1] - runs[0]) / (_TICKS - 1)
    evenly = [runs[0] + apart * tick for tick in range(_TICKS)]
    named = sorted({min(runs, key=lambda run: abs(run - place)) for place in evenly})
    axis: Spec = {"values": named, "format": "%Y-%m-%d", "title": None, "grid": False}
    axis |= {"labelOverlap": True, "labelSeparation": 6}
    scale = {"type": "utc", "domain": [runs[0], runs[-1]], "nice": False}
    return {"field": "run", "type": "temporal", "scale": scale, "axis": axis}


def _panel(place: int, name: str, x: Spec, *, share: bool) -> Spec:
    axis = {"title": None, "format": ".1~%" if share else ",~r", "tickCount": 4}
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": axis}
    colour = {"value": _COLOUR}
    line = {
        "mark": {**spec.UNTOLD, "type": "line", "strokeWidth": 2, "color": _COLOUR},
        "encoding": {"x": x, "y": y},
    }
    shape = {"field": "shape", "type": "nominal", "scale": None, "legend": None}
    points = {
        "transform": [{"filter": {"field": "value", "valid": True}}],
        "mark": {"type": "point", "opacity": 1, "stroke": _COLOUR},
        "encoding": {"x": x, "y": y, "shape": shape, "description": spec.description()}
        | {"fill": {**spec.as_given("fill"), "type": "nominal"}, "size": spec.as_given("size")},
    }
    return {
        "title": {"text": name, "fontSize": 12, "anchor": "start", "frame": "group"}
        | {"limit": _SIZE[0]},
        "transform": [{"filter": {"field": "place", "equal": place}}],
        "width": _SIZE[0],
        "height": _SIZE[1],
        "layer": [spec.band(x, y, colour), line, points],
    }


PICTURES: Mapping[str, Callable[[Result], Spec]] = {"main": _main}
