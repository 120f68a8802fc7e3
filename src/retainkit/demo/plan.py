"""What the demo shop is: its calendar, its words, and the sizes of what is planted in it.

Days are counted from OPENED. Everything that the truths list states is read from here, so that
the model and the list cannot drift apart.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

ZONE = "Asia/Shanghai"  # event times are naive local times there; it has had no DST since 1991
OPENED = date(2024, 1, 1)
CLOSED = date(2025, 7, 1)  # the first day that was not observed
LAST_DAY = CLOSED - timedelta(days=1)
DAYS = (CLOSED - OPENED).days
FAR = 10 * DAYS  # a day that never comes


def day_number(day: date) -> int:
    """Return how many days after OPENED `day` is."""
    return (day - OPENED).days


# Words, each with its share among members. An empty word becomes a null.
CHANNELS = {
    "wechat_group": 0.26,
    "mini_program": 0.22,
    "referral": 0.14,
    "offline_store": 0.12,
    "campaign": 0.13,
    "douyin": 0.13,
}
GROUPS = {"": 0.12} | {f"group-{number:02d}": 0.11 for number in range(1, 9)}
TIERS = {"basic": 0.6, "silver": 0.25, "gold": 0.15}
CITIES = {
    "Shanghai": 0.3,
    "Hangzhou": 0.22,
    "Chengdu": 0.18,
    "Wuhan": 0.15,
    "Shenzhen": 0.12,
    "": 0.03,
}
CLIENTS = {"ios": 0.55, "android": 0.45}
TRAITS = {
    "channel": CHANNELS,
    "group": GROUPS,
    "tier": TIERS,
    "city": CITIES,
    "client": CLIENTS,
}

# Leave reasons as members put them: taxonomy class and share where nothing planted drives them.
REASONS = {
    "payment fails": ("product", 0.04),
    "nothing new to buy": ("product", 0.18),
    "login asked for too often": ("access", 0.08),
    "too many messages": ("cost", 0.15),
    "too expensive": ("cost", 0.12),
    "nobody answers": ("low interaction", 0.12),
    "no longer needed": ("natural", 0.17),
    "came for the offer only": ("mismatch", 0.07),
    "slow delivery": ("other", 0.07),
}
NO_REASON_SHARE = 0.1  # leavers who give none

# Truth 1: the campaign's people come in bursts (first day, days, share) and leave.
CAMPAIGN = "campaign"
BURSTS = (
    (date(2024, 6, 14), 7, 0.35),
    (date(2024, 11, 8), 5, 0.45),
    (date(2025, 6, 13), 7, 0.2),
)
LEAVES = 0.3  # of those whose interest ends, the share that leaves formally
CAMPAIGN_LEAVES = 0.55
CAMPAIGN_MISMATCH = 0.65  # of their reasons
# Interest lasts a Lomax time: the share still interested after t days is (1 + t / scale) ** -shape.
INTEREST = (8.0, 0.5)
CAMPAIGN_INTEREST = (4.0, 1.2)

# Truth 2: one client gets a new checkout page, which fails.
BROKEN_FROM = date(2024, 12, 1)
BROKEN_CLIENT = "android"
BROKEN_PAGE = "checkout_v2"
PAYS = 0.75
PAYS_BROKEN = 0.35
QUITS_BROKEN = 0.2  # chance that a failure there ends the interest
QUITTERS_LEAVE = 0.75

# Truth 3: a group loses its keeper.
SILENT_GROUP = "group-05"
SILENT_FROM = date(2025, 3, 1)
SILENT_ACTIVITY = 0.1  # times the usual activity
SILENT_LEAVES = 0.3  # of those still interested, within two months

# Truth 4: a channel falls, each month by this factor.
FALLING_CHANNEL = "douyin"
FALLING_FACTOR = 0.83

# Truth 5: a tier needs more sooner: days until the next need, lowest and highest.
FAST_TIER = "gold"
NEED_DAYS = (12, 28)
NEED_DAYS_FAST = (5, 13)

# Truth 6: the same campaign message, sent twice.
BLAST_PAGE = "autumn_sale"
BLASTS = ((date(2024, 9, 6), 1.0), (date(2024, 9, 20), 1 / 3))
READS = 0.4  # of the interested who are sent the first
READS_LAPSED = 0.06

# The background, the same for everyone.
NEVER_SHARE = 0.07  # do nothing after joining
GUEST_SHARE = 0.012  # looked around before they joined
RETURN_SHARE = 0.2  # of the silent who did not leave: come back once
EARLY_BUYERS = 0.42  # need something within the first three days
LATER_BUYERS = 0.3
LAST_NEED = 0.25  # chance that an order was the last
QUICK_NEED = 0.15  # chance of the next need within six days
REFUNDS = 0.025

_WEEKDAYS = (0.95, 0.92, 0.95, 0.98, 1.05, 1.15, 1.1)
SEASONS = (
    ("Spring Festival", date(2024, 2, 9), date(2024, 2, 16), 0.6),
    ("618", date(2024, 6, 16), date(2024, 6, 20), 1.3),
    ("Double 11", date(2024, 11, 9), date(2024, 11, 12), 1.4),
    ("Spring Festival", date(2025, 1, 28), date(2025, 2, 4), 0.6),
    ("618", date(2025, 6, 16), date(2025, 6, 20), 1.3),
)


def calendar() -> NDArray[np.float64]:
    """Return how busy each day is, as a factor: weekdays, festivals, sales."""
    factors = np.array([_WEEKDAYS[(OPENED + timedelta(day)).weekday()] for day in range(DAYS)])
    for _, first, last, factor in SEASONS:
        factors[day_number(first) : day_number(last) + 1] *= factor
    return factors


def join_weights(channel: str) -> NDArray[np.float64]:
    """Return the relative number of people who join through `channel` on each day."""
    weights = calendar()
    if channel == FALLING_CHANNEL:
        days = [OPENED + timedelta(day) for day in range(DAYS)]
        months = [12 * (day.year - OPENED.year) + day.month - OPENED.month for day in days]
        weights *= FALLING_FACTOR ** np.array(months)
    if channel == CAMPAIGN:
        weights[:] = 0
        for first, length, share in BURSTS:
            weights[day_number(first) : day_number(first) + length] = share / length
    return weights
