"""`paths` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ask, assert_same
from funnel_strategies import ends, funnel_histories
from oracle.paths import paths
from oracle.people import Row, observe
from paths_strategies import HOSTILE, crowd, crowd_options, paths_options
from retainkit.engine import Request, run
from retainkit.metrics.paths import PATHS, PathsParams
from retainkit.results import Result
from retainkit.selectors import parse_steps
from retainkit.sources import SourceOptions
from strategies import History

KEYS = {
    "main": ("rank",),
    "steps": ("position", "event"),
    "links": ("position", "source", "target"),
    "summary": (),
}
TABLES, MEMBERS = 30, 300  # 9,000 histories
few = settings(max_examples=25, deadline=None, report_multiple_bugs=False)


def answer(history: History, options: Row, **more: Any) -> Result:
    return ask(retainkit.paths, history, options, **more)


def expected(history: History, options: Row, as_of: datetime | None) -> dict[str, list[Row]]:
    by = options["by"]
    return paths(
        observe(history.events, history.members, tz=history.tz, as_of=as_of, by=by), **options
    )


def agree(history: History, options: Row, as_of: datetime | None) -> Result:
    result = answer(history, options, as_of=as_of)
    for name, rows in expected(history, options, as_of).items():
        assert_same(result.table(name), rows, (*options["by"], *KEYS[name]))
        if rows:
            assert result.table(name).columns == list(rows[0]), name
    return result


def groups(rows: pl.DataFrame, keys: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def members(rows: Iterable[Row]) -> int:
    return sum(row["members"] for row in rows)


# --- equal to brute force ---


@settings(max_examples=200, deadline=None, report_multiple_bugs=False)
@given(data=st.data(), history=funnel_histories())
def test_equal_to_brute_force(data: st.DataObject, history: History) -> None:
    agree(history, data.draw(paths_options(history)), data.draw(ends(history)))


@pytest.mark.parametrize("seed", range(TABLES))
def test_many_members_are_equal_to_brute_force(seed: int) -> None:
    rng = random.Random(f"paths {seed}")
    history = History("UTC", crowd(rng, MEMBERS), [])
    last = max(row["time"] for row in history.events)
    more = rng.choice((timedelta(microseconds=1), timedelta(seconds=2), timedelta(days=2)))
    agree(history, crowd_options(rng), last + more)


@settings(max_examples=100, deadline=None, report_multiple_bugs=False)
@given(
    st.data(),
    st.lists(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=5), min_size=1, max_size=5),
)
def test_names_that_read_like_our_own_words_are_told_apart(
    data: st.DataObject, lives: list[list[str | None]]
) -> None:
    start = datetime.fromisoformat("2024-03-01T00:00:00+00:00")
    events = [
        {"member": f"m{who}", "time": start + timedelta(seconds=when), "event": name}
        | {"amount": None, "order": None, "channel": None}
        for who, life in enumerate(lives)
        for when, name in enumerate(life)
    ]
    options = {"by": (), "keep_repeats": data.draw(st.booleans())}
    options |= {"depth": data.draw(st.sampled_from((1, 2, 8)))}
    result = agree(History("UTC", events, []), options, None)
    assert result.main["path"].n_unique() == result.main.height
    for path in result.main["path"]:
        if "(no name)" not in path.replace('"(no name)"', "") and "…" not in path.replace(
            '"…"', ""
        ):
            assert all(step.alternatives[0].name is not None for step in parse_steps(path))


# --- laws ---


@few
@given(data=st.data(), history=funnel_histories())
def test_everybody_is_somewhere_at_every_position(data: st.DataObject, history: History) -> None:
    options = data.draw(paths_options(history))
    result = answer(history, options, as_of=data.draw(ends(history)))
    by = options["by"]
    journeys = {key: row["journeys"] for key, (row,) in groups(result.table("summary"), by).items()}
    for (*segment, _), rows in groups(result.table("steps"), (*by, "position")).items():
        assert members(rows) == journeys[tuple(segment)]
        assert sum(row["share"] for row in rows) == pytest.approx(1)


@few
@given(data=st.data(), history=funnel_histories())
def test_links_begin_and_end_in_the_cells_of_the_matrix(
    data: st.DataObject, history: History
) -> None:
    options = data.draw(paths_options(history))
    result = answer(history, options, as_of=data.draw(ends(history)))
    by, links = options["by"], result.table("links")
    cells = {
        key: row["members"]
        for key, (row,) in groups(result.table("steps"), (*by, "position", "event")).items()
    }
    last = {
        key: max(row["position"] for row in rows)
        for key, rows in groups(result.table("steps"), by).items()
    }
    out = {key: members(rows) for key, rows in groups(links, (*by, "position", "source")).items()}
    assert out == {key: n for key, n in cells.items() if key[-2] < last[key[:-2]]}
    into = {key: members(rows) for key, rows in groups(links, (*by, "position", "target")).items()}
    moved = {(*key[:-2], key[-2] + 1, key[-1]): n for key, n in into.items()}
    assert moved == {key: n for key, n in cells.items() if key[-2] > 0}


@few
@given(data=st.data(), history=funnel_histories())
def test_paths_add_up_to_the_summary(data: st.DataObject, history: History) -> None:
    options = data.draw(paths_options(history)) | {"top": 10**6}
    result = answer(history, options, as_of=data.draw(ends(history)))
    of_paths = groups(result.main, options["by"])
    for key, (row,) in groups(result.table("summary"), options["by"]).items():
        own = of_paths.get(key, [])
        assert row["members"] >= row["started"] == row["open"] + row["journeys"]
        assert members(own) == row["journeys"]
        assert len(own) == row["paths"]
        if options["to"] is not None:
            assert members(path for path in own if path["arrived"]) == row["arrived"]
        assert [path["rank"] for path in own] == list(range(1, len(own) + 1))
        counts = [path["members"] for path in own]
        assert counts == sorted(counts, reverse=True)


@few
@given(data=st.data(), history=funnel_histories())
def test_row_order_does_not_matter(data: st.DataObject, history: History) -> None:
    options = data.draw(paths_options(history))
    shuffled = replace(history, events=data.draw(st.permutations(history.events)))
    first, second = (answer(one, options) for one in (history, shuffled))
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name
    assert first.notes == second.notes


@few
@given(data=st.data(), history=funnel_histories())
def test_partitions_do_not_matter(data: st.DataObject, history: History) -> None:
    options = data.draw(paths_options(history))
    request = Request(PATHS, PathsParams(**options))
    table = history.member_frame() if history.members else None
    source = SourceOptions(tz=history.tz, members=table)
    answers = [
        run([request], [history.event_frame()], source, partitions=count)[0] for count in (1, 2, 5)
    ]
    for other in answers[1:]:
        assert other.notes == answers[0].notes
        for name, whole in answers[0].tables.items():
            assert other.table(name).equals(whole), name


@few
@given(data=st.data(), history=funnel_histories())
def test_other_metrics_in_the_same_run_do_not_matter(data: st.DataObject, history: History) -> None:
    options = [data.draw(paths_options(history)) | {"by": ()} for _ in range(2)]
    requests = [Request(PATHS, PathsParams(**each)) for each in options]
    source, events = SourceOptions(tz=history.tz), [history.event_frame()]
    for request, shared in zip(requests, run(requests, events, source), strict=True):
        (alone,) = run([request], events, source)
        for name, table in alone.tables.items():
            assert shared.table(name).equals(table), name


@few
@given(data=st.data(), history=funnel_histories())
def test_segments_add_up(data: st.DataObject, history: History) -> None:
    options = data.draw(paths_options(history)) | {"top": 10**6, "by": ()}
    whole, parts = (answer(history, options | {"by": by}) for by in ((), ("channel",)))
    sizes = ["members", "started", "open", "journeys", "cut"]
    summed = parts.table("summary").select(sizes).sum()
    assert whole.table("summary").select(sizes).rows() == summed.rows()
    for name, keys in (("main", ["path", "arrived"]), ("links", ["position", "source", "target"])):
        counts = [
            Counter(
                dict(
                    table.group_by(keys).agg(pl.col("members").sum()).rows_by_key(keys, unique=True)
                )
            )
            for table in (whole.table(name), parts.table(name))
        ]
        if name == "links":  # a segment may be over at a position up to which another goes on
            counts = [_moving(count) for count in counts]
        assert counts[0] == counts[1], name


def _moving(links: Counter[Any]) -> Counter[Any]:
    return Counter({key: n for key, n in links.items() if key[1] not in ("(arrived)", "(ended)")})


@few
@given(data=st.data(), history=funnel_histories())
def test_a_greater_depth_only_tells_more(data: st.DataObject, history: History) -> None:
    options = data.draw(paths_options(history))
    short, long = (answer(history, options | {"depth": depth}) for depth in (1, 50))
    columns = ["started", "open", "journeys", "arrived", "median_seconds"]
    pairs = [one.table("summary") for one in (short, long)]
    assert pairs[0].select(columns).equals(pairs[1].select(columns))
    assert (pairs[0]["paths"] <= pairs[1]["paths"]).all()
    assert pairs[1]["cut"].sum() == 0
