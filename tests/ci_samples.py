"""Results of checks as CI systems are told of them, and names that mean them harm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import strategies as st

from retainkit.checking.summary import DEFINITIONS, MAIN
from retainkit.results import DataWindow, Result

HOSTILE = (
    "<b>&amp;</b>\"'",
    "]]><!--<![CDATA[",
    "a | b\n| c |",
    "::error title=x::boom",
    "\n::add-mask::secret",
    "##[set-output name=exit-code]0",
    "50%0A%25::stop-commands::x",
    "nul\x00 escape\x1b[31m delete\x7f",
    "right\u202eleft \ufffe \U0001ffff",
    "![x](http://example.com) [y](javascript:z) `t` $m$ ~~s~~",
    "retention,line=1:col=2",
)
NASTY = st.text(st.sampled_from("a%,:=;|<>&]\"'`\n\r\0\t[#\x1b ") | st.characters(), max_size=30)
EVENTS = "user_id,event_time,channel\n" + "".join(
    f"{name},2024-01-01 09:00,{channel}\n{name},2024-01-{day:02} 09:00,{channel}\n"
    for name, day, channel in [("ann", 2, "web"), ("bob", 3, "web"), ("cat", 2, "app")]
)
RULE = "retention day=1 mode=on min_members=1"
SETTINGS = """\
[source]
sources = ["events.csv"]

[[rules]]
name = "day 1"
metric = "retention"
day = 1
mode = "on"
min_members = 1
at_least = 0.9
"""
MOMENT = datetime(2024, 3, 5, tzinfo=UTC)


def row(**given: Any) -> dict[str, Any]:
    """A verdict: a breach of a rule, but for what is said."""
    plain: dict[str, Any] = {
        **dict.fromkeys(MAIN),
        "rule": "d7",
        "verdict": "breach",
        "severity": "error",
        "metric": "retention",
        "table": "main",
        "value": "rate",
        "cell": "day 7, mode on",
        "estimate": 0.2,
        "n": 100,
        "bound": "at least 25.0%",
        "decide": "point",
        "story": "retention rate (day 7, mode on): 20.0%, n 100, at least 25.0%, 5 points beyond",
    }
    return {**plain, **given}


def checked(
    rows: Sequence[dict[str, Any]],
    *,
    definition: str = "Of members who started, the share back on day N.",
    notes: Sequence[str] = (),
    as_of: datetime | None = MOMENT,
    tz: str = "UTC",
) -> Result:
    """A check's Result with these verdicts."""
    metrics = dict.fromkeys(each["metric"] for each in rows)
    tables = {
        "main": pl.DataFrame(rows, schema=MAIN, orient="row"),
        "definitions": pl.DataFrame(
            [(name, definition, "00") for name in metrics], schema=DEFINITIONS, orient="row"
        ),
        "restated": pl.DataFrame(),
    }
    window = DataWindow(1000, 100, MOMENT, MOMENT, as_of, tz)
    return Result("check", "What a verdict means.", {}, window, tables, tuple(notes))


def hostile(text: str, verdict: str = "breach") -> Result:
    """A check in which `text` is wherever names and messages may come to."""
    stored = text.encode(errors="replace").decode()  # a table holds no lone surrogates
    names = ("rule", "metric", "table", "value", "segment", "cell", "at", "owner", "message")
    named = row(**dict.fromkeys(names, stored), verdict=verdict, story=f"{stored}: {stored}")
    return checked([named], definition=stored, notes=(text,), tz=text)


def one_of_each() -> Result:
    """A check with every verdict: a breach, two undecided, a warning, two that pass."""
    return checked(
        [
            row(rule="passes", verdict="pass"),
            row(rule="breached", owner="growth", segment="channel web"),
            row(rule="few", verdict="undecided"),
            row(rule="few, mild", verdict="undecided", severity="warn"),
            row(rule="warns", verdict="warn", metric="churn", at="2024-03-04", cell=None),
            row(rule="fine", verdict="pass", metric="churn"),
        ]
    )
