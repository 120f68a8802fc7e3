"""Pictures of orders: windows, the share that has ordered by day, where sales came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Row, parts_of
from retainkit.render.views.orders.sales import FACTORS
from retainkit.render.views.orders.when import CURVES
from retainkit.results import Result

_WINDOWS = {"main": "second order since the first", "first_order": "first order since joining"}


def _windows(result: Result) -> Spec:
    """Draw the shares within each number of days, segments side by side."""
    by = spec.by_columns(result, "days")
    frame = next(iter(result.tables.values()))
    segments, said = spec.chosen(parts_of(frame, by), "mature", spec.MOST_LINES)
    rows = [(name, row) for name, rows in segments.items() for row in rows]
    what = _WINDOWS[next(iter(result.tables))]
    days = [str(day) for day in sorted({row["days"] for _, row in rows})]
    values = [_window(name, row) for name, row in rows if row["rate"] is not None]
    place = {
        "x": {"field": "days", "type": "ordinal", "scale": {"domain": days}}
        | {"axis": {"title": "within so many days", "labelAngle": 0}},
        "xOffset": {"field": "segment", "type": "nominal", "scale": {"domain": list(segments)}},
        "color": spec.by_name("segment", list(segments), spec.key_names(by)),
    }
    y = spec.shares("rate", "share of those whose window is over", whole=False)
    said.append(f"Lines: {spec.confidence(result)} intervals.")
    return spec.picture(result, what, values, spec.points(place, y), said=said)


def _window(name: str, row: Row) -> Datum:
    said = f"{row['days']} days: {cells.percent(row['rate'])} of {cells.count(row['mature'])}"
    return {"segment": name, "days": str(row["days"]), "rate": row["rate"], "said": said} | {
        "low": row["ci_low"],
        "high": row["ci_high"],
    }


def _hazard(result: Result) -> Spec:
    """Draw the share that has ordered by day: a line for first orders, one for second ones."""
    by = spec.by_columns(result, "kind")
    panels, said = spec.chosen(parts_of(result.tables["hazard"], by), "at_risk", spec.MOST_PANELS)
    values = [_day(panel, row) for panel, rows in panels.items() for row in rows]
    color, dash = spec.by_segment(list(CURVES.values()), "")
    last = max((value["age"] for value in values), default=0)
    x = spec.ages(last, "day, counted from 0")
    y = spec.shares("share", "share who have ordered", whole=False)
    band = spec.band(x, y, color, **spec.STEPS)
    line = spec.line(x, y, color, dash, **spec.STEPS)
    said.append(f"Shaded: {spec.confidence(result)} intervals.")
    what = "share who have ordered, by day"
    return spec.picture(result, what, values, [band, line], said=said, panels=list(panels))


def _day(panel: str, row: Row) -> Datum:
    kind, share = CURVES[row["kind"]], row["cumulative"]
    said = f"{kind}, day {row['day']}: {cells.percent(share)}"
    return {"panel": panel, "segment": kind, "age": row["day"], "share": share} | {
        "low": row["ci_low"],
        "high": row["ci_high"],
        "said": said,
    }


def _value(result: Result) -> Spec:
    """Draw what the change of sales came from, period by period: above a line and below it."""
    unit, by = str(result.params.get("period", "month")), spec.by_columns(result, "period")
    frame = spec.last_periods(result.tables["value"])
    panels, said = spec.chosen(parts_of(frame, by), "orders", spec.MOST_PANELS)
    values = [datum for panel, rows in panels.items() for datum in _changes(panel, rows, unit)]
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": spec.periods(frame, unit),
            "y": {"field": "change", "type": "quantitative"}
            | {"axis": {"title": f"change of sales since the {unit} before"}},
            "color": spec.by_name("factor", list(FACTORS.values()), "from"),
            "order": {"field": "order", "type": "quantitative"},
            "description": spec.description(),
        },
    }
    line = {"mark": {**spec.UNTOLD, "type": "rule"}, "encoding": {"y": {"datum": 0}}}
    said.append("Between whole periods only.")
    what = f"what the change of sales came from, by {unit}"
    return spec.picture(result, what, values, [bars, line], said=said, panels=list(panels))


def _changes(panel: str, rows: Sequence[Row], unit: str) -> Iterator[Datum]:
    for row in rows:
        name = cells.period(row["period"], unit)
        for order, (factor, words) in enumerate(FACTORS.items()):
            change = row[f"from_{factor}"]
            if change is not None:
                yield {"panel": panel, "period": name, "factor": words, "order": order} | {
                    "change": change,
                    "said": f"{name}, {words}: {cells.compact(change)}",
                }


PICTURES: Mapping[str, Callable[[Result], Spec]] = {
    "main": _windows,
    "first_order": _windows,
    "hazard": _hazard,
    "value": _value,
}
