"""Pictures of churn: columns around a line, curves of staying and of coming back, reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Row, parts_of
from retainkit.results import Result

# Above the line in blues, below it in red; light to dark also where colours are not seen.
_CAME, _WENT = {"new": "#0b5394", "resurrected": "#7fb3dd", "joined": "#0b5394"}, "#d9603b"
_NOT_OVER = "Lighter: not over yet."
_OTHER = "all other categories"
_SINCE = {"timing": "age", "second_life": "age since the return", "winback": "time since the churn"}
_ONE = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}


def _unit(result: Result) -> str:
    return str(result.params.get("period", "month"))


def _main(result: Result) -> Spec:
    """Draw who came above a line and who went below it."""
    unit, frame = _unit(result), spec.last_periods(result.main)
    lifecycle = "quick_ratio" in frame.columns
    came = ("new", "resurrected") if lifecycle else ("joined",)
    parts = parts_of(frame, spec.by_columns(result, "period"))
    size = "active" if lifecycle else "present_end"
    panels, said = spec.chosen(parts, size, spec.MOST_PANELS)
    values = [
        datum
        for panel, rows in panels.items()
        for row in rows
        for datum in _columns(panel, row, came, unit)
    ]
    if any(value["strength"] < 1 for value in values):
        said.append(_NOT_OVER)
    colours = [*(_CAME[name] for name in came), _WENT]
    # The expression is our own; it holds no data.
    sizes = {"labelExpr": "format(abs(datum.value), ',')", "title": "members, churned downwards"}
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": spec.periods(frame, unit),
            "y": {"field": "members", "type": "quantitative", "axis": sizes},
            "color": spec.by_name("series", [*came, "churned"], "", colours),
            "opacity": spec.as_given("strength"),
            "order": {"field": "order", "type": "quantitative"},
            "description": spec.description(),
        },
    }
    line = {"mark": {**spec.UNTOLD, "type": "rule"}, "encoding": {"y": {"datum": 0}}}
    what = f"who {'came' if lifecycle else 'joined'} and who churned, by {unit}"
    return spec.picture(result, what, values, [bars, line], said=said, panels=list(panels))


def _columns(panel: str, row: Row, came: Sequence[str], unit: str) -> Iterator[Datum]:
    name = cells.period(row["period"], unit)
    for order, series in enumerate((*came, "churned")):
        members = row[series]
        yield {"panel": panel, "period": name, "series": series, "order": order} | {
            "members": -members if series == "churned" and members is not None else members,
            "strength": 1 if row["complete"] else spec.LIGHTER,
            "said": f"{name}: {cells.count(members)} {series}",
        }


def _curve(result: Result, age: str, share: str, start: float, title: str, *, band: bool) -> Spec:
    """Draw a share by age in steps, a line for each segment; start: before any row has it."""
    unit, by = _unit(result), spec.by_columns(result, age)
    parts = parts_of(next(iter(result.tables.values())), by)
    segments, said = spec.chosen(parts, "members", spec.MOST_LINES)
    values = [
        datum for name, rows in segments.items() for datum in _steps(name, rows, age, share, start)
    ]
    words = f"{_SINCE[next(iter(result.tables))]} in {unit}s"
    color, dash = spec.by_segment(list(segments), spec.key_names(by))
    last = max((value["age"] for value in values), default=0)
    x, y = spec.ages(last, words), spec.shares("share", title, whole=band)
    layers = [spec.line(x, y, color, dash, point={"size": 24}, **spec.STEPS)]
    if band:
        layers.insert(0, spec.band(x, y, color, **spec.STEPS))
        said.append(f"Shaded: {spec.confidence(result)} intervals.")
    return spec.picture(result, f"{title}, by {words}", values, layers, said=said)


def _steps(name: str, rows: Sequence[Row], age: str, share: str, start: float) -> Iterator[Datum]:
    if rows[0][age] > 0:
        yield _step(name, 0, start, start, start)
    for row in rows:
        yield _step(name, row[age], row[share], row.get("ci_low"), row.get("ci_high"))


def _step(name: str, age: int, share: float | None, low: object, high: object) -> Datum:
    said = spec.of_segment(name, f"{cells.count(age)}: {cells.percent(share)}")
    return {"segment": name, "age": age, "share": share, "low": low, "high": high, "said": said}


def _staying(result: Result) -> Spec:
    return _curve(result, "age", "survival", 1.0, "share not churned yet", band=True)


def _winback(result: Result) -> Spec:
    return _curve(result, "silence", "returned_so_far", 0.0, "share back", band=False)


def _reasons_over_time(result: Result) -> Spec:
    """Draw the churned of each period, stacked by the category of their reason."""
    frame = spec.last_periods(result.tables["reasons_over_time"])
    unit, parts = _unit(result), parts_of(frame, spec.by_columns(result, "period"))
    panels, said = spec.chosen(parts, "members", spec.MOST_PANELS)
    names = _categories(row for rows in panels.values() for row in rows)
    last = _not_over(result, frame)
    values = [
        {
            "panel": panel,
            "period": cells.period(row["period"], unit),
            "category": names.get(row["category"], _OTHER),
            "order": list(names).index(row["category"]) if row["category"] in names else len(names),
            "members": row["members"],
            "strength": spec.LIGHTER if row["period"] == last else 1,
            "said": f"{cells.period(row['period'], unit)}, {cells.label(row['category'])}: "
            f"{cells.count(row['members'])}",
        }
        for panel, rows in panels.items()
        for row in rows
    ]
    if last is not None:
        said.append(_NOT_OVER)
    drawn = list(dict.fromkeys([*names.values(), *(value["category"] for value in values)]))
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": spec.periods(frame, unit),
            "y": {"field": "members", "type": "quantitative", "axis": {"title": "churned members"}},
            "color": spec.by_name("category", drawn, "reason"),
            "opacity": spec.as_given("strength"),
            "order": {"field": "order", "type": "quantitative"},
            "description": spec.description(),
        },
    }
    what = f"why members churned, by {unit}"
    return spec.picture(result, what, values, [bars], said=said, panels=list(panels))


def _categories(rows: Iterator[Row]) -> dict[object, str]:
    """Return what the commonest categories are called, the commonest first."""
    members: dict[object, int] = {}
    for row in rows:
        members[row["category"]] = members.get(row["category"], 0) + row["members"]
    common = sorted(members, key=lambda category: -members[category])
    if len(common) > spec.MOST_KINDS:
        common = common[: spec.MOST_KINDS - 1]
    return dict(zip(common, spec.unlike(map(cells.label, common)), strict=True))


def _not_over(result: Result, frame: pl.DataFrame) -> date | None:
    """Return the last period if it is not over by as-of; this table does not say so itself."""
    if not frame.height or result.data.as_of is None:
        return None
    last = frame["period"].max()
    end = frame.select(pl.col("period").max().dt.offset_by(_ONE[_unit(result)])).item()
    return last if isinstance(last, date) and end > result.data.as_of.date() else None


PICTURES: Mapping[str, Callable[[Result], Spec]] = {
    "main": _main,
    "timing": _staying,
    "second_life": _staying,
    "winback": _winback,
    "reasons_over_time": _reasons_over_time,
}
