"""Paths: how many arrive, which paths they took, and where everybody is step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.figures.paper import fitted
from retainkit.render.view import Block, Document, Lines
from retainkit.render.views import plain
from retainkit.render.views.keys import Parts, Row, caption_of, interval_title, largest, parts_of
from retainkit.render.views.paths import matrix, segments, top
from retainkit.results import Result
from retainkit.wording import counted

_NAME = 24  # screen cells, in the title
MOST_SEGMENTS = 3


def view(result: Result) -> Document:
    """Return the paths and the step matrix; of several segments the paths, side by side first."""
    summary = result.tables["summary"]
    by = summary.columns[: summary.columns.index("members")]
    return Document(_title(result.params), tuple(_blocks(result, parts_of(summary, by), by)))


def _title(params: Mapping[str, object]) -> str:
    begin, end = (params.get(name) for name in ("from", "to"))
    start = "the first event" if begin is None else fitted(cells.label(begin), _NAME)
    to = "on" if end is None else f"to {fitted(cells.label(end), _NAME)}"
    window = params.get("window")
    return f"paths · from {start} {to}" + (f" within {window}" if window else "")


def _blocks(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    walked = {key: rows for key, rows in parts.items() if rows[0]["journeys"]}
    if not walked:
        yield Lines((_nobody(parts),))
        return
    main = result.main  # in which a segment may have another name: "by_rank"
    paths = parts_of(main, main.columns[: main.columns.index("rank")])
    if len(parts) == 1:
        ((key, (row,)),) = walked.items()
        yield Lines((_said(row, result.params),), caption=caption_of(by, key))
        yield from top.blocks(paths[key], row, result.params)
        yield from matrix.blocks(result)
    else:
        yield from segments.compared(parts, by, result.params)
        shown = largest(walked, "journeys", MOST_SEGMENTS)
        yield from _of_segments(result, shown, paths, by)
        if len(shown) < len(walked):
            yield Lines((_left_out(len(shown), len(walked)),))
        yield from matrix.pictures(result)
    yield from plain.others(result, "main", filled=True)


def _of_segments(result: Result, shown: Parts, paths: Parts, by: Sequence[str]) -> Iterator[Block]:
    for key, (row,) in sorted(shown.items(), key=lambda item: -item[1][0]["journeys"]):
        yield from top.few(paths[key], row, result.params, caption_of(by, key))
    yield top.legend(result.params)


def _left_out(shown: int, segments_: int) -> str:
    return (
        f"Shown are the paths of the {cells.count(shown)} largest of "
        f"{counted(segments_, 'segment')}; all: --table main."
    )


def _nobody(parts: Parts) -> str:
    started = sum(row["started"] for rows in parts.values() for row in rows)
    if started:
        return f"No journey is over yet: {counted(started, 'member begins', 'members begin')}."
    return "Nobody begins."


def _verb(number: int, verb: str, of: str = "") -> str:
    """Return "1 of 2 members begins", or "2 of 2 members begin"."""
    words = (cells.count(number), of, f"{verb}s" if number == 1 else verb)
    return " ".join(filter(None, words))


def _said(row: Row, params: Mapping[str, object]) -> str:
    """Return who begins and who arrives, in a sentence."""
    begin = f"{_verb(row['started'], 'begin', 'of ' + counted(row['members'], 'member'))}."
    over = " whose window is over" if row["open"] else ""
    journeys = counted(row["journeys"], "journey")
    if params.get("to") is None:
        return f"{begin} {journeys}{over}, {counted(row['paths'], 'different path')}."
    between = cells.interval(row["ci_low"], row["ci_high"])
    said = f"{begin} Of {journeys}{over} {_verb(row['arrived'], 'arrive')}: "
    said += f"{cells.percent(row['rate'])} ({interval_title(params)} {between})"
    if row["arrived"]:
        said += f", half of them within {cells.duration(row['median_seconds'])}"
    return f"{said}."
