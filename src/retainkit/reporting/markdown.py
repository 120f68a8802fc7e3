"""A report as GitHub-flavoured Markdown: for wikis, issues and pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from retainkit.render.markdown import block, escape, listed
from retainkit.render.pictures import unillustrated
from retainkit.render.view import Document
from retainkit.reporting import sections, shown
from retainkit.reporting.definitions import definitions, reading
from retainkit.reporting.model import Report

_NO_ANCHOR = re.compile(r"[^\w\- ]")  # what a heading's anchor leaves out


def markdown(report: Report) -> str:
    """Return the report, with drawings of characters; it ends with one newline."""
    numbers, legend = shown.headline(report)
    parts = [
        f"# {escape(shown.title(report))}",
        "\n".join(f"- **{escape(word)}**: {escape(told)}" for word, told in shown.window(report)),
        *_findings(report),
        "## Headline",
        block(numbers, 3),
        block(legend),
        *_checks(report),
        *(text for part in sections.parts(report) for text in _part(part)),
        "## Definitions",
        "\n".join(_definitions(report)),
        "## Data",
        block(shown.quality(report), 3),
        listed(shown.notes(report)),
        f"How they were read, and what was asked: {_pairs(reading(report))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _findings(report: Report) -> Iterator[str]:
    yield "## Findings"
    yield escape(shown.summary(report))
    yield "\n".join(f"{n}. {_finding(each)}" for n, each in enumerate(shown.findings(report), 1))
    if (evidence := shown.evidence(report)) is not None:
        yield block(evidence, 3)


def _finding(each: shown.Sentence) -> str:
    where = f" · {_link(each.title)}" if each.title else ""
    return f"{escape(each.text)} ({escape(each.strength)}{where})"


def _link(title: str) -> str:
    """Return a link to the section of that title, by the anchor that its heading gets."""
    return f"[{escape(title)}](#{_NO_ANCHOR.sub('', title.lower()).replace(' ', '-')})"


def _checks(report: Report) -> Iterator[str]:
    checks = sections.checks(report)
    if checks is not None:
        yield "## Checks"
        yield from _document(checks)


def _part(part: sections.Part) -> Iterator[str]:
    yield f"## {escape(part.title)}"
    yield listed(filter(None, (part.intro, *part.rows)))
    yield from _document(part.document)


def _document(document: Document) -> Iterator[str]:
    """Yield what it shows and its blocks; what stands for its charts, as there are none here."""
    yield f"*{escape(sections.lead(document))}*"
    for each in unillustrated(document).blocks:
        yield block(each, 3)
    yield listed(document.notes)


def _definitions(report: Report) -> Iterator[str]:
    for each in definitions(report):
        yield f"- **{escape(each.metric)}**: {escape(each.sentence)}"
        for use in each.uses:
            yield f"  - {_link(use.title)}: {_pairs(use.params)}"


def _pairs(words: Iterable[tuple[str, str]]) -> str:
    return escape("; ".join(f"{name} = {word}" for name, word in words))
