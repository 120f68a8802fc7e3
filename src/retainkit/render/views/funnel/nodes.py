"""Coefficients side by side: a row for each segment or period, a column for each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.figures.paper import fitted
from retainkit.render.view import MARK, Block, Cell, Column, Grid, Legend, Lines
from retainkit.render.views.funnel.mend import targets
from retainkit.render.views.funnel.steps import BOTTLENECK, is_bottleneck, named
from retainkit.render.views.keys import Key, Parts, Row, keyed, largest, parts_of
from retainkit.results import Result
from retainkit.wording import counted

MOST_SEGMENTS = 20
MOST_PERIODS = 12  # of all segments together
_MOST_SEGMENTS_OF_PERIODS, _FEWEST = 4, 3
_TITLE, _TITLES = 10, 46  # screen cells of one step's title at least, of all of them
_UP, _DOWN = "↑", "↓"
_WHAT = "the column of a step: its coefficient, of those at the step before"


def segments(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    """Yield the grid of segments, signs on what is really different, and what they mean."""
    params = result.params
    shown = largest(parts, "members", MOST_SEGMENTS)
    signs = _signs(result, by)
    rows = []
    for key, steps in shown.items():
        marked = [_marked(row, signs.get((*key, row["step"]), "")) for row in steps[1:]]
        rows.append((*(Cell(cells.label(value)) for value in key), *_ends(steps), *marked))
    names = _names(next(iter(shown.values())), params)
    yield _grid([Column(name) for name in by], names, rows)
    legend = [_WHAT, *_in_full(names)]
    if signs:
        level = f"{1 - float(str(params.get('confidence', 0.95))):g}"
        others = "than that of all other segments together"
        legend.append(f"{_UP} {_DOWN} really higher, lower {others} (Holm's p < {level})")
    if any(is_bottleneck(row) for steps in shown.values() for row in steps):
        to = "the best segment's coefficient" + (" or its target" if targets(params) else "")
        legend.append(f"{BOTTLENECK} lifting this one to {to} brings most members to the end")
    yield Legend(tuple(legend))
    if len(shown) < len(parts):
        largest_of = f"{cells.count(len(shown))} largest of {counted(len(parts), 'segment')}"
        yield Lines((f"Shown are the {largest_of}; all: --table main.",))


def _signs(result: Result, by: Sequence[str]) -> dict[Key, str]:
    """Return the signs of real differences, by segment and step."""
    frame = result.tables.get("segments")
    rows = frame.iter_rows(named=True) if frame is not None else iter(())
    return {
        (*(row[name] for name in by), row["step"]): _UP if row["difference"] > 0 else _DOWN
        for row in rows
        if row["real"]
    }


def lower(result: Result, by: Sequence[str]) -> set[Key]:
    """Return the segments and steps that are really lower than all others together."""
    return {key for key, sign in _signs(result, by).items() if sign == _DOWN}


def _marked(row: Row, sign: str) -> Cell:
    signs = (BOTTLENECK if is_bottleneck(row) else "", sign, cells.percent(row["coefficient"]))
    return Cell(" ".join(filter(None, signs)), hint=_hint(row))


def _hint(row: Row) -> str:
    between = cells.interval(row["ci_low"], row["ci_high"])
    return f"{counted(row['members'], 'member')}, interval {between}"


def _ends(steps: Sequence[Row]) -> tuple[Cell, ...]:
    """Return how many entered, and what share of them got to the end."""
    last = steps[-1]
    hint = counted(last["members"], "member")
    return Cell(cells.count(steps[0]["members"])), Cell(cells.percent(last["overall"]), hint=hint)


def _names(steps: Sequence[Row], params: Mapping[str, object]) -> list[str]:
    return [named(row, params) for row in steps[1:]]


def _grid(
    first: Sequence[Column],
    names: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    caption: str = "",
) -> Grid:
    """Return a grid; one with a caption is laid out on its own, as its `overall` is optional."""
    columns = (
        *first,
        Column("entered", "right"),
        Column("overall", "right", optional=bool(caption), rank=2),
        *(Column(title, "right", optional=True, rank=1) for title in _titles(names)),
    )
    return Grid(columns, tuple(rows), caption=caption, optional_name="steps")


def _titles(names: Sequence[str]) -> list[str]:
    room = max(_TITLES // max(len(names), 1) - 2, _TITLE)
    return [fitted(name, room) for name in names]


def _in_full(names: Sequence[str]) -> Iterator[str]:
    """Yield the names of the columns whose titles had no room for them."""
    titles = _titles(names)
    if cut := [name for name, title in zip(names, titles, strict=True) if title != name]:
        yield f"in full: {', '.join(cut)}"


def trend(result: Result) -> Iterator[Block]:
    """Yield the grid of the last periods."""
    frame = result.tables.get("trend")
    if frame is None or not frame.height:
        return
    unit = str(result.params.get("trend") or "month")
    by = frame.columns[: frame.columns.index("period")]
    parts = parts_of(frame, by)
    shown = largest(parts, "members", _MOST_SEGMENTS_OF_PERIODS)
    each = max(MOST_PERIODS // len(shown), _FEWEST)
    last = {key: _by_period(rows)[-each:] for key, rows in shown.items()}

    def drawn(row: Row) -> tuple[Cell, ...]:
        steps: Sequence[Row] = row["steps"]
        name = cells.period(row["period"], unit)
        nodes = (Cell(cells.percent(step["coefficient"]), hint=_hint(step)) for step in steps[1:])
        return (Cell(name, provisional=not steps[0]["complete"]), *_ends(steps), *nodes)

    names = _names(next(iter(last.values()))[0]["steps"], result.params)
    first = (*(Column(name) for name in by), Column(unit, whole=True))
    yield _grid(first, names, tuple(keyed(last, drawn)), f"by the {unit} of the first step")
    open_ = any(not row["steps"][0]["complete"] for rows in last.values() for row in rows)
    said = [f"{MARK} not over yet"] if open_ else []
    if len(parts) == 1:  # else it stands under the segments
        said += [_WHAT, *_in_full(names)]
    yield Legend(tuple(said))
    periods = max(len(_by_period(rows)) for rows in shown.values())
    if periods > each or len(shown) < len(parts):
        whose = f" of the {len(shown)} largest segments" if by else ""
        yield Lines(
            (f"Shown are the last {each} of {counted(periods, unit)}{whose}; all: --table trend.",)
        )


def _by_period(rows: Sequence[Row]) -> list[Row]:
    """Return a row for each period that holds the rows of its steps."""
    steps: dict[object, list[Row]] = {}
    for row in rows:
        steps.setdefault(row["period"], []).append(row)
    return [{"period": period, "steps": of_it} for period, of_it in steps.items()]
