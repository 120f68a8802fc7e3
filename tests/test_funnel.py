"""`funnel` where brute force does not look: what splits a change, and requests of no sense."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import retainkit
from retainkit.errors import UsageError


def walks(**members: str) -> pl.DataFrame:
    """Return events: a letter an event, one a day from the 1st on; before a colon, the month."""
    rows = []
    for name, walk in members.items():
        month, _, letters = walk.partition(":")
        for day, event in enumerate(letters, 1):
            time = f"2024-{int(month):02}-{day:02}"
            rows.append({"user_id": name, "event_time": time, "event": event, "month": month})
    return pl.DataFrame(rows)


SHOP = walks(u="1:abc", v="1:abc", w="1:ab", x="1:a", p="2:abc", q="2:ab", r="2:ab", s="2:ab")
SPANS = "2024-01-01..2024-02-01,2024-02-01..2024-03-01"


@pytest.mark.parametrize("sides", ["month=1,2", SPANS])
def test_a_change_splits_over_the_nodes_without_a_rest(sides: str) -> None:
    change = retainkit.funnel(SHOP, steps="a > b > c", compare=sides).table("change")
    assert change.select("before", "after").rows() == [(4, 4), (3, 4), (2, 1)]
    assert change["contribution"].sum() == pytest.approx(1 / 4 - 2 / 4)
    assert change["share"].sum() == pytest.approx(1)


def test_the_node_that_falls_to_nothing_takes_the_whole_change() -> None:
    events = pl.concat([SHOP.filter(month="1"), walks(y="2:a", z="2:a")])
    change = retainkit.funnel(events, steps="a > b > c", compare="month=1,2").table("change")
    assert change["coefficient_after"].to_list() == [None, 0.0, None]
    assert change["contribution"].to_list() == [None, pytest.approx(-0.5), 0.0]


def test_a_side_that_nobody_is_on_has_no_change_to_split() -> None:
    result = retainkit.funnel(SHOP, steps="a > b", compare="month=1,3")
    assert any("nobody begins on the side '3'" in note for note in result.notes)
    change = result.table("change")
    assert change["after"].to_list() == [0, 0]
    assert change["contribution"].null_count() == 2


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"steps": "a"}, "between 2 and 20 steps"),
        ({"steps": "a > "}, "Event selector"),
        ({"window": "7x"}, "--window"),
        ({"order": "any", "step_window": "1d"}, "--step-window"),
        ({"target": "4=0.5"}, "--target"),
        ({"target": ["2=0.5", "2=0.6"]}, "--target"),
        ({"compare": "month"}, "--compare"),
        ({"compare": "month=1,1"}, "names one side twice"),
        ({"compare": "2024-02-01..2024-01-01,2024-02-01..2024-03-01"}, "--compare"),
        ({"min_members": 0}, "--min-members"),
        ({"trend": "hour"}, "--trend"),
        ({"by": ["month", "month"]}, "--by: a column is named twice"),
    ],
)
def test_requests_that_make_no_sense_are_refused(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        retainkit.funnel(SHOP, **{"steps": "a > b > c", **keywords})
