"""The sections of a report as people read them: each command's own view, led by its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from retainkit.render.cells import clean
from retainkit.render.view import Block, Chart, Document, Figure
from retainkit.render.views import document_of, plain, trend
from retainkit.render.views.cohort import MOST_TRIANGLES
from retainkit.render.views.facts import window
from retainkit.reporting.model import Report, Section
from retainkit.results import DataWindow, Result

# The pictures of a section, by command: tables, and what each picture shows.
_ALONE = {
    "cohort": {"pooled": "the pooled mean by age"},
    "retention": {"main": "share active by day, with its interval"},
    "churn": {
        "main": "who came above a line, who churned below it",
        "timing": "share not churned yet, by age",
    },
    "funnel": {"main": "from step to step"},
    "orders": {
        "hazard": "share who have ordered, by day",
        "value": "what the change of sales came from",
    },
    "trend": {"main": "each number on a scale of its own"},
}
_COMPARED = {
    "retention": {"main": "share active by day, with its interval"},
    "funnel": {"segments": "how far each segment's coefficient lies from that of the others"},
}


@dataclass(frozen=True)
class Part:
    """One section, drawn. intro: sentences above. rows: which it is of, where not all others'."""

    name: str
    title: str
    intro: str
    document: Document
    rows: tuple[str, ...] = ()


def parts(report: Report) -> Iterator[Part]:
    """Yield the sections."""
    for section in report.sections:
        result, rows = _of_findings(section, report)
        document = _narrowed(result, report)
        if section.result.data != report.data:
            rows = (*rows, *_rows_of(section.result.data))
        yield Part(section.name, clean(section.title), clean(section.intro), document, rows)


def checks(report: Report) -> Document | None:
    """Return the verdicts, if rules were checked."""
    return None if report.verdicts is None else _narrowed(report.verdicts, report)


def lead(document: Document) -> str:
    """Return what a document shows: its title without the command's name."""
    return document.title.partition(" · ")[2] or document.title


def _of_findings(section: Section, report: Report) -> tuple[Result, tuple[str, ...]]:
    """Return what to draw of a section, and a line on it.

    Of triangles by many values only those of findings are drawn: these are what one looks for.
    """
    result = section.result
    column = result.main.columns[0]
    values = [
        each.evidence["value"]
        for each in report.findings
        if section.name in each.sections and each.evidence.get("column") == column
    ]
    if result.command != "cohort" or result.main[column].n_unique() <= MOST_TRIANGLES:
        return result, ()
    own = result.main.filter(pl.col(column).is_in(values, nulls_equal=True))
    if not own.height:
        return result, ()
    line = clean(f"Drawn of {column} are those that findings name; the means are of all.")
    return replace(result, tables={**result.tables, "main": own}), (line,)


def _rows_of(data: DataWindow) -> tuple[str, ...]:
    """Return the line of a section whose rows are not those of the others."""
    return tuple(clean(f"{word} of this section: {sentence}") for word, sentence in window(data))


def _narrowed(result: Result, report: Report) -> Document:
    """Return a section's document: with pictures, without what stands elsewhere in the report."""
    document = document_of(result)
    # That further tables can be asked for is no news here: they are in the report's data.
    more = [*plain.others(result, "main", filled=True), *plain.others(result, "main")]
    blocks = _pictured([block for block in document.blocks if block not in more], result)
    notes = tuple(note for note in document.notes if note not in _cleaned(report.notes))
    return replace(document, blocks=tuple(blocks), facts=(), notes=notes)


def _cleaned(texts: Sequence[str]) -> set[str]:
    return set(map(clean, texts))


def _pictured(blocks: Sequence[Block], result: Result) -> Iterator[Block]:
    """Yield blocks led by the charts of a command; its drawings of characters stand for them."""
    charts = list(_charts(result))
    figures = tuple(block for block in blocks if isinstance(block, Figure))
    if not charts:
        yield from blocks
        return
    yield replace(charts[0], instead=figures)
    yield from charts[1:]
    yield from (block for block in blocks if not isinstance(block, Figure))


def _charts(result: Result) -> Iterator[Chart]:
    if result.command == "trend" and not trend.is_drawn(result.main):
        return
    kinds = _COMPARED if result.params.get("by") else _ALONE
    for table, caption in kinds.get(result.command, {}).items():
        frame = result.tables.get(table)
        if frame is not None and frame.height:
            yield Chart(replace(result, tables={table: frame}), caption=caption)
