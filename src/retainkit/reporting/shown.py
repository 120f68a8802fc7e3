"""What a report says beside its sections: findings, headline, rows; the same in all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from retainkit.render import cells
from retainkit.render.view import Cell, Column, Grid, Legend
from retainkit.render.views.facts import window as window_of
from retainkit.render.views.keys import interval_title
from retainkit.reporting.contents import cohort_of
from retainkit.reporting.model import Finding, Headline, Report
from retainkit.results import Result
from retainkit.wording import counted

_VERDICTS = {"breach": "breached", "undecided": "undecided", "warn": "warned of", "pass": "passed"}


@dataclass(frozen=True)
class Sentence:
    """A finding in words. section, title: where its evidence is, None where that is not shown."""

    text: str
    strength: str
    section: str | None
    title: str


def title(report: Report) -> str:
    """Return the title."""
    return cells.label(report.title)


def notes(report: Report) -> list[str]:
    """Return what all sections say of the data."""
    return list(map(cells.clean, report.notes))


def window(report: Report) -> tuple[tuple[str, str], ...]:
    """Return (word, sentence) pairs: which data these numbers are of, and how its rules fared."""
    told = tuple((word, cells.clean(sentence)) for word, sentence in window_of(report.data))
    return told if report.verdicts is None else (*told, ("checks", _verdicts(report.verdicts)))


def _verdicts(verdicts: Result) -> str:
    """Return how many rules came to which verdict, the worst first."""
    many = Counter(verdicts.main["verdict"].to_list())
    return ", ".join(f"{many[kind]:,} {word}" for kind, word in _VERDICTS.items() if many[kind])


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


def findings(report: Report) -> Iterator[Sentence]:
    """Yield the findings."""
    titles = {section.name: cells.clean(section.title) for section in report.sections}
    for each in report.findings:
        name = section_of(report, each.section)
        yield Sentence(
            cells.clean(each.sentence), _strength(each), name, titles[name] if name else ""
        )


def evidence(report: Report) -> Grid | None:
    """Return the numbers that the findings stand on; None where none are told."""
    told = [
        (number, each.evidence)
        for number, each in enumerate(report.findings, 1)
        if "own" in each.evidence
    ]
    if not told:
        return None
    columns = (
        Column("", "right", called="number"),
        Column("members"),
        Column("share"),
        Column("since"),
        Column("theirs", "right"),
        Column(interval_title(report.params), "right"),
        Column("n", "right"),
        Column("others", "right"),
        Column("n", "right", called="n of others"),
        Column("before", "right"),
        Column("others", "right", called="others before"),
    )
    unit = str(report.params.get("period", "month"))
    rows = tuple(tuple(_evidence(number, told, unit)) for number, told in told)
    return Grid(columns, rows, caption="The numbers of the findings", optional_name="columns")


def _evidence(number: int, told: Mapping[str, Any], unit: str) -> Iterator[Cell]:
    column = told["column"]
    yield Cell(f"{number}")
    yield Cell("all" if column is None else f"{cells.label(column)}: {cells.label(told['value'])}")
    yield Cell(cells.clean(told["share"]))
    yield Cell(_when(told["since"] or cells.UNKNOWN, unit))
    yield Cell(cells.percent(told["own"]))
    yield Cell(cells.interval(told["low"], told["high"]))
    yield Cell(cells.count(round(told["n"])))
    yield Cell(cells.percent(told["others"]))
    others = None if told["others"] is None else told["n_compared"]
    yield Cell(cells.count(None if others is None else round(others)))
    yield Cell(cells.percent(told["before"]))
    yield Cell(cells.percent(told["others_before"]))


def _strength(finding: Finding) -> str:
    """Return how sure a finding is; the sentence says how many members it comes to."""
    if finding.members is None and not finding.evidence:  # a bound, in a report that is shared
        return f"adjusted p at most {finding.p_value:g}"
    return f"adjusted p {cells.probability(finding.p_value)}"


def section_of(report: Report, name: str) -> str | None:
    """Return the section that holds what is called so: itself, or the one it is a detail of."""
    names = [section.name for section in report.sections]
    if name in names:
        return name
    return next((each for each in names if name.startswith(each)), None)


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
    unit = str(report.params.get("period", "month"))
    units = {"days_by_cohort": cohort_of(unit)}
    rows = tuple(tuple(_headline(each, units.get(each.section, unit))) for each in report.headline)
    items = (
        "n: of how many; before: in the period before; change: of shares, in percentage points",
        "new members: active for the first time; a cohort's n: who started then",
        "a change is beyond noise by itself where its interval leaves out 0; the findings compare "
        "other shares, and allow for how many",
        f"{cells.UNKNOWN}: not known, or of all time",
    )
    caption = "Of the last period that is over, and the one before"
    return Grid(columns, rows, caption=caption, optional_name="columns"), Legend(items)


def _headline(each: Headline, unit: str) -> Iterator[Cell]:
    share = each.unit == "share"
    before = _when(each.before_period, unit)
    yield Cell(each.name)
    yield Cell(_value(each.value, share=share))
    yield Cell(cells.interval(each.low, each.high))
    yield Cell(cells.UNKNOWN if each.n is None else cells.count(each.n))
    yield Cell(_when(each.period, unit) or "all time")
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


def _when(period: str, unit: str) -> str:
    """Return a period, the ISO date of its first day, as it is read; any other text as it is."""
    try:
        return cells.period(date.fromisoformat(period), unit)
    except ValueError:
        return period


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
