"""Cell suppression: which counts to leave out so that no small one can be told or worked out.

Primary suppression leaves out counts of fewer than `least` members, complementary suppression
those that would give them away through sums. Source: Hundepool et al., Statistical Disclosure
Control (Wiley, 2012), chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.sparse.csgraph import connected_components

from retainkit.stats.intervals import Floats

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_EXACT = 50  # unknowns: up to so many a system is solved directly
_ZERO = 1e-6  # of a random solution: below it an unknown has one value only
_SEED = 20_240_601


@dataclass(frozen=True, eq=False)
class Sum:
    """A cell that is the sum of others: places in the cells."""

    total: int
    parts: Ints


@dataclass(frozen=True, eq=False)
class Cells:
    """Numbers that would be published.

    value: Floats[cells], none below 0. members: Floats[cells], of how many members each is. cost:
    Floats[cells], the loss of leaving each out; 0 for those that nobody prints but anybody can
    work out: they are known as soon as the rest of their sum is.
    """

    value: Floats
    members: Floats
    cost: Floats
    sums: Sequence[Sum]


def suppressed(cells: Cells, least: int) -> Mask:
    """Return which cells to leave out: Mask[cells].

    A cell of fewer than `least` members is left out, 0 is not. Then no cell that is left out can
    be worked out from those that are shown, by whatever sums and differences of `cells.sums`; and
    what the cells left out of one shown total come to together is at least `least`, where the
    total is.
    """
    small = (cells.members > 0) & (cells.members < least) & (cells.value != 0)
    state = _State(cells, small, least)
    state.close(range(len(cells.sums)))
    while (cell := state.telling()) is not None:
        state.hide(cell)
    return state.hidden


class _State:
    """What is left out so far. matrix: the sums as rows over all cells; each row comes to 0."""

    def __init__(self, cells: Cells, hidden: Mask, least: int) -> None:
        self.cells, self.hidden, self.least = cells, hidden, least
        self.of: list[list[int]] = [[] for _ in cells.value]
        for at, each in enumerate(cells.sums):
            for cell in (each.total, *each.parts.tolist()):
                self.of[cell].append(at)
        self.matrix = _matrix(cells)

    def hide(self, cell: int) -> None:
        """Leave out one more cell, and what it takes so that no sum by itself tells it."""
        self.hidden[cell] = True
        self.close(self.of[cell])

    def close(self, sums: Iterable[int]) -> None:
        """Leave out more, until no sum by itself gives a cell away."""
        waiting = dict.fromkeys(sums)
        while waiting:
            at = next(iter(waiting))
            if not self._gives_away(self.cells.sums[at]) or (cell := self._cheapest(at)) is None:
                del waiting[at]
                continue
            self.hidden[cell] = True
            waiting.update(dict.fromkeys(self.of[cell]))

    def telling(self) -> int | None:
        """Return a cell that helps to work out one that is left out; None where none does.

        The hidden cells x solve A x = b. One of them, j, is known where rows of A combine to it
        alone, A'y = e; then all that the same rows have of the shown cells tells it.
        """
        places = np.flatnonzero(self.hidden)
        own = self.matrix[:, places]
        group = _groups(own)
        for known in np.flatnonzero(_fixed(own, group)):
            rows = np.flatnonzero(abs(own) @ (group == group[known]) > 0)
            unit = np.zeros(len(places))
            unit[known] = 1.0
            combined = self.matrix[rows].T @ _solved(own[rows].T, unit)
            shown = np.flatnonzero(
                (np.abs(combined) > _ZERO) & ~self.hidden & (self.cells.value != 0)
            )
            if len(shown):
                return int(shown[np.argmin(self.cells.cost[shown])])
        return None

    def _gives_away(self, each: Sum) -> bool:
        parts = each.parts[self.hidden[each.parts]]
        if self.hidden[each.total]:
            return not len(parts)
        if not len(parts):
            return False
        return len(parts) == 1 or bool(self.cells.members[parts].sum() < self.least)

    def _cheapest(self, at: int) -> int | None:
        """Return the cell of a sum to leave out next: the one of the smallest loss."""
        each = self.cells.sums[at]
        own = np.append(each.parts, each.total)
        shown = own[~self.hidden[own] & (self.cells.value[own] != 0)]
        return int(shown[np.argmin(self.cells.cost[shown])]) if len(shown) else None


def _matrix(cells: Cells) -> csc_array:
    """Return the sums as a matrix: sums x cells, 1 for parts and -1 for the total."""
    rows = [at for at, each in enumerate(cells.sums) for _ in range(len(each.parts) + 1)]
    columns = [cell for each in cells.sums for cell in (*each.parts.tolist(), each.total)]
    signs = [sign for each in cells.sums for sign in (*[1.0] * len(each.parts), -1.0)]
    return csc_array((signs, (rows, columns)), shape=(len(cells.sums), len(cells.value)))


def _groups(matrix: csc_array) -> Ints:
    """Return which unknowns hang together: a number for each column."""
    found: Ints = connected_components(matrix.T @ matrix, directed=False)[1]
    return found


def _fixed(matrix: csc_array, group: Ints) -> Mask:
    """Return which unknowns of A x = 0 are 0 in every solution, and so in a random one.

    group: of each unknown, as `_groups` has it.
    """
    draw = np.random.default_rng(_SEED).standard_normal(matrix.shape[1])
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(group.max(initial=-1) + 2))
    fixed = np.zeros(matrix.shape[1], dtype=np.bool_)
    for start, end in pairwise(ends):
        own = order[start:end]
        part = matrix[:, own]
        part = part[np.unique(part.indices)]
        if part.shape[0]:
            nearest = draw[own] - part.T @ _solved(part.T, draw[own])
            fixed[own] = np.abs(nearest) < _ZERO
    return fixed


def _solved(matrix: csc_array, right: Floats) -> Floats:
    """Return the smallest y of those that bring A y nearest to the right side."""
    found: Floats
    if min(matrix.shape) <= _EXACT:
        found = np.linalg.lstsq(matrix.toarray(), right, rcond=None)[0]
    else:
        from scipy.sparse.linalg import lsmr

        found = lsmr(matrix, right, atol=1e-13, btol=1e-13, conlim=0, maxiter=20 * len(right))[0]
    return found
