"""Pictures of cohorts: the triangle as a map of heat, the pooled mean as a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.heat import RAMP, shade
from retainkit.render.views.cohort import title_of
from retainkit.render.views.keys import Row, parts_of
from retainkit.results import Result

_MOST_COHORTS, _MOST_AGES = 60, 60
_WRITTEN = 24  # ages or fewer have their numbers written into the cells
_CELL = (46, 22)  # pixels
_COLD = "#e6eaef"  # of age 0, where all started, and of what is not over: on no scale
_VALUES = {
    "members": ("rate", "share of members", cells.percent),
    "amount": ("value_per_member", "amount per member", cells.compact),
    "orders": ("value_per_member", "orders per member", cells.compact),
}


def _value(result: Result) -> tuple[str, str, Callable[[float | None], str]]:
    """Return the column that is drawn, what it is called and how it is written."""
    return _VALUES[str(result.params.get("measure", "members"))]


def _unit(result: Result) -> str:
    return str(result.params.get("period", "month"))


def _age_title(result: Result) -> str:
    brackets = "ages" if result.params.get("brackets") else "age"
    return f"{brackets} in {_unit(result)}s since the start"


def _main(result: Result) -> Spec:
    """Draw the triangle, its cells coloured by their share."""
    column, title, words = _value(result)
    main, unit = result.main, _unit(result)
    panels, said = spec.chosen(parts_of(main, spec.by_columns(result, "cohort")), "size", 4)
    ages = [str(age) for age in main["age"].unique(maintain_order=True)][:_MOST_AGES]
    if main["age"].dtype.is_integer():
        ages.sort(key=int)
    cohorts = main["cohort"].unique().sort().tail(_MOST_COHORTS)
    names = [cells.period(cohort, unit) for cohort in cohorts]
    written = len(ages) <= _WRITTEN and len(panels) == 1
    rows = [
        (panel, row)
        for panel, rows in panels.items()
        for row in rows
        if str(row["age"]) in ages and cells.period(row["cohort"], unit) in names
    ]
    top = _top([row for _, row in rows], column)
    values = [_cell(panel, row, column, words, top, unit) for panel, row in rows]
    if not all(row["complete"] for _, row in rows):
        said.append(f"Lighter{', with *' if written else ''}: not over yet.")
    if len(cohorts) < main["cohort"].n_unique():
        said.append(f"The last {len(cohorts)} of {main['cohort'].n_unique()} cohorts.")
    layers = _layers(values, names, ages, _age_title(result), title, top, written=written)
    size = (max(len(ages) * _CELL[0], 240), max(len(names) * _CELL[1], 60))
    what = title_of(result.params)
    return spec.picture(result, what, values, layers, said=said, panels=list(panels), size=size)


def _top(rows: Sequence[Row], column: str) -> float:
    """Return the value of the hottest colour: the 95th percentile, so that no cell sets all."""
    known = sorted(
        row[column]
        for row in rows
        if row["complete"] and str(row["age"]) != "0" and row[column] is not None
    )
    return float(known[int(len(known) * 0.95)] if known else 0) or 1.0


def _cell(
    panel: str, row: Row, column: str, words: Callable[[float | None], str], top: float, unit: str
) -> Datum:
    value, start = row[column], cells.period(row["cohort"], unit)
    size = f"{cells.count(row['returned'])} of {cells.count(row['size'])}"
    cold = value is None or str(row["age"]) == "0" or not row["complete"]
    return {"panel": panel, "cohort": start, "age": str(row["age"]), "value": value} | {
        "cold": cold,
        "ink": "#24292f" if cold else shade(value / top).ink,
        "strength": 1 if row["complete"] else spec.LIGHTER,
        "text": words(value) + ("" if row["complete"] else "*"),
        "said": f"{start}, age {row['age']}: {words(value)}, {size} members",
    }


def _layers(
    values: Sequence[Datum],
    cohorts: Sequence[str],
    ages: Sequence[str],
    age_title: str,
    title: str,
    top: float,
    *,
    written: bool,
) -> Iterator[Spec]:
    """Yield the cells on the scale, those that are on none, and the numbers in them."""
    place = {
        "x": _band("age", ages, {"title": age_title, "labelAngle": 0}),
        "y": _band("cohort", cohorts, {"title": "cohort"}),
    }
    mark = {"type": "rect", "stroke": "white", "strokeWidth": 1}
    scale = {"domain": [0, top], "range": [step.background for step in RAMP], "clamp": True}
    legend = {"title": title, "format": ".1~%" if title.startswith("share") else "~s"}
    heat = {"field": "value", "type": "quantitative", "scale": scale, "legend": legend}
    told = {"opacity": spec.as_given("strength"), "description": spec.description()}
    for cold in (False, True):
        if not any(value["cold"] is cold for value in values):
            continue
        colour = {"value": _COLD} if cold else heat
        which = {"filter": {"field": "cold", "equal": cold}}
        yield {"transform": [which], "mark": mark, "encoding": {**place, **told, "color": colour}}
    if written:
        yield from spec.texts(values, place, 10)


def _band(field: str, names: Sequence[str], axis: Mapping[str, Any]) -> Spec:
    told = {"labelOverlap": True, "grid": False, "ticks": False, "domain": False, **axis}
    return {"field": field, "type": "ordinal", "scale": {"domain": list(names)}, "axis": told}


def _pooled(result: Result) -> Spec:
    """Draw the pooled mean by age, a line for each segment."""
    column, title, words = _value(result)
    by = spec.by_columns(result, "age")
    frame = result.tables["pooled"]
    segments, said = spec.chosen(parts_of(frame, by), "size", spec.MOST_LINES)
    ages = [str(age) for age in frame["age"].unique(maintain_order=True)]
    if frame["age"].dtype.is_integer():
        ages.sort(key=int)
    values = [
        {"segment": name, "age": str(row["age"]), "value": row[column]}
        | {"low": row["ci_low"], "high": row["ci_high"]}
        | {"said": spec.of_segment(name, f"age {row['age']}: {words(row[column])}")}
        for name, rows in segments.items()
        for row in rows
    ]
    color, dash = spec.by_segment(list(segments), spec.key_names(by))
    x = _band("age", ages, {"title": _age_title(result), "labelAngle": 0, "domain": True})
    if column == "rate":
        y = spec.shares("value", title, whole=False)
    else:
        y = {"field": "value", "type": "quantitative", "axis": {"title": title}}
    layers = [spec.line(x, y, color, dash, point={"size": 30})]
    pooled = "Pooled over cells that are over."
    if column == "rate":
        layers.insert(0, spec.band(x, y, color))
        pooled = f"Shaded: {spec.confidence(result)} intervals. {pooled}"
    what = f"{title_of(result.params)}, cohorts together"
    return spec.picture(result, what, values, layers, said=[*said, pooled])


PICTURES: Mapping[str, Callable[[Result], Spec]] = {"main": _main, "pooled": _pooled}
