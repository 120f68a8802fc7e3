"""A report as one page of HTML that needs nothing else: no network, no server, no script.

Data reaches the page only as escaped text. Style and script are our own files, written into the
page; the policy of the page names them by their hashes and forbids everything else, so that
nothing can be fetched or run, whatever the data hold. The script only lets tables be sorted.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.resources import files

from markupsafe import Markup, escape

from retainkit.render.charts.convert import installed
from retainkit.render.heat import PALE, RAMP, step_of
from retainkit.render.html import environment
from retainkit.render.pictures import illustrated
from retainkit.render.view import Block, Cell, Grid
from retainkit.reporting import sections, shown
from retainkit.reporting.anchors import anchors
from retainkit.reporting.definitions import definitions, reading
from retainkit.reporting.model import Report

# The anchors of what every page has.
_OWN = ("content", "findings", "headline", "checks", "definitions", "data", "contents")
_LETTERS = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]+"
_RIGHT_TO_LEFT = re.compile(rf"{_LETTERS}(?:\W+{_LETTERS})*")
_LONG = 28  # letters: longer texts in tables go on in the next line
_NO_PICTURES = (
    "Pictures are drawn by vl-convert, which was not installed: pip install 'retainkit[charts]'. "
    "Drawings of characters stand for some of them; their numbers are all in the tables."
)


def page(report: Report) -> str:
    """Return the whole page; with pictures, if the extra [charts] is installed."""
    places = anchors((section.name for section in report.sections), _OWN)
    numbers, legend = shown.headline(report)
    checks = sections.checks(report)
    style, script = _style(), _ours("page.js")
    parts = [_drawn(part, places[part.name]) for part in sections.parts(report)]
    told = environment("retainkit.reporting").get_template("page.html")
    return told.render(
        policy=_policy(style, script),
        style=Markup(style),  # ours, not data
        script=Markup(script),
        title=shown.title(report),
        window=shown.window(report),
        summary=shown.summary(report),
        findings=list(shown.findings(report)),
        evidence=shown.evidence(report),
        numbers=numbers,
        meanings=legend,
        links=[
            places.get(shown.section_of(report, each.section) or "") for each in report.headline
        ],
        checks=None if checks is None else illustrated(checks, "checks"),
        lead=sections.lead,
        sections=parts,
        definitions=definitions(report),
        places=places,
        quality=shown.quality(report),
        reading=reading(report),
        notes=_notes(report),
        cell_classes=_cell_classes,
        caption_of=_caption_of,
        runs=_runs,
        apart=_apart,
        steps=range(len(RAMP)),
    )


def _drawn(part: sections.Part, anchor: str) -> sections.Part:
    return replace(part, document=illustrated(part.document, anchor))


def _notes(report: Report) -> list[str]:
    notes = shown.notes(report)
    return notes if installed() else [*notes, _NO_PICTURES]


def _cell_classes(cell: Cell, align: str, *, bar: bool) -> str:
    """Return the classes of a cell: how it is set, and its heat."""
    told = (
        "right" if align == "right" else "",
        "provisional" if cell.provisional else "",
        "long" if len(cell.text) > _LONG and not bar else "",
        "" if cell.heat is None else f"heat h{step_of(cell.heat)}",
        "bar" if bar else "",
    )
    return " ".join(filter(None, told))


def _apart(text: str) -> Markup:
    """Return a sentence with what is written from right to left set apart.

    Else a name in Hebrew or Arabic would turn round the numbers that follow it.
    """
    pieces, place = [], 0
    for found in _RIGHT_TO_LEFT.finditer(text):
        pieces += [escape(text[place : found.start()]), Markup("<bdi>%s</bdi>") % found[0]]
        place = found.end()
    return Markup("").join([*pieces, escape(text[place:])])


def _runs(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return blocks each by itself, but tables that follow each other together: side by side."""
    runs: list[list[Block]] = []
    for block in blocks:
        if isinstance(block, Grid) and runs and isinstance(runs[-1][0], Grid):
            runs[-1].append(block)
        else:
            runs.append([block])
    return runs


def _caption_of(block: Grid, lead: str) -> str:
    return block.caption or lead


def _style() -> str:
    """Return the style, with the colours of heat: on white pages and paper, and on dark screens."""
    dark = _ramp((shade.background, shade.ink) for shade in RAMP)
    on_dark = f"@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n"
    return _ours("page.css") + _ramp(PALE) + on_dark


def _ramp(colours: Iterable[tuple[str, str]]) -> str:
    rules = (
        f".h{step} {{ background: {back}; color: {ink}; }}\n"
        for step, (back, ink) in enumerate(colours)
    )
    return "".join(rules)


def _ours(name: str) -> str:
    return (files("retainkit.reporting") / "templates" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return the policy of the page: this style, this script, images it holds, and nothing else."""
    parts = (
        "default-src 'none'",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(script)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(parts)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
