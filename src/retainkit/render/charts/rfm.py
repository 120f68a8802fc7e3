"""Pictures of RFM: the named segments by members and money, the map of recency by frequency."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from retainkit.render import cells
from retainkit.render.charts import spec
from retainkit.render.charts.spec import Datum, Spec
from retainkit.render.heat import RAMP, shade
from retainkit.render.views.keys import Row, parts_of
from retainkit.results import Result

_SHARES = {"share": "of buyers", "amount_share": "of money"}
_CELL = 56  # pixels
_SCORES = ("1", "2", "3", "4", "5")


def _main(result: Result) -> Spec:
    """Draw each segment's share of the buyers beside its share of the money."""
    by = spec.by_columns(result, "segment")
    panels, said = spec.chosen(parts_of(result.main, by), "members", spec.MOST_PANELS)
    rows = [(panel, row) for panel, rows in panels.items() for row in rows]
    names = list(dict.fromkeys(row["segment"] for _, row in rows))
    values = [datum for panel, row in rows for datum in _bars(panel, row)]
    kinds = list(_SHARES.values())
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "scale": {"domain": names}}
            | {"axis": {"title": None}},
            "yOffset": {"field": "kind", "type": "nominal", "scale": {"domain": kinds}},
            "x": spec.shares("share", "share", whole=False),
            "color": spec.by_name("kind", kinds, "share"),
            "description": spec.description(),
        },
    }
    what = "segments, by buyers and by money"
    return spec.picture(result, what, values, [bars], said=said, panels=list(panels))


def _bars(panel: str, row: Row) -> Iterator[Datum]:
    for column, kind in _SHARES.items():
        share = row[column]
        said = f"{row['segment']}: {cells.percent(share)} {kind}"
        yield {"panel": panel, "name": row["segment"], "kind": kind, "share": share, "said": said}


def _cells(result: Result) -> Spec:
    """Draw how many buyers stand where, by the scores of recency and frequency."""
    by = spec.by_columns(result, "r")
    panels, said = spec.chosen(parts_of(result.tables["cells"], by), "members", spec.MOST_PANELS)
    rows = [(panel, row) for panel, rows in panels.items() for row in rows]
    top = max((row["members"] for _, row in rows), default=1)
    values = [_cell(panel, row, top) for panel, row in rows]
    place = {
        "x": _scores("f", "score of frequency", _SCORES),
        "y": _scores("r", "score of recency", _SCORES[::-1]),
    }
    scale = {"range": [step.background for step in RAMP], "domain": [0, top]}
    heat = {"field": "members", "type": "quantitative", "scale": scale}
    drawn: Spec = {
        "mark": {"type": "rect", "stroke": "white"},
        "encoding": {**place, "color": {**heat, "legend": {"title": "buyers"}}}
        | {"description": spec.description()},
    }
    layers = [drawn, *spec.texts(values, place, 11)]
    size = (len(_SCORES) * _CELL, len(_SCORES) * _CELL)
    what = "buyers by recency and frequency"
    return spec.picture(result, what, values, layers, said=said, panels=list(panels), size=size)


def _cell(panel: str, row: Row, top: int) -> Datum:
    members = cells.count(row["members"])
    return {"panel": panel, "r": str(row["r"]), "f": str(row["f"]), "members": row["members"]} | {
        "ink": shade(row["members"] / top).ink,
        "text": members,
        "said": f"recency {row['r']}, frequency {row['f']}: {members} buyers",
    }


def _scores(field: str, title: str, names: tuple[str, ...]) -> Spec:
    axis = {"title": title, "labelAngle": 0, "ticks": False, "domain": False}
    return {"field": field, "type": "ordinal", "scale": {"domain": list(names)}, "axis": axis}


PICTURES: Mapping[str, Callable[[Result], Spec]] = {"main": _main, "cells": _cells}
