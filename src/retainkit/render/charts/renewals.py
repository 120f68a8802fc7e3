"""The picture of renewals: the share still there as seen, beside the model's curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Row, parts_of
from retainkit.results import Result

_SEEN, _EXPECTED, _FORECAST = "seen", "expected", "forecast"
_KINDS = (_SEEN, _EXPECTED, _FORECAST)
_COLOURS = (spec.COLOURS[0], spec.COLOURS[3], spec.COLOURS[3])  # the model has one, dashed ahead
_DASHES = ([1, 0], [1, 0], [5, 4])
_EDGE = "edge"  # a datum of its own: up to where there is something


def _main(result: Result) -> Spec:
    """Draw both by renewal: points for what was seen, a line in its band for the model."""
    unit, by = str(result.params.get("period", "month")), spec.by_columns(result, "renewal")
    panels, said = spec.chosen(parts_of(result.main, by), "at_risk", spec.MOST_PANELS)
    values = [datum for panel, rows in panels.items() for datum in _of_panel(panel, rows)]
    last = max((value["age"] for value in values), default=0)
    x, y = spec.ages(last, f"renewal, one a {unit}"), spec.shares("share", "share still there")
    color, dash = spec.by_segment(_KINDS, "")
    color["scale"]["range"], dash["scale"]["range"] = list(_COLOURS), list(_DASHES)
    area = {
        "transform": [_only("banded", True)],
        **spec.band(x, y, {"value": _COLOURS[1]}),
    }
    rule = {
        "transform": [_only("segment", _EDGE)],
        "mark": {**spec.UNTOLD, "type": "rule", "color": "#8c959f"},
        "encoding": {"x": x},
    }
    drawn = {"x": x, "y": y, "color": color}
    line = {
        "transform": [_only("line", True)],
        "mark": {**spec.UNTOLD, "type": "line", "strokeWidth": 2},
        "encoding": {**drawn, "strokeDash": dash},
    }
    point = {
        "transform": [_only("line", True)],
        "mark": {"type": "point", "filled": True, "opacity": 1},
        "encoding": {**drawn, "size": spec.as_given("size"), "description": spec.description()},
    }
    said += _said(result) if values else []
    layers, what = [area, rule, line, point], "share still there, by renewal"
    return spec.picture(result, what, values, layers, said=said, panels=list(panels))


def _only(field: str, value: str | bool) -> Spec:
    return {"filter": {"field": field, "equal": value}}


def _said(result: Result) -> Iterator[str]:
    frame = result.main
    if (frame["part"] == "holdout").any():
        yield (
            "Upright lines: the last renewal of which the model has seen any; the last that is due."
        )
    else:
        yield "The upright line: the last renewal that is due."
    if frame["expected_low"].count():
        yield f"Shaded: {spec.confidence(result)} intervals, if the model holds."


def _of_panel(panel: str, rows: Sequence[Row]) -> Iterator[Datum]:
    """Yield where upright lines are, and each renewal as seen and as expected, from the start."""
    known = [row for row in rows if row["part"] != _FORECAST]
    told = [row for row in known if row["part"] != "holdout"]
    for edge in {len(told), len(known)} if told else {len(known)}:
        yield {"panel": panel, "segment": _EDGE, "age": edge}
    yield _datum(panel, _SEEN, 0, 1.0)
    for row in known:
        if row["survival"] is not None:
            yield _datum(panel, _SEEN, row["renewal"], row["survival"])
    if rows[0]["expected_survival"] is None:
        return
    width = None if rows[0]["expected_low"] is None else 1.0
    start: Row = {"renewal": 0, "expected_survival": 1.0} | {
        "expected_low": width,
        "expected_high": width,
    }
    model = [start, *rows]
    for row in model[: len(known) + 1]:
        yield _modelled(panel, _EXPECTED, row)
    # The forecast begins where that ends, and the band goes on.
    yield _modelled(panel, _FORECAST, model[len(known)]) | {"banded": False}
    for row in model[len(known) + 1 :]:
        yield _modelled(panel, _FORECAST, row)


def _modelled(panel: str, kind: str, row: Row) -> Datum:
    banded = row["expected_low"] is not None
    return _datum(panel, kind, row["renewal"], row["expected_survival"]) | {
        "banded": banded,
        "low": row["expected_low"],
        "high": row["expected_high"],
    }


def _datum(panel: str, kind: str, renewal: int, share: float) -> Datum:
    said = f"renewal {renewal:,}, {kind}: {cells.percent(share)}"
    return {"panel": panel, "segment": kind, "line": True, "age": renewal, "share": share} | {
        "size": 36 if kind == _SEEN else 0,
        "said": said,
    }


PICTURES: Mapping[str, Callable[[Result], Spec]] = {"main": _main}
