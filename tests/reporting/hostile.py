"""A report with one word wherever data may reach, and what can be put in that word's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from retainkit.checking.parsing import read_rules
from retainkit.checking.rules import Definitions
from retainkit.checking.running import Check
from retainkit.reporting.contents import ReportParams
from retainkit.reporting.model import Finding, Headline, Report
from retainkit.reporting.running import reported
from retainkit.sources import SourceOptions

WORD = "Xenon"
TEXTS = (
    "</script><script>pwned=1</script>",
    "\"'><img src=x onerror=pwned=1>",
    "' onfocus=pwned=1 autofocus x='",
    "</title></style></textarea><style>*{display:none}</style>",
    "javascript:pwned=1",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "<!--",
    "--></svg></pre></table>",
    "]]><![CDATA[",
    "&lt;b&gt;&#60;i&#62;",
    "a\x00b\x1b[31mred\x7f\r\nend",
    "\u202egnp.exe\u200b\u2066",
    "קבוצת ניסוי 12",
    "私域社群 <b>",
    "=1+1|cmd",
    "[x](javascript:pwned=1) ![y](http://x.invalid/z) <http://x.invalid>",
    "../../etc/passwd\\con:nul*?",
    "*",
    "^.*$",
)


def marked() -> Report:
    """The report: its one word is a column, a segment, an event, a title, a reason, a rule …"""
    params = ReportParams(by=(WORD,), steps=f"{WORD} > pay", title=WORD)
    rule = f"retention day=7 mode=on by={WORD} >= 0.99 message='{WORD}' owner={WORD}"
    check = Check(
        rules=read_rules([rule, f"funnel steps='{WORD} > pay' step=each >= 0.1"], Definitions())
    )
    made = reported(params, [_events()], SourceOptions(), check=check)
    return replace(
        made,
        data=replace(made.data, tz=WORD, refused={WORD: 3}, left_out={WORD: 4}),
        findings=(
            Finding(
                sentence=f"{WORD} is low.",
                section=f"segments_{WORD}",
                kind=WORD,
                subject=WORD,
                p_value=0.01,
                members=3,
                evidence={WORD: WORD},
            ),
        ),
        compared=3,
        headline=(
            *made.headline,
            Headline(
                name=WORD,
                unit="share",
                section=f"funnel_{WORD}",
                value=0.5,
                period=WORD,
                before=0.4,
                before_period=WORD,
            ),
        ),
        sections=tuple(replace(each, intro=WORD) for each in made.sections),
        params={**made.params, "sources": [f"{WORD}.csv"], "where": f"x = '{WORD}'"},
        notes=(*made.notes, WORD),
    )


def _events() -> pl.DataFrame:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [
        (f"{segment}{person}", start + timedelta(days=3 * person + 9 * n), event, segment)
        for segment in (WORD, "other", "third")
        for person in range(30)
        for n, event in enumerate((WORD, "pay", "visit")[: 1 + person % 3])
    ]
    return pl.DataFrame(rows, schema=["user_id", "event_time", "event", WORD], orient="row")


def filled(value: Any, text: str) -> Any:
    """The same with `text` wherever the word stands."""
    match value:
        case str():
            return value.replace(WORD, text)
        case pl.DataFrame():
            stored = text.encode(errors="replace").decode()
            names = pl.col(pl.String).str.replace_all(
                WORD, stored.replace("$", "$$"), literal=False
            )
            return value.with_columns(names).rename(lambda name: name.replace(WORD, stored))
        case Mapping():
            return {filled(key, text): filled(item, text) for key, item in value.items()}
        case tuple():
            return tuple(filled(item, text) for item in value)
        case list():
            return [filled(item, text) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        told = {item.name: filled(getattr(value, item.name), text) for item in fields(value)}
        return replace(value, **told)
    return value
