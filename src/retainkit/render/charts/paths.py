"""Pictures of paths: the most common ones, the flow from event to event, shares by position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count

from retainkit.render import cells
from retainkit.render.charts import sankey, spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.views.keys import Row, parts_of
from retainkit.render.views.paths.matrix import ARRIVED, ENDED, MORE, OTHERS, named_events
from retainkit.results import Result

_INK, _PALE_ARRIVED, _PALE = "#24292f", "#9ec5e8", "#d0d7de"
_ARRIVED, _ENDED, _MORE, _GREY = "#2da44e", "#d0d7de", "#afb8c1", "#8c959f"
_OF_MARKS = {ARRIVED: _ARRIVED, ENDED: _ENDED, MORE: _MORE, OTHERS: _GREY, sankey.OTHER: _GREY}
_MOST_PATHS, _FEWER = 20, 8  # of one segment, of each of several
_MOST_PANELS = 4
_SLOT = 24  # pixels of a path
_COLUMN = 96  # pixels of a position
_NODE = 0.08  # of a column
_POINTS = 12  # of the edge of a band
_LABELLED = 0.012  # of the height, for a node to have its name beside it
_MOST_EVENTS = 7  # that have a colour of their own in bars


def _main(result: Result) -> Spec:
    """Draw a bar for each path, with its text in it."""
    panels, said = _panels(result, "rank", "members")
    most = _MOST_PATHS if len(panels) < 2 else _FEWER
    values = [
        _bar(panel, row)
        for panel, rows in panels.items()
        for row in sorted(rows, key=lambda row: row["rank"])[:most]
    ]
    if any(value["arrived"] for value in values):
        said.append("Darker: arrived.")
    slots = sorted({value["rank"] for value in values})
    y = {"field": "rank", "type": "ordinal", "scale": {"domain": slots, "padding": 0.12}}
    y |= {"axis": {"title": None, "grid": False, "ticks": False, "domain": False}}
    x = spec.shares("share", "share of all journeys", whole=False)
    colour = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    bars = {
        "mark": {"type": "bar"},
        "encoding": {"x": x, "y": y, "color": colour, "description": spec.description()},
    }
    width = spec.WIDTH
    text = {**spec.UNTOLD, "type": "text", "align": "left", "dx": 5, "fontSize": 11}
    words = {
        "mark": {**text, "color": _INK, "limit": width - 10},
        "encoding": {"x": {"datum": 0}, "y": y, "text": {"field": "text", "type": "nominal"}},
    }
    size = (width, max(len(slots), 4) * _SLOT)
    what = "the most common ones"
    return spec.picture(
        result, what, values, [bars, words], said=said, panels=list(panels), size=size, panel=size
    )


def _bar(panel: str, row: Row) -> Datum:
    text = f"{cells.label(row['path'])} · {cells.count(row['members'])}"
    colour = _PALE_ARRIVED if row["arrived"] in (True, None) else _PALE
    return {"panel": panel, "rank": row["rank"], "share": row["share"], "colour": colour} | {
        "arrived": bool(row["arrived"]),
        "text": text,
        "said": f"{text} members, {cells.percent(row['share'])}",
    }


def _panels(result: Result, before: str, size: str) -> tuple[dict[str, list[Row]], list[str]]:
    frame = next(iter(result.tables.values()))
    parts = parts_of(frame, spec.by_columns(result, before))
    return spec.chosen(parts, size, _MOST_PANELS)


def _links(result: Result) -> Spec:
    """Draw the flow from event to event: as wide as many took it."""
    panels, said = _panels(result, "position", "members")
    colours = _colours(row for rows in panels.values() for row in rows)
    drawn = {panel: sankey.laid_out(rows) for panel, rows in panels.items()}
    numbers = count()
    values: list[Datum] = []
    for panel, (nodes, bands) in drawn.items():
        for band in bands:
            values += _band(panel, next(numbers), band, colours)
        values += [_node(panel, node, colours) for node in nodes]
    every = [node for nodes, _ in drawn.values() for node in nodes]
    last = max((node.position for node in every), default=1)
    longest = max((row["position"] + 1 for rows in panels.values() for row in rows), default=0)
    if longest > last:
        said.append(f"The first {last + 1} of {longest + 1} positions.")
    if any(node.name == sankey.OTHER for node in every):
        said.append("(other): events with few members there.")
    if result.params.get("to") is not None:
        said.append("Who arrived is drawn up to the event of the arrival.")
    axis: Spec = {"values": list(range(last + 1)), "format": "d", "title": "events after the start"}
    axis |= {"grid": False, "domain": False, "ticks": False}
    x: Spec = {"field": "x", "type": "quantitative", "axis": axis}
    x |= {"scale": {"domain": [0, last + 1], "nice": False}}
    y: Spec = {"field": "top", "type": "quantitative", "axis": None}
    y |= {"scale": {"domain": [0, 1], "reverse": True}}
    size = ((last + 1) * _COLUMN, 420 if len(panels) < 2 else 260)
    return spec.picture(
        result,
        "from event to event",
        values,
        _flow_layers(x, y),
        said=said,
        panels=list(panels),
        size=size,
        panel=size,
    )


def _flow_layers(x: Spec, y: Spec) -> Iterator[Spec]:
    colour = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    edges = {"x": x, "y": y, "y2": {"field": "bottom"}, "color": colour}
    told = {"description": spec.description()}
    yield {
        "transform": [{"filter": {"field": "kind", "equal": "band"}}],
        "mark": {"type": "area", "opacity": 0.4, "interpolate": "monotone"},
        "encoding": edges | told | {"detail": {"field": "number", "type": "nominal"}},
    }
    yield {
        "transform": [{"filter": {"field": "kind", "equal": "node"}}],
        "mark": {"type": "rect"},
        "encoding": edges | told | {"x2": {"field": "x2"}},
    }
    text = {**spec.UNTOLD, "type": "text", "align": "left", "baseline": "middle"}
    text |= {"dx": _NODE * _COLUMN + 3, "fontSize": 10, "color": _INK}
    yield {
        "transform": [{"filter": {"field": "labelled", "equal": True}}],
        "mark": {**text, "limit": (1 - _NODE) * _COLUMN - 6},
        "encoding": {
            "x": x,
            "y": {**y, "field": "middle"},
            "text": {"field": "text", "type": "nominal"},
        },
    }


def _band(
    panel: str, number: int, band: sankey.Band, colours: Mapping[str, str]
) -> Iterator[Datum]:
    """Yield the points of a band's edges, which leave and come in level."""
    names = f"{cells.label(band.source.name)} to {cells.label(band.target.name)}"
    colour = colours.get(band.source.name, _GREY)
    begin, end = band.source.position + _NODE, band.target.position
    for step in range(_POINTS + 1):
        part = step / _POINTS
        risen = part * part * (3 - 2 * part)
        top = band.leaves + (band.enters - band.leaves) * risen
        yield {"panel": panel, "kind": "band", "number": number, "colour": colour} | {
            "x": begin + (end - begin) * part,
            "top": top,
            "bottom": top + band.width,
            "said": f"{names}: {cells.count(band.members)} members",
        }


