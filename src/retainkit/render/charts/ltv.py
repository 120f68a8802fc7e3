"""Pictures of LTV: purchases week by week beside the model, and what cohorts have brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Parts, Row, parts_of
from retainkit.results import Result

_KINDS = {"actual": "came", "expected": "expected", "forecast": "forecast"}


def _tracking(result: Result) -> Spec:
    """Draw repeat purchases by week: what came, what the model says, and what lies ahead."""
    rows = list(result.tables["tracking"].iter_rows(named=True))
    values = [
        datum
        for week, row in enumerate(rows)
        for datum in (_came(week, row), _expected(week, row))
        if datum["many"] is not None
    ]
    color, dash = spec.by_segment(list(_KINDS.values()), "")
    x = spec.ages(max(len(rows) - 1, 0), "week, of those that end with the calibration")
    axis = {"title": "repeat purchases in the week"}
    y = {"field": "many", "type": "quantitative", "axis": axis}
    line = spec.line(x, y, color, dash)
    known = sum(row["part"] == "calibration" for row in rows) - 1
    rule = {
        "mark": {**spec.UNTOLD, "type": "rule", "color": "#8c959f"},
        "encoding": {"x": {"datum": known}},
    }
    said = ["The upright line: the model knows nothing of what comes after it."]
    what, layers = "repeat purchases by week", [line, rule] if rows else [line]
    return spec.picture(result, what, values, layers, said=said)


def _came(week: int, row: Row) -> Datum:
    return _datum(week, row, "actual", row["actual"])


def _expected(week: int, row: Row) -> Datum:
    kind = "forecast" if row["part"] == "forecast" else "expected"
    return _datum(week, row, kind, row["expected"])


def _datum(week: int, row: Row, kind: str, many: float | None) -> Datum:
    said = f"{row['to']}, {_KINDS[kind]}: {cells.compact(many)}"
    return {"age": week, "segment": _KINDS[kind], "many": many, "said": said}


def _cohorts_by_age(result: Result) -> Spec:
    """Draw what a buyer of each cohort has brought by age, and dashed, what it is expected to."""
    unit = str(result.params.get("period", "month"))
    frame = result.tables["cohorts"]
    priced = frame["value_per_member"].null_count() < frame.height
    field = "value_per_member" if priced else "orders_per_member"
    lines, said = spec.chosen(_cohorts(result, unit), "members", spec.MOST_LINES)
    values = [
        _brought(name, row[field], row["age"], row["part"])
        for name, rows in lines.items()
        for row in _joined_up(rows)
    ]
    color, _ = spec.by_segment(list(lines), "cohort")
    last = max((value["age"] for value in values), default=0)
    title = "money a buyer has brought" if priced else "orders of a buyer"
    encoding = {
        "x": spec.ages(last, f"age in {unit}s since the first order"),
        "y": {"field": "value", "type": "quantitative", "axis": {"title": title}},
        "color": color,
        "description": spec.description(),
    }
    marks = {
        "realised": {"type": "line", "strokeWidth": 2, "point": {"size": 24}},
        "forecast": {"type": "line", "strokeWidth": 2, "strokeDash": [2, 4], "opacity": 0.7},
    }
    layers = [
        {
            "transform": [{"filter": {"field": "part", "equal": part}}],
            "mark": mark,
            "encoding": encoding,
        }
        for part, mark in marks.items()
    ]
    said = [*said, "Dashed: what the models expect after calibration."]
    return spec.picture(result, f"{title}, by age in {unit}s", values, layers, said=said)


def _cohorts(result: Result, unit: str) -> Parts:
    """Return the rows of each cohort, which goes by its name."""
    by = spec.by_columns(result, "cohort")
    parts = parts_of(result.tables["cohorts"], [*by, "cohort"])
    return {(*key[:-1], cells.period(key[-1], unit)): rows for key, rows in parts.items()}  # type: ignore[arg-type]


def _joined_up(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows of a cohort, its forecast from the last that was seen before it."""
    first = min((row["age"] for row in rows if row["part"] == "forecast"), default=None)
    before = [row for row in rows if first is not None and row["age"] == first - 1]
    return [*rows, *({**row, "part": "forecast"} for row in before)]


def _brought(name: str, value: float, age: int, part: str) -> Datum:
    kind = "" if part == "realised" else ", forecast"
    said = f"{name}, age {age}{kind}: {cells.compact(value)}"
    return {"segment": name, "age": age, "value": value, "part": part, "said": said}


PICTURES: Mapping[str, Callable[[Result], Spec]] = {
    "tracking": _tracking,
    "cohorts": _cohorts_by_age,
}
