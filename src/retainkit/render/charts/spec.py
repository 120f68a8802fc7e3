"""What the pictures share: titles, segments, panels, axes, in the words of Vega-Lite."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from retainkit.render.cells import clean, count, label, period
from retainkit.render.views.keys import Parts, Row, interval_title, label_of, largest
from retainkit.results import Result

Spec = dict[str, Any]
Datum = dict[str, Any]

WIDTH, HEIGHT = 720, 320  # of one panel alone
_PANEL_WIDTH, _PANEL_HEIGHT = 340, 220
_APART = (64, 72)  # pixels between pictures with axes of their own
MOST_PANELS, MOST_LINES, MOST_KINDS = 6, 8, 8
MOST_PERIODS = 400
LIGHTER = 0.45  # the opacity of what is not over yet
_SUBTITLE = 120  # letters a line
_SUBTITLES = 4
_TICKS = 20
# Wong (2011), "Points of view: color blindness": told apart by nearly everyone.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000", "#b8a800")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3], [10, 4], [6, 2, 2, 2, 2, 2])
STEPS: Spec = {"interpolate": "step-after"}  # of lines that hold each value until the next one
# Of marks without a description of their own: Vega-Lite would make one, as an expression.
UNTOLD: Spec = {"aria": False}
# These are as wide as what vl-convert measures with; in a wider one, labels would be cut off.
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_INK, _PALE = "#24292f", "#57606a"
_LEAST_SHARE = 0.05  # that an axis of shares reaches, whatever there is
_CONFIG: Spec = {
    "background": "white",
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {"labelColor": _PALE, "titleColor": _INK, "titleFontWeight": "normal"}
    | {"domainColor": "#8c959f", "tickColor": "#8c959f", "gridColor": "#eaeef2"}
    | {"labelFontSize": 11, "titleFontSize": 12, "labelLimit": 160, "titlePadding": 8},
    "legend": {"labelLimit": 220, "labelColor": _INK},
    "header": {"labelLimit": 300, "labelFontSize": 12, "labelColor": _INK, "title": None},
}


def picture(
    result: Result,
    what: str,
    values: Sequence[Datum],
    layers: Iterable[Spec],
    *,
    said: Iterable[str] = (),
    panels: Sequence[str] = (),
    size: tuple[int, int] | None = None,
    panel: tuple[int, int] = (_PANEL_WIDTH, _PANEL_HEIGHT),
) -> Spec:
    """Return a whole specification of layers over the same data.

    what: what it shows, for the title. said: lines under the definition. panels: the values of
    the field "panel", one picture each; none: one picture of all. size: of the panel where there
    is one; panel: of each of several, two beside each other unless they are wider than usual.
    """
    alone = len(panels) < 2
    width, height = size or (WIDTH, HEIGHT)
    if not alone:
        width, height = panel
    drawn: Spec = {"width": width, "height": height, "layer": list(layers)}
    if not alone:
        # Their order by a number: a list of names would be made an expression.
        places = {name: place for place, name in enumerate(panels)}
        values = [{**datum, "place": places[datum["panel"]]} for datum in values]
        facet = {"field": "panel", "type": "nominal", "sort": {"field": "place", "op": "min"}}
        columns = 1 if width > _PANEL_WIDTH else 2
        drawn = {"facet": facet, "columns": columns, "spec": drawn}
        if len(panels) % columns:
            # Else the place that is left over in the last row would have an axis.
            drawn |= {"resolve": {"axis": {"x": "independent"}}}
    return _whole(result, what, values, drawn, said)


def beside(
    result: Result,
    what: str,
    values: Sequence[Datum],
    pictures: Sequence[Spec],
    *,
    said: Iterable[str] = (),
) -> Spec:
    """Return a whole specification of pictures of the same data, each with axes of its own.

    They stand two beside each other. what, said: as of `picture`.
    """
    none: Spec = {"width": WIDTH, "height": HEIGHT, "mark": {**UNTOLD, "type": "point"}}
    drawn: Spec = {"concat": list(pictures) or [none], "columns": 2, "bounds": "flush"}
    drawn |= {"spacing": {"row": _APART[0], "column": _APART[1]}}
    return _whole(result, what, values, drawn, said)


def _whole(
    result: Result, what: str, values: Sequence[Datum], drawn: Spec, said: Iterable[str]
) -> Spec:
    """Return a specification with its title, its data and our looks."""
    if not values:
        said = [*said, "There is nothing to draw: the table has no rows."]
    data = {"values": list(values), "format": {"type": "json", "parse": None}}
    said = list(map(clean, said))
    whole = {"title": _title(result, what, said), "data": data, **drawn, "config": _CONFIG}
    return {**whole, "usermeta": {"said": said}}  # for pages that give title and definition


def _title(result: Result, what: str, said: Iterable[str]) -> Spec:
    words = [result.command, result.params.get("definition"), what]
    lines = textwrap.wrap(clean(result.definition), _SUBTITLE, max_lines=_SUBTITLES)
    return {
        "text": clean(" · ".join(str(word) for word in words if word)),
        "subtitle": [*lines, *said],
        "anchor": "start",
        "frame": "group",
        "fontSize": 16,
        "subtitleColor": _PALE,
        "subtitlePadding": 6,
        "offset": 14,
    }


def chosen(parts: Parts, size: str, most: int) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the rows of the largest segments by unlike names, and what is said of the others."""
    shown = largest(parts, size, most)
    named = dict(zip(unlike(map(label_of, shown)), shown.values(), strict=True))
    if len(shown) == len(parts):
        return named, []
    return named, [f"The {count(len(shown))} largest of {count(len(parts))} segments."]


