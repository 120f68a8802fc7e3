"""A report as people read it, whichever format draws it: what is shown, in which words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Chart, Column, Document, Figure, Grid, Legend
from retainkit.render.views import document_of, plain
from retainkit.render.views.facts import window as window_of
from retainkit.render.views.keys import interval_title
from retainkit.reporting.model import Finding, Headline, Report, Section
from retainkit.results import DataWindow, Result
from retainkit.sources import SourceOptions
from retainkit.wording import counted

CHECKS = "verdicts"  # the name of the section of checks
_READ = {"sources", *(field.name for field in fields(SourceOptions))}
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
}
_COMPARED = {
    "retention": {"main": "share active by day, with its interval"},
    "funnel": {"segments": "how far each segment's coefficient lies from that of the others"},
}


@dataclass(frozen=True)
class Part:
    """One section, drawn. name: its anchor. intro: sentences above. said: which rows it is of."""

    name: str
    title: str
    intro: str
    document: Document
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Use:
    """Where a definition is used: a section, and its parameters in words."""

    section: str
    title: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Definition:
    """What numbers of a metric mean, told once for all sections that use it."""

    metric: str
    sentence: str
    uses: tuple[Use, ...]


def title(report: Report) -> str:
    """Return the title."""
    return cells.label(report.title)


def said(text: str) -> str:
    """Return a sentence or a name as it can be shown: on one line, nothing hidden in it."""
    return cells.clean(text)


def window(report: Report) -> tuple[tuple[str, str], ...]:
    """Return (word, sentence) pairs: which data these numbers are of."""
    return tuple((word, cells.clean(sentence)) for word, sentence in window_of(report.data))


def summary(report: Report) -> str:
    """Return what the findings are, in a sentence that stands above them."""
    if not report.compared:
        return "Nothing was compared."
    compared = counted(report.compared, "comparison")
    if not report.findings:
        return f"Nothing stands out among {compared}."
    stand = "this stands" if len(report.findings) == 1 else "these stand"
    fdr = report.params.get("fdr")
    rate = f", at a false discovery rate of {100 * fdr:g}%" if isinstance(fdr, float) else ""
    return f"Of {compared}, {stand} out{rate}:"


def strength(finding: Finding) -> str:
    """Return how sure a finding is, and how many members it costs or brings."""
    said = f"adjusted p {cells.probability(finding.p_value)}"
    if finding.members is None:
        return said
    verb = "costs" if finding.members >= 0 else "brings"
    many = abs(round(finding.members))
    about = f"about {counted(many, 'member')}" if many else "less than one member"
    return f"{said}; {verb} {about}"


def section_of(report: Report, name: str) -> str | None:
    """Return the section that holds what is called so: itself, or the one it is a detail of."""
    names = [section.name for section in report.sections]
    if name in names:
        return name
    return next((each for each in names if name.startswith(each)), None)


def lead(document: Document) -> str:
    """Return what a document shows: its title without the command's name."""
    return document.title.partition(" · ")[2] or document.title


def headline(report: Report) -> tuple[Grid, Legend]:
    """Return the numbers of the day as a table, and what its columns mean."""
    interval = interval_title(report.params)
    columns = (
        Column("number"),
        Column("value", "right"),
        Column(interval, "right"),
        Column("n", "right"),
        Column("period"),
        Column("before", "right"),
        Column("change", "right"),
        Column(f"its {interval}", "right"),
    )
    month = report.params.get("period") == "month"
    rows = tuple(tuple(_headline(each, month=month)) for each in report.headline)
    items = (
        "n: of how many; before: in the period before; change: of shares, in percentage points",
        f"{cells.UNKNOWN}: not known, or of all time",
    )
    caption = "Of the last period that is over, and the one before"
    return Grid(columns, rows, caption=caption, optional_name="columns"), Legend(items)


def _headline(each: Headline, *, month: bool) -> Iterator[Cell]:
    share = each.unit == "share"
    before = _when(each.before_period, month=month)
    yield Cell(each.name)
    yield Cell(_value(each.value, share=share))
    yield Cell(cells.interval(each.low, each.high))
    yield Cell(cells.UNKNOWN if each.n is None else cells.count(each.n))
    yield Cell(_when(each.period, month=month) or "all time")
    yield Cell(_value(each.before, share=share), hint=before)
    yield Cell(_change(each.change, share=share))
    ends = [_change(end, share=share) for end in (each.change_low, each.change_high)]
    yield Cell(cells.UNKNOWN if cells.UNKNOWN in ends else " to ".join(ends))


def _value(value: float | None, *, share: bool) -> str:
    if value is None:
        return cells.UNKNOWN
    return cells.percent(value) if share else f"{value:,.0f}"


def _change(change: float | None, *, share: bool) -> str:
    if change is None:
        return cells.UNKNOWN
    if share:
        return cells.points(change)
    return f"{change:+,.0f}" if change else "0"