def _node(panel: str, node: sankey.Node, colours: Mapping[str, str]) -> Datum:
    name = cells.label(node.name)
    return {"panel": panel, "kind": "node", "colour": colours.get(node.name, _GREY)} | {
        "x": node.position,
        "x2": node.position + _NODE,
        "top": node.top,
        "bottom": node.bottom,
        "middle": (node.top + node.bottom) / 2,
        "labelled": node.bottom - node.top >= _LABELLED,
        "text": name,
        "said": f"{name}, {node.position} events after the start: "
        f"{cells.count(node.members)} members",
    }


def _colours(rows: Iterable[Row]) -> dict[str, str]:
    """Return the colours of the events that most go through, and of those who are over."""
    sizes: dict[str, int] = {}
    for row in rows:
        for name in ([] if row["position"] else [row["source"]]) + [row["target"]]:
            sizes[name] = sizes.get(name, 0) + row["members"]
    events = sorted((name for name in sizes if name not in _OF_MARKS), key=lambda n: (-sizes[n], n))
    return dict(zip(events, spec.COLOURS, strict=False)) | _OF_MARKS


def _steps(result: Result) -> Spec:
    """Draw where everybody is at each position, as bars of one height."""
    panels, said = _panels(result, "position", "members")
    every = [row for rows in panels.values() for row in rows]
    common = [name for name in named_events(every, _MOST_EVENTS) if name not in _OF_MARKS]
    marks = (OTHERS, ARRIVED, ENDED, MORE)
    values = [
        datum for panel, rows in panels.items() for datum in _stacks(panel, rows, common, marks)
    ]
    names = [name for name in (*common, *marks) if name in {value["event"] for value in values}]
    colours = dict(zip(common, spec.COLOURS, strict=False)) | _OF_MARKS
    labels = {name: cells.label(name) for name in names}
    for value in values:
        value["event"] = labels[value["event"]]
    colour = spec.by_name(
        "event", list(labels.values()), "event", [colours[name] for name in names]
    )
    last = max((row["position"] for row in every), default=0)
    axis = {"title": "events after the start", "labelAngle": 0, "labelOverlap": True}
    x = {"field": "position", "type": "ordinal", "axis": axis}
    x |= {"scale": {"domain": list(range(last + 1)), "paddingInner": 0.15}}
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": x,
            "y": spec.shares("low", "share of all journeys"),
            "y2": {"field": "high"},
            "color": colour,
            "description": spec.description(),
        },
    }
    size = (spec.WIDTH, spec.HEIGHT)
    what = "where everybody is, event by event"
    return spec.picture(
        result, what, values, [bars], said=said, panels=list(panels), size=size, panel=size
    )


def _stacks(
    panel: str, rows: Sequence[Row], common: Sequence[str], marks: Sequence[str]
) -> Iterator[Datum]:
    """Yield the parts of each bar, from the bottom up."""
    parts: dict[int, dict[str, float]] = {}
    for row in rows:
        own = parts.setdefault(row["position"], {})
        name = row["event"] if row["event"] in (*common, *marks) else OTHERS
        own[name] = own.get(name, 0.0) + row["share"]
    for position, own in parts.items():
        low = 0.0
        for name in (name for name in (*common, *marks) if name in own):
            told = f"{cells.label(name)}, {position} events after the start"
            yield {"panel": panel, "position": position, "event": name, "low": low} | {
                "high": low + own[name],
                "said": f"{told}: {cells.percent(min(own[name], 1.0))}",
            }
            low += own[name]


PICTURES: Mapping[str, Callable[[Result], Spec]] = {
    "main": _main,
    "links": _links,
    "steps": _steps,
}
