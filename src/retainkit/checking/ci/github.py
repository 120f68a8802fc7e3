"""Verdicts for GitHub Actions: annotations as workflow commands, and the job's summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice

from retainkit.checking.ci.findings import Finding, definitions, shortened, worst_first
from retainkit.checking.ci.places import Place
from retainkit.checking.summary import ORDER
from retainkit.render import RenderOptions, markdown
from retainkit.render.view import Block, Document, Grid, Lines
from retainkit.render.views import document_of
from retainkit.results import Result
from retainkit.wording import counted

MOST = 10  # GitHub shows ten annotations of a kind in a step, and does not tell of others
SUMMARY_ROOM = 1_000_000  # bytes of a step's summary; GitHub drops one of more than 1 MiB whole
_TITLE, _MESSAGE = 200, 4_000  # characters; the runner cuts messages at 4,096
_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def commands(found: Sequence[Finding], places: Mapping[str, Place]) -> list[str]:
    """Return workflow commands, a line each: what is amiss, the worst first, ten at most.

    Where there is more, the last of them counts the rest. places: of rules that have one.
    """
    amiss = [each for each in worst_first(found) if each.level != "passed"]
    if len(amiss) <= MOST:
        return [_annotation(each, places) for each in amiss]
    shown, rest = amiss[: MOST - 1], amiss[MOST - 1 :]
    many = Counter(str(each.verdict) for each in rest)
    told = ", ".join(f"{many[kind]:,} {kind}" for kind in ORDER if many[kind])
    more = command("notice", f"{len(rest):,} more: {told}.", title="retainkit check")
    return [*(_annotation(each, places) for each in shown), more]


def command(name: str, message: str, **properties: str) -> str:
    """Return a workflow command, in which every text is only text."""
    told = ",".join(f"{key}={value.translate(_IN_PROPERTY)}" for key, value in properties.items())
    return f"::{name} {told}::{message.translate(_IN_DATA)}"


def _annotation(finding: Finding, places: Mapping[str, Place]) -> str:
    place = places.get(finding.rule)
    where = {} if place is None else {"file": place.path, "line": str(place.line)}
    title = shortened(f"{finding.verdict}: {finding.name}", _TITLE)
    return command(finding.level, shortened(finding.text, _MESSAGE), **where, title=title)


def summary(result: Result, room: int = SUMMARY_ROOM) -> str:
    """Return the job's summary in Markdown, of `room` bytes at most; empty where none fits.

    It has what is amiss, the verdicts (the worst first), definitions and notes; where there is no
    room for all, lists are shortened, and it says so.
    """
    document = _document(result)
    tries = chain(
        [document], _shorter(document, result.main.height), [Document(document.title, ())]
    )
    texts = (markdown.draw(each, RenderOptions()) for each in tries)
    return next((text for text in texts if len(text.encode()) <= room), "")


def _document(result: Result) -> Document:
    """Return the check as people read it, with the definitions of its metrics."""
    main = result.main.sort(
        result.main["verdict"].replace_strict({kind: i for i, kind in enumerate(ORDER)}),
        maintain_order=True,
    )
    document = document_of(replace(result, tables={"main": main}))
    blocks = (*document.blocks, Lines(tuple(definitions(result)), "definitions"))
    return replace(document, blocks=blocks)


def _shorter(document: Document, most: int) -> Iterator[Document]:
    """Yield a document with half of its items, a quarter of them, and so on."""
    while most := most // 2:
        yield _cut(document, most)


def _cut(document: Document, most: int) -> Document:
    """Return a document whose lists have `most` items at most, and that says what was left out."""
    left_out = max(_left_out(block, most) for block in document.blocks)
    blocks = tuple(_first(block, most) for block in document.blocks)
    if left_out:
        told = f"{counted(left_out, 'verdict')} more: there is no room for them here."
        blocks = (*blocks, Lines((told,)))
    notes = tuple(islice(document.notes, most))
    return replace(document, blocks=blocks, notes=notes)


def _left_out(block: Block, most: int) -> int:
    return max(len(block.rows) - most, 0) if isinstance(block, Grid) else 0


def _first(block: Block, most: int) -> Block:
    if isinstance(block, Grid):
        return replace(block, rows=block.rows[:most])
    return replace(block, items=block.items[:most]) if isinstance(block, Lines) else block
