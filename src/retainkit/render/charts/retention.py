"""The picture of retention: a point with its interval for each day and mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Key, Row, parts_of
from retainkit.results import Result


def _main(result: Result) -> Spec:
    """Draw the shares by day, the modes side by side; a panel for each segment or cohort."""
    by = spec.by_columns(result, "day")
    period = str(result.params.get("cohort") or "")
    parts = {_named(key, by, period): rows for key, rows in parts_of(result.main, by).items()}
    panels, said = spec.chosen(parts, "members", spec.MOST_PANELS)
    rows = [(panel, row) for panel, rows in panels.items() for row in rows]
    days = [f"D{day}" for day in sorted({row["day"] for _, row in rows})]
    modes = list(dict.fromkeys(row["mode"] for _, row in rows))
    values = [_datum(panel, row) for panel, row in rows if row["rate"] is not None]
    x = {"field": "day", "type": "ordinal", "scale": {"domain": days}}
    place = {
        "x": x | {"axis": {"title": "day since the start", "labelAngle": 0}},
        "xOffset": {"field": "mode", "type": "nominal", "scale": {"domain": modes}},
        "color": spec.by_name("mode", modes, "mode"),
    }
    y = spec.shares("rate", "share of mature members", whole=False)
    shapes = {"field": "mode", "type": "nominal", "scale": {"domain": modes}, "legend": None}
    layers = spec.points(place, y, shape=shapes)
    said.append(f"Lines: {spec.confidence(result)} intervals.")
    what = "share of mature members active, by day since the start"
    return spec.picture(result, what, values, layers, said=said, panels=list(panels))


def _named(key: Key, by: list[str], period: str) -> Key:
    """Return a key with its cohort as people read it."""
    return tuple(
        cells.period(value, period) if name == "cohort" and isinstance(value, date) else value
        for name, value in zip(by, key, strict=True)
    )


def _datum(panel: str, row: Row) -> Datum:
    day = f"D{row['day']}"
    said = f"{day} {row['mode']}: {cells.percent(row['rate'])} of {cells.count(row['mature'])}"
    return {"panel": panel, "day": day, "mode": row["mode"], "rate": row["rate"]} | {
        "low": row["ci_low"],
        "high": row["ci_high"],
        "said": said,
    }


PICTURES: Mapping[str, Callable[[Result], Spec]] = {"main": _main}
