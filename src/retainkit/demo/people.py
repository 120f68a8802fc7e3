"""The members: who they are, when they join, and what they would do if nothing happened.

Only uniform draws are taken from NumPy's generator and turned into everything else here, so that
one seed gives one shop whatever NumPy's other distributions become.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retainkit.demo import plan

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rng = np.random.Generator

NO_REASON = -1


@dataclass
class People:
    """One entry a member in each array; days are counted from the opening, `plan.FAR` is never.

    channel, group, tier, city, client, reason: positions in the plan's words. rate: chance of a
    visit on an ordinary day while interested. The interest lasts to `interest_end`, and again
    from `back_day` to `back_end`; `need_day` is when the member next wants to buy. The days of
    leaving and needing change as the shop's life goes on.
    """

    join_day: Ints
    join_second: Ints
    channel: Ints
    group: Ints
    tier: Ints
    city: Ints
    client: Ints
    rate: Floats
    interest_end: Ints
    back_day: Ints
    back_end: Ints
    need_day: Ints
    left_day: Ints
    reason: Ints

    @property
    def count(self) -> int:
        """How many members there are."""
        return len(self.join_day)


def pick(rng: Rng, weights: Floats, count: int) -> Ints:
    """Return `count` positions, each drawn with the chance that its weight is of the total."""
    return _at_shares(weights, rng.random(count))


def spread(rng: Rng, weights: Floats, count: int) -> Ints:
    """Return `count` rising positions, spread as evenly over the weights as whole numbers can be.

    What is planted in the weights is then seen as planted, not blurred by the luck of the draw.
    """
    return _at_shares(weights, (np.arange(count) + rng.random(count)) / max(count, 1))


def _at_shares(weights: Floats, shares: Floats) -> Ints:
    edges = np.cumsum(weights)
    positions: Ints = np.searchsorted(edges, shares * edges[-1], side="right").astype(np.int64)
    return positions.clip(max=len(weights) - 1)


def between(rng: Rng, low: int, high: int, count: int) -> Ints:
    """Return `count` whole numbers from `low` to `high`, both included."""
    return low + (rng.random(count) * (high - low + 1)).astype(np.int64)


def seconds_of_day(rng: Rng, count: int) -> Ints:
    """Return times of day in seconds: quiet nights, a peak at noon, a higher one at nine.

    None is later than 23:10, so that a session ends on the day it began.
    """
    hours = np.array([1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 14, 11, 9, 9, 9, 10, 12, 15, 19])
    hours = np.append(hours, [21, 14]).astype(np.float64)
    return pick(rng, hours, count) * 3600 + between(rng, 0, 4199, count)


def draw_reasons(rng: Rng, count: int, usual: str = "", share: float = 0.0) -> Ints:
    """Return leave reasons: `usual` for its share, else any, and none for a few."""
    words = list(plan.REASONS)
    reasons = pick(rng, np.array([weight for _, weight in plan.REASONS.values()]), count)
    if usual:
        reasons[rng.random(count) < share] = words.index(usual)
    reasons[rng.random(count) < plan.NO_REASON_SHARE] = NO_REASON
    return reasons


def draw_people(count: int, rng: Rng) -> People:
    """Return `count` members in the order in which they join."""
    channel = _pick_word(rng, plan.CHANNELS, count)
    join_day = np.zeros(count, dtype=np.int64)
    for position, name in enumerate(plan.CHANNELS):
        through = np.flatnonzero(channel == position)
        join_day[through] = spread(rng, plan.join_weights(name), len(through))
    join_second = seconds_of_day(rng, count)
    order = np.lexsort((join_second, join_day))
    channel, join_day, join_second = channel[order], join_day[order], join_second[order]
    campaign = channel == list(plan.CHANNELS).index(plan.CAMPAIGN)
    end, back_day, back_end, left_day = _draw_interest(rng, join_day, campaign)
    reason = draw_reasons(rng, count)
    mismatch = draw_reasons(rng, count, "came for the offer only", plan.CAMPAIGN_MISMATCH)
    return People(
        join_day=join_day,
        join_second=join_second,
        channel=channel,
        group=_draw_group(rng, join_day),
        tier=_pick_word(rng, plan.TIERS, count),
        city=_pick_word(rng, plan.CITIES, count),
        client=_pick_word(rng, plan.CLIENTS, count),
        rate=np.minimum(0.035 * (1 - rng.random(count)) ** -0.6, 0.7),
        interest_end=end,
        back_day=back_day,
        back_end=back_end,
        need_day=_draw_first_need(rng, join_day),
        left_day=left_day,
        reason=np.where(campaign, mismatch, reason),
    )


def _pick_word(rng: Rng, shares: Mapping[str, float], count: int) -> Ints:
    return pick(rng, np.array(list(shares.values())), count)


def _draw_group(rng: Rng, join_day: Ints) -> Ints:
    """Return each member's group; nobody is put into the group that has lost its keeper."""
    shares = dict(plan.GROUPS)
    before = _pick_word(rng, shares, len(join_day))
    shares[plan.SILENT_GROUP] = 0.0
    after = _pick_word(rng, shares, len(join_day))
    return np.where(join_day < plan.day_number(plan.SILENT_FROM), before, after)


def _lomax(rng: Rng, scale: float, shape: float, count: int) -> Ints:
    lasting = scale * ((1 - rng.random(count)) ** (-1 / shape) - 1)
    return np.minimum(lasting, plan.FAR).astype(np.int64)


def _draw_interest(rng: Rng, join_day: Ints, campaign: Bools) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the days on which interest ends, comes back, ends again, and of leaving."""
    count = len(join_day)
    usual = _lomax(rng, *plan.INTEREST, count)
    short = _lomax(rng, *plan.CAMPAIGN_INTEREST, count)
    never = rng.random(count) < plan.NEVER_SHARE
    end = np.where(never, join_day, join_day + 1 + np.where(campaign, short, usual))
    leaves = rng.random(count) < np.where(campaign, plan.CAMPAIGN_LEAVES, plan.LEAVES)
    left_day = np.where(leaves & ~never, end + between(rng, 1, 10, count), plan.FAR)
    returns = ~leaves & ~never & ~campaign & (rng.random(count) < plan.RETURN_SHARE)
    back_day = np.where(returns, end + between(rng, 30, 150, count), plan.FAR)
    back_end = back_day + 1 + _lomax(rng, *plan.INTEREST, count)
    return end, back_day, back_end, left_day


def _draw_first_need(rng: Rng, join_day: Ints) -> Ints:
    """Return the day of the first wish to buy: soon for many, later for some, never for others."""
    count = len(join_day)
    soon = pick(rng, np.array([0.65, 0.2, 0.15]), count)
    later = 4 + (50 * rng.random(count) ** 2).astype(np.int64)
    kind = rng.random(count)
    days = np.where(kind < plan.EARLY_BUYERS, soon, later)
    return np.where(kind < plan.EARLY_BUYERS + plan.LATER_BUYERS, join_day + days, plan.FAR)
