"""Cell suppression: what is left out is enough, held against exact elimination."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retainkit.stats import suppression
from retainkit.stats.suppression import Cells, Sum, suppressed

LEAST = 10


def cells_of(values: list[float], sums: list[tuple[int, list[int]]], free: int = 0) -> Cells:
    """Return cells that count members; the last `free` of them are not printed."""
    value = np.array(values, dtype=float)
    cost = value.copy()
    if free:
        cost[-free:] = 0
    return Cells(value, value, cost, [Sum(total, np.array(parts)) for total, parts in sums])


def cube(counts: np.ndarray) -> Cells:
    """Return a table of any dimensions with all its margins, each the sum along one of them."""
    values: list[float] = []
    sums = []
    places = np.empty([n + 1 for n in counts.shape], dtype=int)
    for at in np.ndindex(*places.shape):
        picked = tuple(slice(None) if i == n else i for i, n in zip(at, counts.shape, strict=True))
        places[at] = len(values)
        values.append(float(counts[picked].sum()))
    for at in np.ndindex(*places.shape):
        for axis, n in enumerate(counts.shape):
            if at[axis] == n:
                parts = [int(places[(*at[:axis], i, *at[axis + 1 :])]) for i in range(n)]
                sums.append((int(places[at]), parts))
    return cells_of(values, sums)


def known(cells: Cells, hidden: np.ndarray) -> set[int]:
    """Return the hidden cells that the sums give away, by elimination in fractions."""
    places = np.flatnonzero(hidden).tolist()
    rows = []
    for each in cells.sums:
        own = dict.fromkeys(each.parts.tolist(), Fraction(1)) | {each.total: Fraction(-1)}
        rows.append([own.get(place, Fraction(0)) for place in places])
    lead: dict[int, list[Fraction]] = {}
    for place in range(len(places)):
        found = next((row for row in rows if row[place]), None)
        if found is None:
            continue
        rows = [row for row in rows if row is not found]
        found = [value / found[place] for value in found]
        for others in (rows, list(lead.values())):
            for row in others:
                factor = row[place]
                row[:] = [a - factor * b for a, b in zip(row, found, strict=True)]
        lead[place] = found
    return {places[place] for place, row in lead.items() if sum(map(bool, row)) == 1}


SHAPES = st.sampled_from([(2, 2), (3, 4), (2, 3, 3), (5,), (4, 6)])


@given(data=st.data(), shape=SHAPES)
def test_nothing_left_out_can_be_worked_out(data: st.DataObject, shape: tuple[int, ...]) -> None:
    many = int(np.prod(shape))
    counts = st.one_of(st.integers(0, 3), st.integers(0, 60))
    table = np.array(data.draw(st.lists(counts, min_size=many, max_size=many))).reshape(shape)
    cells = cube(table)
    hidden = suppressed(cells, LEAST)
    small = (cells.value > 0) & (cells.value < LEAST)
    assert hidden[small].all()
    assert not hidden[cells.value == 0].any()
    assert hidden.any() == small.any()
    assert not known(cells, hidden)
    for each in cells.sums:
        parts = each.parts[hidden[each.parts]]
        if len(parts) and not hidden[each.total]:
            assert cells.value[parts].sum() >= LEAST


def test_two_blocks_joined_by_one_cell_give_it_away() -> None:
    # Every row and column has two cells left out, and still the one between the blocks is known.
    table = np.array([[5, 5, 90, 90], [5, 5, 5, 90], [90, 90, 5, 5], [90, 90, 5, 5]])
    cells = cube(table)
    small = (cells.value > 0) & (cells.value < LEAST)
    assert known(cells, small) == {int(np.ravel_multi_index((1, 2), (5, 5)))}
    hidden = suppressed(cells, LEAST)
    assert not known(cells, hidden)
    assert hidden.sum() > small.sum()


def test_who_is_in_no_part_is_a_cell_that_nobody_prints() -> None:
    # 95 of 100 came back: that 5 did not may not be told either.
    cells = cells_of([100, 95, 5], [(0, [1, 2])], free=1)
    assert suppressed(cells, LEAST).tolist() == [False, True, True]
    # 3 of 100: 97 did not, which nobody prints, so nothing else has to be left out.
    cells = cells_of([100, 3, 97], [(0, [1, 2])], free=1)
    assert suppressed(cells, LEAST).tolist() == [False, True, True]


def test_what_costs_least_is_left_out() -> None:
    value = np.array([100.0, 4, 36, 60])
    sums = [Sum(0, np.array([1, 2, 3]))]
    dear = Cells(value, value, np.array([100.0, 4, 1e9, 60]), sums)
    assert suppressed(dear, LEAST).tolist() == [False, True, False, True]
    all_dear = Cells(value, value, np.array([100.0, 4, 1e9, 1e9]), sums)
    assert suppressed(all_dear, LEAST).tolist() == [True, True, False, False]


def test_nothing_is_left_out_where_nothing_is_small() -> None:
    assert not suppressed(cube(np.full((4, 4), LEAST)), LEAST).any()
    assert not suppressed(cells_of([50, 0, 50], [(0, [1, 2])]), LEAST).any()


def test_many_unknowns_are_solved_as_few_are() -> None:
    counts = np.random.default_rng(5).poisson(11, size=(40, 30))
    cells = cube(counts)
    hidden = suppressed(cells, LEAST)
    assert hidden.sum() > 5 * suppression._EXACT
    direct = suppression._EXACT
    try:
        suppression._EXACT = 10**6
        assert (suppressed(cells, LEAST) == hidden).all()
    finally:
        suppression._EXACT = direct
