"""`churn` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ABSOLUTE, absolute, ask, assert_same, keyed
from churn_strategies import (
    DEFINITIONS,
    TAXONOMY,
    Roll,
    category,
    churn_histories,
    churn_options,
    crowds,
    observed_until,
    renamed,
)
from oracle.churn import churn
from oracle.people import Row, observe
from retainkit.engine import Request, run
from retainkit.metrics.churn import CHURN, ChurnParams
from retainkit.results import Result
from retainkit.sources import SourceOptions
from strategies import segments

KEYS = {
    "main": ("period",),
    "timing": ("age",),
    "survival": (),
    "logrank": (),
    "winback": ("silence",),
    "second_life": ("age",),
    "gaps": ("gap_days",),
    "reasons": ("category", "reason"),
    "reasons_over_time": ("period", "category"),
    "paths": ("path",),
    "returns": ("event",),
}
MOST_PATHS = 100  # are shown of a segment
WHOLE = ("gaps", "logrank")  # tables that are never split by segment
FLOW = ("active", "previous", "new", "retained", "resurrected", "churned")
PRESENCE = ("present_start", "joined", "rejoined", "churned", "churned_of_start", "present_end")

TOLD = {  # what notes say a number of
    "left_early": r"leavings? lies? before (its member|their members) joined: ignored",
    "left_twice": "leavings? (is|are) of members who were away already: ignored",
    "left_only": "members? left without joining, and without any activity: in no table",
    "too_young": "members? (is|are) too young for `timing`",
    "undecided": r"members? (is|are) there at as-of, silent for less than \d+ days?: undecided",
}

EACH = pytest.mark.parametrize("definition", DEFINITIONS)
few = settings(max_examples=12, deadline=None, report_multiple_bugs=False)


def counts(definition: str) -> tuple[str, ...]:
    return FLOW if definition == "lifecycle" else PRESENCE


@pytest.fixture(scope="module")
def taxonomy(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("churn") / "taxonomy.toml"
    path.write_text(TAXONOMY)
    return str(path)


def key_columns(name: str, by: Sequence[str]) -> tuple[str, ...]:
    return (*(() if name in WHOLE else by), *KEYS[name])


def decided(history: Roll, options: Row, as_of: datetime | None = None) -> Row:
    """Days of inactivity are stated, or learnt from a member with two active days."""
    if options["definition"] == "inactivity" and options["inactive_days"] is None:
        world = observe(history.events, history.members, tz=history.tz, as_of=as_of)
        try:
            churn(world, **{**options, "by": ()})
        except ValueError:
            return options | {"inactive_days": 3}
    return options


def answer(history: Roll, options: Row, **more: Any) -> Result:
    return ask(retainkit.churn, history, options, **more)


def main(history: Roll, options: Row, **more: Any) -> dict[tuple[Any, ...], Row]:
    rows = answer(history, options, **more).main.to_dicts()
    return keyed(rows, (*options["by"], "period"))


@EACH
@settings(max_examples=50, deadline=None, report_multiple_bugs=False)
@given(data=st.data(), history=churn_histories())
def test_equal_to_brute_force(
    definition: str, data: st.DataObject, history: Roll, taxonomy: str
) -> None:
    compare(definition, data, history, taxonomy)


@EACH
@settings(max_examples=12, deadline=None, report_multiple_bugs=False)
@given(data=st.data(), history=crowds())
def test_crowds_are_equal_to_brute_force(
    definition: str, data: st.DataObject, history: Roll, taxonomy: str
) -> None:
    compare(definition, data, history, taxonomy)


def compare(definition: str, data: st.DataObject, history: Roll, taxonomy: str) -> None:
    """Ask both for every table, with options drawn, and compare every cell."""
    as_of = data.draw(observed_until(history))
    sinces = st.sampled_from([row["time"] for row in history.events])
    since = data.draw(st.none() | st.none() | sinces)
    assume(since is None or as_of is None or since < as_of)
    options = data.draw(churn_options(history, (definition,)))
    events = [row for row in history.events if since is None or row["time"] >= since]
    options = decided(replace(history, events=events), options, as_of)
    paths = {"last": data.draw(st.integers(1, 4)), "paths": True}
    world = observe(events, history.members, tz=history.tz, as_of=as_of, by=options["by"])
    expected, findings = churn(
        world,
        **options,
        since=since,
        last=paths["last"],
        with_paths=True,
        category=category,
        with_reasons=bool(history.members),
    )
    more = {**paths, "since": since, "taxonomy": taxonomy}
    result = answer(history, options | more, as_of=as_of)
    assert told(result) == +findings
    by = options["by"]
    assert ordered(result.main.select(*by, "period"))
    assert ordered(result.table("paths").select(*by, -pl.col("churned")))
    assert set(result.tables) == set(expected)
    for name, rows in expected.items():
        keys = key_columns(name, options["by"])
        table = result.table(name)
        if name == "paths":
            rows = those_shown(table, rows, options["by"])
        assert_same(table, rows, keys)
        if rows:
            assert list(table.columns) == list(rows[0]), name


def ordered(keys: pl.DataFrame) -> bool:
    """Whether rows come by the first column, then the next: null before what is known."""
    rows = [[(value is not None, value) for value in row] for row in keys.rows()]
    return rows == sorted(rows)


def told(result: Result) -> Counter[str]:
    """The numbers that the notes tell."""
    numbers: Counter[str] = Counter()
    for name, text in TOLD.items():
        found = [re.match(rf"([\d,]+) {text}", note) for note in result.notes]
        numbers[name] = sum(int(match[1].replace(",", "")) for match in found if match)
    return +numbers


def those_shown(table: pl.DataFrame, rows: Sequence[Row], by: Sequence[str]) -> list[Row]:
    """The paths to be seen: of more than fit, some that as many churned after as of the others."""
    shown = keyed(table.to_dicts(), (*by, "path"))
    kept = []
    for segment in {tuple(row[column] for column in by) for row in rows}:
        own = [row for row in rows if tuple(row[column] for column in by) == segment]
        most = sorted((row["churned"] for row in own), reverse=True)[:MOST_PATHS]
        seen = [row for row in own if (*segment, row["path"]) in shown]
        assert sorted((row["churned"] for row in seen), reverse=True) == most
        kept += seen
    return kept


@few
@given(data=st.data(), history=churn_histories())
def test_the_lifecycle_adds_up(data: st.DataObject, history: Roll) -> None:
    rows = main(history, data.draw(churn_options(history, ("lifecycle",))))
    for row in rows.values():
        assert row["active"] == row["new"] + row["retained"] + row["resurrected"]
        assert row["previous"] == row["retained"] + row["churned"]
    for before, row in neighbours(rows):
        assert row["previous"] == before["active"]


@EACH
@few
@given(data=st.data(), history=churn_histories())
def test_who_is_present_adds_up(definition: str, data: st.DataObject, history: Roll) -> None:
    if definition == "lifecycle":
        return
    options = decided(history, data.draw(churn_options(history, (definition,))))
    rows = main(history, options)
    for row in rows.values():
        assert row["present_end"] == row["present_start"] + row["joined"] - row["churned"]
        assert row["rejoined"] <= row["joined"]
        assert row["churned_of_start"] <= min(row["churned"], row["present_start"])
    for before, row in neighbours(rows):
        assert row["present_start"] == before["present_end"]


def neighbours(rows: dict[tuple[Any, ...], Row]) -> list[tuple[Row, Row]]:
    """Rows of one segment that follow each other."""
    return [(rows[a], rows[b]) for a, b in pairwise(rows) if a[:-1] == b[:-1]]


@EACH
@few
@given(data=st.data(), history=churn_histories())
def test_segments_add_up(definition: str, data: st.DataObject, history: Roll) -> None:
    options = data.draw(churn_options(history, (definition,))) | {"by": ()}
    options = decided(history, options)
    by = data.draw(segments(history))
    whole, split = answer(history, options), answer(history, options | {"by": by})
    columns = {
        "main": counts(definition),
        "timing": ("members", "churned", "censored"),
        "winback": ("members", "returned", "censored"),
        "second_life": ("members", "churned", "censored"),
        "survival": ("members", "churned", "censored"),
        "reasons": ("members",),
        "reasons_over_time": ("members",),
    }
    for name, counted in columns.items():
        sums: dict[tuple[Any, ...], Counter[str]] = {}
        for row in split.table(name).iter_rows(named=True):
            key = tuple(absolute(row[column]) for column in KEYS[name])
            sums.setdefault(key, Counter()).update({column: row[column] for column in counted})
        totals = keyed(whole.table(name).to_dicts(), KEYS[name])
        assert set(sums) == set(totals), name
        for key, row in totals.items():
            assert sums[key] == Counter({column: row[column] for column in counted}), (name, key)
    assert split.table("gaps").equals(whole.table("gaps"))


@few
@given(data=st.data(), history=churn_histories())
def test_events_expected_add_up_to_those_that_were(data: st.DataObject, history: Roll) -> None:
    options = data.draw(churn_options(history)) | {"by": data.draw(segments(history))}
    options = decided(history, options)
    table = answer(history, options).table("survival")
    if table.height < 2:
        assert table["expected"].null_count() == table.height
        return
    assert abs(table["expected"].sum() - table["churned"].sum()) <= ABSOLUTE


@EACH
@few
@given(data=st.data(), history=churn_histories())
def test_row_order_does_not_matter(definition: str, data: st.DataObject, history: Roll) -> None:
    options = decided(history, data.draw(churn_options(history, (definition,))))
    options |= {"paths": True}
    shuffled = replace(history, events=data.draw(st.permutations(history.events)))
    first, second = (answer(one, options) for one in (history, shuffled))
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name
    assert first.notes == second.notes


@EACH
@few
@given(data=st.data(), history=churn_histories())
def test_partitions_do_not_matter(definition: str, data: st.DataObject, history: Roll) -> None:
    options = decided(history, data.draw(churn_options(history, (definition,))))
    paths = data.draw(st.booleans())
    week_start = options["week_start"]
    stated = {name: value for name, value in options.items() if name != "week_start"}
    request = Request(CHURN, ChurnParams(**stated, paths=paths))
    members = history.member_frame() if history.members else None
    source = SourceOptions(tz=history.tz, week_start=week_start, members=members)
    answers = [
        run([request], [history.event_frame()], source, partitions=count)[0]
        for count in (1, 2, 3, 4)
    ]
    for other in answers[1:]:
        assert other.notes == answers[0].notes
        for name, table in answers[0].tables.items():
            assert other.table(name).equals(table), name


@EACH
@few
@given(st.data(), churn_histories(), churn_histories())
def test_other_members_add_up(definition: str, data: st.DataObject, one: Roll, two: Roll) -> None:
    two = renamed(replace(two, tz=one.tz), "'")
    both = replace(one, events=one.events + two.events, members=one.members + two.members)
    options = data.draw(churn_options(one, (definition,))) | {"by": ()}
    options |= {"inactive_days": 5} if definition == "inactivity" else {}
    if definition == "leave" and not (one.members and two.members):
        options |= {"leave_event": "leave"}
    as_of = max(row["time"] for row in both.events)
    sums: dict[tuple[Any, ...], Counter[str]] = {}
    for part in (one, two):
        for key, row in main(part, options, as_of=as_of).items():
            sums.setdefault(key, Counter()).update({c: row[c] for c in counts(definition)})
    whole = main(both, options, as_of=as_of)
    # Between the end of what one saw and the beginning of the other nothing is missing.
    assert set(sums) <= set(whole)
    for key, row in whole.items():
        counted = Counter({column: row[column] for column in counts(definition)})
        assert sums.get(key, Counter()) == counted


@EACH
@few
@given(data=st.data(), history=churn_histories())
def test_hazard_and_survival_agree(definition: str, data: st.DataObject, history: Roll) -> None:
    options = decided(history, data.draw(churn_options(history, (definition,))))
    result = answer(history, options)
    by = options["by"]
    for name in ("timing", "second_life"):
        lines: dict[tuple[Any, ...], list[Row]] = {}
        for row in result.table(name).iter_rows(named=True):
            lines.setdefault(tuple(row[column] for column in by), []).append(row)
        for line in lines.values():
            left = 1.0
            for row in line:
                assert row["churned"] + row["censored"] <= row["members"]
                left *= 1 - (row["hazard"] or 0)
                assert abs(row["survival"] - left) <= ABSOLUTE
                if row["ci_low"] is not None:
                    assert row["ci_low"] - ABSOLUTE <= left <= row["ci_high"] + ABSOLUTE
            for before, row in pairwise(line):
                gone = before["churned"] + before["censored"]
                assert row["members"] == before["members"] - gone
                assert row["age"] == before["age"] + 1
    totals = keyed(result.table("survival").to_dicts(), by)
    for key, rows in keyed_lines(result, by).items():
        assert totals[key]["members"] == rows[0]["members"]
        for column in ("churned", "censored"):
            assert totals[key][column] == sum(row[column] for row in rows)


def keyed_lines(result: Result, by: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    lines: dict[tuple[Any, ...], list[Row]] = {}
    for row in result.table("timing").iter_rows(named=True):
        lines.setdefault(tuple(row[column] for column in by), []).append(row)
    return lines


@EACH
@settings(max_examples=25, deadline=None, report_multiple_bugs=False)
@given(data=st.data(), history=churn_histories())
def test_a_complete_period_never_changes(
    definition: str, data: st.DataObject, history: Roll
) -> None:
    # Nobody is decided before the time is over: what was complete when less was observed has the
    # same row when more was. (A joining between the two is known only to the second.)
    options = data.draw(churn_options(history, (definition,))) | {"by": ()}
    if definition == "inactivity":
        options |= {"inactive_days": data.draw(st.sampled_from((1, 3, 10)))}
    early, late = sorted(data.draw(observed_until(history).filter(bool)) for _ in range(2))
    known = [row for row in history.members if row["joined"] is None or row["joined"] < early]
    assume(known or options["leave_event"] is not None or definition != "leave")
    history = replace(history, members=known)
    before, after = (main(history, options, as_of=as_of) for as_of in (early, late))
    if before:
        assert list(before) == list(after)[: len(before)]
    for key, row in before.items():
        if row["complete"]:
            assert after[key] == row
