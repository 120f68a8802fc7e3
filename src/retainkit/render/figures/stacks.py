"""Bars of one length, each divided among the same series: a line a bar, a sign a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from retainkit.render.figures.paper import fitted, legend

_NARROWEST_PLOT = 8


class Stack(NamedTuple):
    """A series: the sign it is drawn with, its name, and its part of each bar."""

    sign: str
    name: str
    parts: Sequence[int]


def stacked(labels: Sequence[str], stacks: Sequence[Stack], width: int = 80) -> tuple[str, ...]:
    """Return a bar for each label; what is not zero is never drawn as nothing.

    Parts are at least 0. A bar of nothing at all is empty.
    """
    if not labels:
        return ()
    margin = max(map(cell_len, labels))
    room = max(width - margin - 2, _NARROWEST_PLOT, len(stacks))
    lines = []
    for number, label in enumerate(labels):
        sizes = divided([stack.parts[number] for stack in stacks], room)
        bar = "".join(stack.sign * size for stack, size in zip(stacks, sizes, strict=True))
        lines.append(f"{label:>{margin}} │{bar}")
    lines += ["", *legend((f"{stack.sign} {stack.name}" for stack in stacks), width)]
    return tuple(fitted(line.rstrip(), width) for line in lines)


def divided(parts: Sequence[int], room: int) -> list[int]:
    """Return whole sizes that add up to `room`, in proportion; at least 1 for what is not 0."""
    total = sum(parts)
    if not total:
        return [0] * len(parts)
    sizes = [max(part * room // total, part > 0) for part in parts]
    rest = [part * room / total - size for part, size in zip(parts, sizes, strict=True)]
    while (over := sum(sizes) - room) != 0:
        step = -1 if over > 0 else 1
        able = [n for n, size in enumerate(sizes) if parts[n] and size + step > 0]
        chosen = max(able, key=lambda n: (step * rest[n], sizes[n]))
        sizes[chosen] += step
        rest[chosen] -= step
    return sizes
