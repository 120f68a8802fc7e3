"""Renewals: contracts and what is expected of them, renewal by renewal, the curve, the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.figures import Curve, step_curve
from retainkit.render.figures.steps import MOST_CURVES
from retainkit.render.view import MARK, Block, Cell, Column, Document, Figure, Grid, Legend, Lines
from retainkit.render.views import keys, plain
from retainkit.render.views.keys import Parts, Row, interval_title, parts_of
from retainkit.render.views.parameters import parameters
from retainkit.results import Result
from retainkit.wording import counted

MOST_SEGMENTS = 20
MOST_ROWS = 24  # renewals of all segments together
_FEWEST = 4  # of each segment


def view(result: Result) -> Document:
    """Return the contracts, the renewals, the curve and the parameters."""
    unit = result.params.get("period", "month")
    title = f"renewals · contracts renewed {unit} by {unit}, and what is expected of them"
    return Document(title, tuple(_blocks(result)))


def _blocks(result: Result) -> Iterator[Block]:
    main = result.main
    by = main.columns[: main.columns.index("renewal")]
    parts = parts_of(main, by)
    yield from _contracts(result, by)
    yield from _renewals(result, parts, by)
    yield from _figure(parts)
    yield parameters(result, by, "the model: who leaves at a renewal", MOST_SEGMENTS)
    yield from plain.others(result, "main")


def _contracts(result: Result, by: Sequence[str]) -> Iterator[Block]:
    columns = (
        *(Column(name) for name in by),
        Column("contracts", "right"),
        Column("lost", "right", optional=True, rank=1),
        Column("there", "right"),
        Column("ahead", "right", optional=True, called="renewals ahead"),
        Column("ahead each", "right", optional=True, rank=2),
        Column("a new one", "right"),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            *(Cell(cells.count(row[name])) for name in ("contracts", "lost", "there")),
            Cell(cells.compact(row["expected_renewals"])),
            Cell(cells.compact(row["expected_renewals_per_contract"])),
            Cell(cells.compact(row["expected_periods_new"])),
        )

    parts = parts_of(result.tables["contracts"], by)
    shown = keys.largest(parts, "contracts", MOST_SEGMENTS)
    yield Grid(columns, tuple(keys.keyed(shown, drawn)))
    horizon = int(str(result.params.get("horizon", 12)))
    unit = str(result.params.get("period", "month"))
    yield Legend(
        (
            f"ahead: expected of those there, of the next {counted(horizon, 'renewal')} of each",
            f"a new one: {unit}s that it is expected to run, of the first {horizon + 1:,}",
        )
    )
    if len(shown) < len(parts):
        yield Lines((f"Shown are the {_largest(len(shown), len(parts))}; all: --table contracts.",))


def _renewals(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    """Yield the renewals that are due, as seen and as expected, and those that lie ahead."""
    shown = keys.largest(parts, "at_risk", MOST_ROWS // _FEWEST)
    most = max(MOST_ROWS // max(len(shown), 1), _FEWEST)
    some = {key: _thinned(rows, most) for key, rows in shown.items()}
    names = tuple(Column(name) for name in by)
    yield from _due(result, names, some)
    yield from _ahead(result, names, some)
    said = []
    if any(len(some[key]) < len(rows) for key, rows in shown.items()):
        said.append("Some renewals are left out.")
    if len(shown) < len(parts):
        said.append(f"Shown are the {_largest(len(shown), len(parts))}.")
    if said:
        yield Lines((f"{' '.join(said)} All: --table main.",))


def _due(result: Result, names: tuple[Column, ...], parts: Parts) -> Iterator[Block]:
    columns = (
        Column("renewal", "right"),
        Column("at risk", "right", optional=True, rank=2),
        Column("renewed", "right"),
        Column(interval_title(result.params), "right", optional=True),
        Column("expected", "right", optional=True, rank=1, called="renewed as expected"),
        Column("there", "right"),
        Column("expected", "right"),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.count(row["renewal"]), provisional=row["part"] == "holdout"),
            Cell(cells.count(row["at_risk"])),
            Cell(cells.percent(row["rate"])),
            Cell(cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.percent(row["expected_rate"])),
            Cell(cells.percent(row["survival"])),
            Cell(cells.percent(row["expected_survival"])),
        )

    due = {key: [row for row in rows if not _is_ahead(row)] for key, rows in parts.items()}
    if not any(due.values()):
        return
    yield Grid((*names, *columns), tuple(keys.keyed(due, drawn)))
    held = any(row["part"] == "holdout" for rows in due.values() for row in rows)
    yield Legend(
        (
            "renewed: of those at risk, who were there before and of whom this renewal is due",
            "there: of all contracts, the product of these shares; expected: by the model",
            *([f"{MARK} in the holdout: the model has not seen it"] if held else []),
        )
    )


def _ahead(result: Result, names: tuple[Column, ...], parts: Parts) -> Iterator[Grid]:
    """Yield what is expected beyond the data, with an interval where the model was fitted."""
    ahead = {
        key: [row for row in rows if _is_ahead(row) and row["expected_rate"] is not None]
        for key, rows in parts.items()
    }
    if not any(ahead.values()):
        return
    columns = (
        Column("renewal", "right"),
        Column("renewed", "right"),
        Column("there", "right"),
        Column(interval_title(result.params), "right", optional=True),
    )
    many = len(columns) if result.main["expected_low"].count() else len(columns) - 1

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.count(row["renewal"])),
            Cell(cells.percent(row["expected_rate"])),
            Cell(cells.percent(row["expected_survival"])),
            Cell(cells.interval(row["expected_low"], row["expected_high"])),
        )[:many]

    caption = "beyond the data, as the model expects"
    yield Grid((*names, *columns[:many]), tuple(keys.keyed(ahead, drawn)), caption=caption)


def _is_ahead(row: Row) -> bool:
    return bool(row["part"] == "forecast")


def _thinned(rows: Sequence[Row], most: int) -> list[Row]:
    """Return about `most` renewals: every n-th, the first, the last that is due, and the last."""
    step = -(-len(rows) // most)
    seen = sum(not _is_ahead(row) for row in rows)
    ends = {1, seen, len(rows)}
    return [row for row in rows if row["renewal"] % step == 0 or row["renewal"] in ends]


def _figure(parts: Parts) -> Iterator[Figure]:
    """Yield the share still there from the start on: seen beside expected, or then expected."""
    shown = keys.largest(parts, "at_risk", MOST_CURVES)
    if len(parts) == 1:
        ((rows,),) = (parts.values(),)
        curves = [_curve("seen", rows, "survival"), _curve("expected", rows, "expected_survival")]
        how = f"; the last that is due: {sum(not _is_ahead(row) for row in rows):,}"
    else:
        curves = [
            _curve(keys.label_of(key), rows, "survival", "expected_survival")
            for key, rows in shown.items()
        ]
        how = ", as seen, then as expected"
    which = f", the {len(shown)} largest segments" if len(shown) < len(parts) else ""
    curves = [curve for curve in curves if len(curve.times) > 1]
    if curves:
        ends = "; ".join(f"{curve.name}: {cells.percent(curve.values[-1])}" for curve in curves)
        caption = f"share of contracts still there, by renewal{how}{which}"
        yield Figure(step_curve(curves), caption, f"Falling from 100%, at the end: {ends}.")


def _curve(name: str, rows: Sequence[Row], *columns: str) -> Curve:
    """Return the first known of `columns` by renewal; all are there at renewal 0."""
    shares = {row["renewal"]: next(_known(row, columns), None) for row in rows}
    known = {renewal: share for renewal, share in shares.items() if share is not None}
    return Curve(name, [0, *known], [1.0, *known.values()])


def _known(row: Row, columns: Sequence[str]) -> Iterator[float]:
    return (row[column] for column in columns if row[column] is not None)


def _largest(shown: int, many: int) -> str:
    return f"{cells.count(shown)} largest of {counted(many, 'segment')}"
