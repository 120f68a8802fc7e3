"""The shop's life, day by day: who comes, who is asked to, who buys, who has had enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainkit.demo import plan
from retainkit.demo.people import Bools, Floats, Ints, People, Rng, between, draw_reasons

BROWSE, CART, CHECKOUT, PAY = range(4)

# How much likelier a visit is on each of the first days after joining.
_NEWCOMER = np.array([0, 5, 3.2, 2.5, *[1.8] * 4, *[1.3] * 7, 1])
_FIRST_DAY = 0.85
_NEED_BRINGS = 0.35  # a need brings its member with at least this chance a day
_BUYS_IN = 0.8  # of visits with a need: get as far as the checkout
_PUTS_IN_CART = 0.12  # of the others

_SILENT_DAY = plan.day_number(plan.SILENT_FROM)
_SILENT_GROUP = list(plan.GROUPS).index(plan.SILENT_GROUP)
_BROKEN_DAY = plan.day_number(plan.BROKEN_FROM)
_BROKEN_CLIENT = list(plan.CLIENTS).index(plan.BROKEN_CLIENT)
_FAST_TIER = list(plan.TIERS).index(plan.FAST_TIER)
_BLASTS = {plan.day_number(day): factor for day, factor in plan.BLASTS}


@dataclass(frozen=True)
class Sessions:
    """One entry a session: at most one a member and day.

    stage: how far it went, BROWSE to PAY. broken: its checkout page was the broken one. blast:
    a campaign message brought it. back: it ended a long silence.
    """

    member: Ints
    day: Ints
    stage: Ints
    broken: Bools
    blast: Bools
    back: Bools


def live(people: People, rng: Rng) -> Sessions:
    """Return every session from opening to the end; `people` leave and need as it goes on."""
    busy = plan.calendar()
    days: list[tuple[Ints, Ints, Ints, Bools, Bools, Bools]] = []
    for day in range(plan.DAYS):
        if day == _SILENT_DAY:
            _lose_keeper(people, day, rng)
        readers = _readers(people, day, rng)
        member = np.union1d(_visitors(people, day, busy[day], rng), readers)
        stage, broken = _shop(people, member, day, rng)
        blast = np.isin(member, readers)
        back = people.back_day[member] == day
        days.append((member, np.full(len(member), day), stage, broken, blast, back))
    return Sessions(*(np.concatenate(column) for column in zip(*days, strict=True)))


def _interested(people: People, day: int) -> Bools:
    first = (people.join_day <= day) & (day < people.interest_end)
    again = (people.back_day <= day) & (day < people.back_end)
    return (first | again) & (day < people.left_day)


def _care(people: People, member: Ints, day: int) -> Floats:
    """Return the factor on activity by the member's group: 1, or little where it is silent."""
    silent = (people.group[member] == _SILENT_GROUP) & (day >= _SILENT_DAY)
    return np.where(silent, plan.SILENT_ACTIVITY, 1.0)


def _visitors(people: People, day: int, busy: float, rng: Rng) -> Ints:
    """Return the members who come by themselves on `day`."""
    member: Ints = np.flatnonzero(_interested(people, day))
    age = day - people.join_day[member]
    chance = people.rate[member] * _NEWCOMER[np.minimum(age, len(_NEWCOMER) - 1)] * busy
    chance[age == 0] = _FIRST_DAY
    needs = (people.need_day[member] <= day) & (age > 0)
    chance[needs] = np.maximum(chance[needs], _NEED_BRINGS)
    chance = np.where(people.back_day[member] == day, 1.0, chance.clip(max=0.9))
    return member[rng.random(len(member)) < chance * _care(people, member, day)]


def _readers(people: People, day: int, rng: Rng) -> Ints:
    """Return the members whom a campaign message of `day` brings."""
    factor = _BLASTS.get(day)
    if factor is None:
        return np.empty(0, dtype=np.int64)
    member = np.flatnonzero((people.join_day < day) & (day < people.left_day))
    reads = np.where(_interested(people, day)[member], plan.READS, plan.READS_LAPSED)
    reads[people.interest_end[member] == people.join_day[member]] = 0  # those who never do a thing
    return member[rng.random(len(member)) < reads * factor * _care(people, member, day)]


def _shop(people: People, member: Ints, day: int, rng: Rng) -> tuple[Ints, Bools]:
    """Return how far each visit goes and whether it met the broken page; take what follows."""
    chances = rng.random((3, len(member)))
    needs = people.need_day[member] <= day
    stage = np.where(needs | (chances[0] < _PUTS_IN_CART), CART, BROWSE)
    stage[needs & (chances[1] < _BUYS_IN)] = CHECKOUT
    broken = (people.client[member] == _BROKEN_CLIENT) & (stage == CHECKOUT) & (day >= _BROKEN_DAY)
    pays = chances[2] < np.where(broken, plan.PAYS_BROKEN, plan.PAYS)
    stage[(stage == CHECKOUT) & pays] = PAY
    _need_again(people, member[stage == PAY], day, rng)
    failed = member[stage == CHECKOUT]
    people.need_day[failed] = day + between(rng, 4, 12, len(failed))
    _have_enough(people, member[broken & (stage == CHECKOUT)], day, rng)
    return stage, broken


def _need_again(people: People, member: Ints, day: int, rng: Rng) -> None:
    """Set when those who have just bought will want to buy again."""
    count = len(member)
    usual = _two_dice(rng, plan.NEED_DAYS, count)
    fast = _two_dice(rng, plan.NEED_DAYS_FAST, count)
    days = np.where(people.tier[member] == _FAST_TIER, fast, usual)
    quick = between(rng, 1, 6, count)
    days = np.where(rng.random(count) < plan.QUICK_NEED, quick, days)
    last = rng.random(count) < plan.LAST_NEED
    people.need_day[member] = np.where(last, plan.FAR, day + days)


def _two_dice(rng: Rng, span: tuple[int, int], count: int) -> Ints:
    """Return whole numbers within `span`, the middle the likeliest."""
    low, high = span
    half = (high - low) // 2
    return low + between(rng, 0, half, count) + between(rng, 0, half, count)


def _have_enough(people: People, member: Ints, day: int, rng: Rng) -> None:
    """End the interest of some whose payment failed; most of them leave within a week."""
    member = member[rng.random(len(member)) < plan.QUITS_BROKEN]
    _end(people, member, day + 1)
    leavers = member[rng.random(len(member)) < plan.QUITTERS_LEAVE]
    people.left_day[leavers] = day + between(rng, 1, 6, len(leavers))
    people.reason[leavers] = draw_reasons(rng, len(leavers), "payment fails", 0.8)


def _lose_keeper(people: People, day: int, rng: Rng) -> None:
    """Make some members of the group without a keeper leave over the next two months."""
    member = np.flatnonzero(_interested(people, day) & (people.group == _SILENT_GROUP))
    member = member[rng.random(len(member)) < plan.SILENT_LEAVES]
    left_day = day + between(rng, 5, 60, len(member))
    people.interest_end[member] = np.minimum(people.interest_end[member], left_day)
    people.back_end[member] = np.minimum(people.back_end[member], left_day)
    people.left_day[member] = left_day
    people.reason[member] = draw_reasons(rng, len(member), "nobody answers", 0.8)


def _end(people: People, member: Ints, day: int) -> None:
    """End all interest of `member` at `day`, for good and without a farewell."""
    people.interest_end[member] = np.minimum(people.interest_end[member], day)
    people.back_end[member] = np.minimum(people.back_end[member], day)
    people.back_day[member[people.back_day[member] >= day]] = plan.FAR
    people.left_day[member] = plan.FAR
