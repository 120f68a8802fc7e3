"""The geometry of a Sankey: nodes by position, and bands between them as wide as many go there.

Everything is in parts of the height, from the top. At every position one scale holds, so that
widths can be compared all over the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from retainkit.render.views.keys import Row
from retainkit.render.views.paths.matrix import ARRIVED, ENDED, MORE

OTHER = "(other)"
MOST_POSITIONS = 10
_MOST_NODES = 7  # named at a position
_LEAST = 0.02  # of all journeys, to be named
_GAP = 0.025  # between nodes
_LAST = {OTHER: 1, MORE: 2, ENDED: 3}  # below all events, in this order

Place = tuple[int, str]  # a position and what is there
Flows = dict[tuple[Place, Place], int]


@dataclass(frozen=True)
class Node:
    """What is at a position, and where it is drawn."""

    position: int
    name: str
    members: int
    top: float
    bottom: float


@dataclass(frozen=True)
class Band:
    """How many go from a node to one at the next position, and where it leaves and comes in."""

    source: Node
    target: Node
    members: int
    leaves: float  # its upper edge there
    enters: float
    width: float


def laid_out(rows: Iterable[Row]) -> tuple[list[Node], list[Band]]:
    """Return the nodes and bands of the links of one segment, those of small flows put together.

    Who is over is drawn once: arrivals end at their event, others at one node `(ended)`.
    """
    links = [
        row
        for row in rows
        if row["position"] < MOST_POSITIONS - 1 and row["source"] not in (ARRIVED, ENDED)
    ]
    total = sum(row["members"] for row in links if row["position"] == 0)
    sizes: dict[Place, int] = defaultdict(int)
    for row in links:
        if row["position"] == 0:
            sizes[0, row["source"]] += row["members"]
        if row["target"] != ARRIVED:
            sizes[row["position"] + 1, row["target"]] += row["members"]
    named = _named(sizes, total)
    flows: Flows = defaultdict(int)
    for row in links:
        source, target = (row["position"], row["source"]), (row["position"] + 1, row["target"])
        if source in named and target in named:
            flows[named[source], named[target]] += row["members"]
    nodes = _nodes(sizes, named, total)
    return list(nodes.values()), list(_bands(flows, nodes))


def _named(sizes: Mapping[Place, int], total: int) -> dict[Place, Place]:
    """Return each place as it is drawn: what is small, or comes late, is put together."""
    columns: dict[int, list[Place]] = defaultdict(list)
    for place in sorted(sizes, key=lambda place: (-sizes[place], place)):
        columns[place[0]].append(place)
    named: dict[Place, Place] = {}
    for position, places in columns.items():
        events = [place for place in places if place[1] not in _LAST]
        small = [p for n, p in enumerate(events) if n >= _MOST_NODES or sizes[p] < _LEAST * total]
        merged = small if len(small) > 1 else []
        named |= {place: (position, OTHER) if place in merged else place for place in places}
    return named


def _nodes(
    sizes: Mapping[Place, int], named: Mapping[Place, Place], total: int
) -> dict[Place, Node]:
    drawn: dict[Place, int] = defaultdict(int)
    for place, size in sizes.items():
        drawn[named[place]] += size
    columns: dict[int, list[Place]] = defaultdict(list)
    for place in sorted(drawn, key=lambda p: (_LAST.get(p[1], 0), -drawn[p], p[1])):
        columns[place[0]].append(place)
    most = max(map(len, columns.values()), default=1)
    scale = (1 - _GAP * (most - 1)) / max(total, 1)
    nodes = {}
    for position, places in columns.items():
        top = 0.0
        for place in places:
            bottom = top + drawn[place] * scale
            nodes[place] = Node(position, place[1], drawn[place], top, bottom)
            top = bottom + _GAP
    return nodes


def _bands(flows: Flows, nodes: Mapping[Place, Node]) -> Iterator[Band]:
    """Yield the bands in an order in which those of one node do not cross there."""
    leaves = {place: node.top for place, node in nodes.items()}
    enters = dict(leaves)
    for source, target in _ordered(flows, nodes):
        node, members = nodes[source], flows[source, target]
        width = (node.bottom - node.top) * members / max(node.members, 1)
        yield Band(node, nodes[target], members, leaves[source], enters[target], width)
        leaves[source] += width
        enters[target] += width


def _ordered(flows: Flows, nodes: Mapping[Place, Node]) -> Sequence[tuple[Place, Place]]:
    return sorted(flows, key=lambda flow: (flow[0][0], nodes[flow[0]].top, nodes[flow[1]].top))
