"""What is planted is there, at its size, for any seed; and nothing else is.

Counted here row by row in Python, apart from the counting that the truths list prints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from itertools import pairwise
from statistics import median
from typing import Any

import polars as pl
import pytest

from retainkit.demo.measure import measure
from retainkit.demo.shop import Shop, open_shop

Row = dict[str, Any]


class Books:
    """A shop as rows: members by id, events by member in time order."""

    def __init__(self, shop: Shop) -> None:
        self.measured = measure(shop)
        self.members: dict[str, Row] = {row["user_id"]: row for row in shop.members.to_dicts()}
        self.events: dict[str, list[Row]] = defaultdict(list)
        kept = pl.col("event").is_in(["visit", "checkout", "pay", "message_read"])
        for row in shop.events.filter(kept).iter_rows(named=True):
            self.events[row["user_id"]].append(row)

    def times(self, member: str, event: str) -> list[datetime]:
        return [row["event_time"] for row in self.events[member] if row["event"] == event]

    def back_next_month(self) -> dict[str, bool]:
        """Return for members whose month after joining is over whether they visited in it."""
        back = {}
        for name, member in self.members.items():
            if member["joined"] < datetime(2025, 6, 1):
                month = months(member["joined"]) + 1
                back[name] = any(months(time) == month for time in self.times(name, "visit"))
        return back

    def rate(self, outcome: Mapping[str, bool], where: Callable[[Row], bool]) -> float:
        found = [value for name, value in outcome.items() if where(self.members[name])]
        return sum(found) / len(found)


def months(time: datetime) -> int:
    return 12 * time.year + time.month


@pytest.fixture(scope="module", params=[2024, 7, 99])
def books(request: pytest.FixtureRequest) -> Books:
    return Books(open_shop(5000, request.param))


def test_campaign_brings_people_in_bursts_who_leave(books: Books) -> None:
    back = books.back_next_month()
    campaign = books.rate(back, lambda member: member["channel"] == "campaign")
    others = books.rate(back, lambda member: member["channel"] != "campaign")
    sizes = books.measured["campaign-leaves"]
    assert (sizes["month_1_campaign"], sizes["month_1_others"]) == pytest.approx(
        (campaign, others), abs=1e-4
    )
    assert campaign < others / 3
    joined = [m["joined"].date() for m in books.members.values() if m["channel"] == "campaign"]
    assert sizes["members"] == len(joined)
    assert 550 < len(joined) < 750
    assert {(day.year, day.month) for day in joined} == {(2024, 6), (2024, 11), (2025, 6)}
    assert len(set(joined)) == 7 + 5 + 7
    left = {name: member["left"] is not None for name, member in books.members.items()}
    assert books.rate(left, lambda member: member["channel"] == "campaign") > 0.4
    assert books.rate(left, lambda member: member["channel"] != "campaign") < 0.3
    reasons = [m["leave_reason"] for m in books.members.values() if m["channel"] == "campaign"]
    given = [reason for reason in reasons if reason]
    assert given.count("came for the offer only") / len(given) > 0.55


def checkouts(books: Books) -> Iterable[tuple[Row, str, bool]]:
    """Yield every checkout since the new page: member, page, whether a payment came next."""
    for name, events in books.events.items():
        steps = [row for row in events if row["event"] in ("checkout", "pay")]
        for row, after in pairwise([*steps, {"event": None}]):
            if row["event"] == "checkout" and row["event_time"] >= datetime(2024, 12, 1):
                yield books.members[name], row["page"], after["event"] == "pay"


def test_checkout_breaks_for_one_client_and_drives_people_out(books: Books) -> None:
    paid: dict[str, list[bool]] = defaultdict(list)
    left: dict[str, dict[str, bool]] = defaultdict(dict)
    for member, page, pays in checkouts(books):
        paid[page].append(pays)
        left[page][member["user_id"]] = member["left"] is not None
        assert (page == "checkout_v2") == (member["client"] == "android")
    shares = {page: sum(flags) / len(flags) for page, flags in paid.items()}
    leavers = {page: sum(flags.values()) / len(flags) for page, flags in left.items()}
    sizes = books.measured["broken-checkout"]
    assert sizes["checkouts_broken"] == len(paid["checkout_v2"])
    assert (sizes["coefficient_broken"], sizes["coefficient_intact"]) == pytest.approx(
        (shares["checkout_v2"], shares["checkout"]), abs=1e-4
    )
    assert (sizes["left_broken"], sizes["left_intact"]) == pytest.approx(
        (leavers["checkout_v2"], leavers["checkout"]), abs=1e-4
    )
    assert shares["checkout_v2"] == pytest.approx(0.35, abs=0.05)
    assert shares["checkout"] == pytest.approx(0.75, abs=0.05)
    assert leavers["checkout_v2"] > 1.5 * leavers["checkout"]


def test_the_broken_page_is_not_seen_before_its_day(books: Books) -> None:
    rows = [row for events in books.events.values() for row in events]
    first = min(row["event_time"] for row in rows if row["page"] == "checkout_v2")
    assert datetime(2024, 12, 1) <= first < datetime(2024, 12, 3)


def test_a_group_falls_silent(books: Books) -> None:
    daily: dict[tuple[bool, bool], float] = defaultdict(float)
    for name, member in books.members.items():
        if member["group"] is not None:
            for time in books.times(name, "visit"):
                after = time >= datetime(2025, 3, 1)
                if time >= datetime(2024, 12, 1):
                    daily[member["group"] == "group-05", after] += 1 / (122 if after else 90)
    sizes = books.measured["silent-group"]
    assert [sizes[name] for name in ("visits_a_day_before", "visits_a_day_after")] == (
        pytest.approx([daily[True, False], daily[True, True]], abs=0.01)
    )
    assert [sizes[name] for name in ("other_groups_before", "other_groups_after")] == (
        pytest.approx([daily[False, False], daily[False, True]], abs=0.01)
    )
    assert daily[True, True] < 0.2 * daily[True, False]
    assert daily[False, True] > 0.9 * daily[False, False]
    joined = [m["joined"] for m in books.members.values() if m["group"] == "group-05"]
    assert max(joined) < datetime(2025, 3, 1)


def test_a_channel_dries_up(books: Books) -> None:
    joins: dict[str, int] = defaultdict(int)
    for member in books.members.values():
        if member["channel"] == "douyin":
            joined = member["joined"]
            joins[f"joins_{joined.year}-Q{(joined.month + 2) // 3}"] += 1
    assert books.measured["falling-channel"] == joins
    quarters = [joins[quarter] for quarter in sorted(joins)]
    assert len(quarters) == 6
    assert all(later < earlier for earlier, later in pairwise(quarters))
    assert quarters[-1] < quarters[0] / 10


def test_one_tier_buys_again_sooner(books: Books) -> None:
    gaps: dict[str, list[float]] = defaultdict(list)
    soon: dict[str, list[bool]] = defaultdict(list)
    for name, member in books.members.items():
        tier = "fast" if member["tier"] == "gold" else "others"
        pays = books.times(name, "pay")
        waits = [(b - a).total_seconds() / 86_400 for a, b in pairwise(pays)]
        gaps[tier] += waits
        if pays and (datetime(2025, 7, 1) - pays[0]).total_seconds() >= 14 * 86_400:
            soon[tier].append(bool(waits) and waits[0] <= 14)
    sizes = books.measured["fast-tier"]
    for tier in ("fast", "others"):
        share = sum(soon[tier]) / len(soon[tier])
        assert sizes[f"buyers_{tier}"] == len(soon[tier])
        assert sizes[f"median_gap_days_{tier}"] == pytest.approx(median(gaps[tier]), abs=0.051)
        assert sizes[f"repurchase_14_days_{tier}"] == pytest.approx(share, abs=1e-4)
    assert 8 < median(gaps["fast"]) < 16
    assert 20 < median(gaps["others"]) < 31
    assert sum(soon["fast"]) / len(soon["fast"]) > 2 * sum(soon["others"]) / len(soon["others"])


def test_the_same_campaign_twice_numbs(books: Books) -> None:
    responses = []
    for order, day in (("first", date(2024, 9, 6)), ("second", date(2024, 9, 20))):
        sent = [
            name
            for name, m in books.members.items()
            if m["joined"].date() < day and (m["left"] is None or m["left"].date() > day)
        ]
        read = [
            name
            for name, events in books.events.items()
            if any(e["page"] == "autumn_sale" and e["event_time"].date() == day for e in events)
        ]
        assert set(read) <= set(sent)
        assert books.measured["message-fatigue"][f"sent_{order}"] == len(sent)
        responses.append(len(read) / len(sent))
        assert books.measured["message-fatigue"][f"response_{order}"] == pytest.approx(
            responses[-1], abs=1e-4
        )
    assert responses[0] > 0.13
    assert responses[1] / responses[0] == pytest.approx(1 / 3, abs=0.1)


# Upper 0.001 points of chi-square by degrees of freedom: NIST/SEMATECH e-Handbook, 1.3.6.7.4.
CRITICAL = {2: 13.816, 4: 18.467, 5: 20.515, 7: 24.322, 8: 26.125}


def chi_square(books: Books, outcome: Mapping[str, bool], column: str) -> tuple[float, int]:
    """Return Pearson's statistic of `outcome` against `column`, and its degrees of freedom."""
    groups: dict[str | None, list[bool]] = defaultdict(list)
    for name, value in outcome.items():
        groups[books.members[name][column]].append(value)
    overall = sum(outcome.values()) / len(outcome)
    statistic = sum(
        (sum(values) - len(values) * overall) ** 2 / (len(values) * overall * (1 - overall))
        for values in groups.values()
    )
    return statistic, len(groups) - 1


def test_city_does_nothing(books: Books) -> None:
    outcomes = {
        "back": books.back_next_month(),
        "left": {name: member["left"] is not None for name, member in books.members.items()},
        "ordered": {name: bool(books.times(name, "pay")) for name in books.members},
        "ordered twice": {name: len(books.times(name, "pay")) > 1 for name in books.members},
    }
    for outcome in outcomes.values():
        statistic, freedom = chi_square(books, outcome, "city")
        assert statistic < CRITICAL[freedom]


def test_what_is_not_planted_is_not_there(books: Books) -> None:
    back = books.back_next_month()
    alike = {n: value for n, value in back.items() if books.members[n]["channel"] != "campaign"}
    for column in ("channel", "tier", "group"):
        statistic, freedom = chi_square(books, alike, column)
        assert statistic < CRITICAL[freedom]
    ordered = {name: bool(books.times(name, "pay")) for name in alike}
    statistic, freedom = chi_square(books, ordered, "tier")
    assert statistic < CRITICAL[freedom]