def unlike(names: Iterable[str]) -> list[str]:
    """Return names of which no two read the same: those that would get a number."""
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def key_names(by: Sequence[str]) -> str:
    """Return what the segments are called: the title of their legend."""
    return ", ".join(map(label, by))


def by_name(field: str, names: Sequence[str], title: str, colours: Sequence[str] = COLOURS) -> Spec:
    """Return the colours of a field whose values are `names`, in this order."""
    legend = {"title": clean(title) or None} if len(names) > 1 else None
    return {
        "field": field,
        "type": "nominal",
        "scale": {"domain": list(names), "range": list(colours[: len(names)])},
        "legend": legend,
    }


def by_segment(names: Sequence[str], title: str) -> tuple[Spec, Spec]:
    """Return colours and dashes by the field "segment": lines are told apart without colour too."""
    colour = by_name("segment", names, title)
    if colour["legend"]:
        as_lines = {"symbolType": "stroke", "symbolOpacity": 1, "symbolStrokeWidth": 2.5}
        colour["legend"] |= {**as_lines, "symbolFillColor": "transparent", "symbolSize": 400}
    scale = {"domain": list(names), "range": list(DASHES[: len(names)])}
    return colour, {**colour, "scale": scale}


def last_periods(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the last periods, as many as a picture has room for."""
    last = frame["period"].unique().sort().tail(MOST_PERIODS)
    return frame.filter(frame["period"].is_in(last.implode()))


def periods(frame: pl.DataFrame, unit: str) -> Spec:
    """Return an axis of a table's periods in their order; labels that overlap are left out."""
    labels = [period(start, unit) for start in frame["period"].unique().sort()]
    axis = {"labelOverlap": True, "labelAngle": 0, "title": unit}
    scale = {"domain": labels, "paddingInner": 0.2}
    return {"field": "period", "type": "ordinal", "scale": scale, "axis": axis}


def shares(field: str, title: str, *, whole: bool = True) -> Spec:
    """Return an axis of shares; whole: from 0 to 100%, else from 0 to what there is."""
    scale: Spec = {"domain": [0, 1] if whole else {"unionWith": [0, _LEAST_SHARE]}}
    axis = {"format": ".1~%", "title": title}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


def ages(last: int, title: str) -> Spec:
    """Return an axis of whole ages from 0 to the last one."""
    ticks = list(range(0, last + 1, -(-(last + 1) // _TICKS)))
    axis = {"values": ticks, "format": ",d", "title": title, "grid": False}
    axis |= {"labelOverlap": True, "labelSeparation": 4}
    scale = {"nice": False, "zero": True}
    return {"field": "age", "type": "quantitative", "scale": scale, "axis": axis}


def line(x: Spec, y: Spec, color: Spec, dash: Spec, **mark: Any) -> Spec:
    """Return lines that are told apart by colour and dash; mark: what else they look like."""
    return {
        "mark": {"type": "line", "strokeWidth": 2, **mark},
        "encoding": {"x": x, "y": y, "color": color, "strokeDash": dash}
        | {"description": description()},
    }


def band(x: Spec, y: Spec, color: Spec, **mark: Any) -> Spec:
    """Return the intervals around lines: areas from the field "low" to the field "high"."""
    return {
        "mark": {**UNTOLD, "type": "area", "opacity": 0.15, **mark},
        "encoding": {"x": x, **_between(y), "color": color},
    }


def points(place: Spec, y: Spec, **looks: Spec) -> list[Spec]:
    """Return a point for each value on the line of its interval, from "low" to "high".

    place: the encodings that both have; looks: further ones of the point.
    """
    rule = {
        "mark": {**UNTOLD, "type": "rule", "strokeWidth": 2},
        "encoding": {**place, **_between(y)},
    }
    point = {
        "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
        "encoding": {**place, "y": y, **looks, "description": description()},
    }
    return [rule, point]


def texts(values: Sequence[Datum], place: Spec, size: int) -> Iterator[Spec]:
    """Yield the field "text" written at `place`, a layer for each colour in the field "ink"."""
    text = {"field": "text", "type": "nominal"}
    for ink in sorted({value["ink"] for value in values}):
        yield {
            "transform": [{"filter": {"field": "ink", "equal": ink}}],
            "mark": {**UNTOLD, "type": "text", "fontSize": size, "color": ink},
            "encoding": {**place, "text": text},
        }


def _between(y: Spec) -> Spec:
    return {"y": {**y, "field": "low"}, "y2": {"field": "high"}}


def as_given(field: str) -> Spec:
    """Return a field whose values are drawn as they are: an opacity."""
    return {"field": field, "type": "quantitative", "scale": None, "legend": None}


def description() -> Spec:
    """Return what a screen reader says of each mark: the field "said"."""
    return {"field": "said", "type": "nominal"}


def of_segment(name: str, words: str) -> str:
    """Return what is said of a mark, led by its segment, if it has one."""
    return f"{name}, {words}" if name else words


def confidence(result: Result) -> str:
    """Return how sure the intervals are: 95%."""
    return interval_title(result.params).split()[0]


def by_columns(result: Result, before: str) -> list[str]:
    """Return the names of the segments' columns: those before the column `before`."""
    columns = next(iter(result.tables.values())).columns
    return columns[: columns.index(before)]