def _when(period: str, *, month: bool) -> str:
    """Return a period of ISO dates as it is read."""
    return period.removesuffix("-01") if month and len(period) == len("2024-03-01") else period


def checks(report: Report) -> Document | None:
    """Return the verdicts, if rules were checked."""
    return None if report.verdicts is None else _narrowed(report.verdicts, None, report)


def parts(report: Report) -> Iterator[Part]:
    """Yield the sections."""
    for section in report.sections:
        document = _narrowed(section.result, section.table, report)
        said = () if section.result.data == report.data else _rows_of(section.result.data)
        yield Part(section.name, section.title, section.intro, document, said)


def _rows_of(data: DataWindow) -> tuple[str, ...]:
    """Return the line of a section whose rows are not those of the others."""
    return tuple(said(f"{word} of this section: {sentence}") for word, sentence in window_of(data))


def _narrowed(result: Result, table: str | None, report: Report) -> Document:
    """Return a section's document: with pictures, without what stands elsewhere in the report."""
    document = document_of(result, table)
    # That further tables can be asked for is no news here: they are in the report's data.
    more = set(plain.others(result, table or "main", filled=True))
    more |= set(plain.others(result, table or "main"))
    blocks = tuple(block for block in document.blocks if block not in more)
    if table is None:
        blocks = tuple(_pictured(blocks, result))
    notes = tuple(note for note in document.notes if note not in _cleaned(report.notes))
    return replace(document, blocks=blocks, facts=(), notes=notes)


def _cleaned(texts: Sequence[str]) -> set[str]:
    return set(map(cells.clean, texts))


def _pictured(blocks: Sequence[Block], result: Result) -> Iterator[Block]:
    """Yield blocks led by the charts of a command; its drawings of characters stand for them."""
    charts = list(_charts(result))
    figures = tuple(block for block in blocks if isinstance(block, Figure))
    if not charts:
        yield from blocks
        return
    yield replace(charts[0], instead=figures)
    yield from charts[1:]
    yield from (block for block in blocks if block not in figures)


def _charts(result: Result) -> Iterator[Chart]:
    kinds = _COMPARED if result.params.get("by") else _ALONE
    for table, caption in kinds.get(result.command, {}).items():
        frame = result.tables.get(table)
        if frame is not None and frame.height:
            yield Chart(replace(result, tables={table: frame}), caption=caption)


def definitions(report: Report) -> list[Definition]:
    """Return every definition, once each, in the order of the sections."""
    found: dict[tuple[str, str], list[Use]] = {}
    for section in report.sections:
        key = section.result.command, cells.clean(section.result.definition)
        found.setdefault(key, []).append(_use(section))
    for key in _of_checks(report.verdicts):
        found.setdefault(key, [])
    return [Definition(*key, uses=tuple(uses)) for key, uses in found.items()]


def _of_checks(verdicts: Result | None) -> Iterator[tuple[str, str]]:
    """Yield the definitions of rules, and that of verdicts."""
    if verdicts is None:
        return
    if "definitions" in verdicts.tables:
        for row in verdicts.tables["definitions"].iter_rows(named=True):
            yield row["metric"], cells.clean(row["definition"])
    yield verdicts.command, cells.clean(verdicts.definition)


def _use(section: Section) -> Use:
    own = {name: value for name, value in section.result.params.items() if name not in _READ}
    return Use(section.name, section.title, _words(own))


def reading(report: Report) -> tuple[tuple[str, str], ...]:
    """Return how the data were read and what was asked: parameters in words."""
    return _words(report.params)


def _words(params: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return parameters that say something, as texts."""
    told = ((cells.clean(name), _word(value)) for name, value in params.items())
    return tuple((name, word) for name, word in told if word)


def _word(value: object) -> str:
    match value:
        case None | False | () | [] | "":
            return ""
        case True:
            return "yes"
        case tuple() | list():
            return ", ".join(map(_word, value))
        case float():
            return f"{value:g}"
        case _:
            return cells.clean(str(value))


def quality(report: Report) -> Grid:
    """Return what became of the rows: refused and left out by reason, and used."""
    data = report.data
    read = data.rows_read
    rows = [
        ("read", read),
        *((f"refused: {reason}", many) for reason, many in data.refused.items()),
        *((f"left out: {reason}", many) for reason, many in data.left_out.items()),
    ]
    columns = (Column("rows"), Column("how many", "right"), Column("share", "right"))
    return Grid(
        columns,
        tuple(_rows(name, many, read) for name, many in rows),
        (_rows("used", data.rows, read),),
        caption="What became of the rows",
        ordered=True,
    )


def _rows(name: str, many: int, read: int) -> tuple[Cell, ...]:
    share = many / read if read else None
    return Cell(name), Cell(cells.count(many)), Cell(cells.percent(share))
