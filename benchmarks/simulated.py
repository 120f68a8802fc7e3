"""Weekly cohorts whose true day-7 retention is known, and what gates say of them.

Two ways to the same verdicts: `judged` makes the table that `retainkit retention` would have of
drawn counts and holds rules against it by the command's own code, thousands at once; `played`
writes the events of the same counts and runs the whole check on them. A market is one repetition,
or one of many rules of one repetition: markets share no members and know nothing of each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binom, norm

from retainkit.checking.judging import judge
from retainkit.checking.parsing import read_rules
from retainkit.checking.rules import Definitions, Rule
from retainkit.checking.running import Check, checked
from retainkit.checking.summary import main_table
from retainkit.metrics.base import with_rate
from retainkit.results import DataWindow, Result
from retainkit.sources import SourceOptions

FIRST = date(2025, 1, 6)  # a Monday
DAY = 7
WEEK = 7
CONFIDENCE = 0.95  # what intervals have unless said
ONE_SIDED = (1 - CONFIDENCE) / 2

Counts = NDArray[np.int64]  # members that returned, by market and cohort
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """Verdicts as arrays, a row a market; a column a cohort where each is judged."""

    breached: NDArray[np.bool_]
    undecided: NDArray[np.bool_]


@cache
def rules_of(*texts: str) -> list[Rule]:
    """Return rules on the day-7 retention of weekly cohorts, each market by itself."""
    begin = f"retention day={DAY} mode=on cohort=week by=market"
    return read_rules([f"{begin} {text}" for text in texts], Definitions())


def table_of(returned: Counts, members: int) -> pl.DataFrame:
    """Return the main table of `retainkit retention --cohort week --by market` of these counts."""
    markets, cohorts = returned.shape
    frame = pl.DataFrame(
        {
            "market": np.repeat([name_of(i) for i in range(markets)], cohorts),
            "cohort": [FIRST + timedelta(days=WEEK * i) for i in range(cohorts)] * markets,
            "day": np.full(markets * cohorts, DAY),
            "mode": ["on"] * (markets * cohorts),
            "members": np.full(markets * cohorts, members),
            "mature": np.full(markets * cohorts, members),
            "returned": returned.ravel(),
        }
    )
    return with_rate(frame, "returned", "mature", CONFIDENCE)


def name_of(market: int) -> str:
    return f"m{market:05}"


def judged(text: str, returned: Counts, members: int, fdr: float | None = None) -> Found:
    """Return what one rule says of each market, or of each of its cohorts, by the table alone.

    fdr: over all these verdicts, so that the markets are rules of one run.
    """
    told = judge(rules_of(text), [_result(returned, members)], {}, fdr)
    verdicts = np.array([each.verdict for each in told]).reshape(len(returned), -1)
    return Found(verdicts == "breach", verdicts == "undecided")


def played(
    texts: Sequence[str], returned: Counts, members: int, seed: int, fdr: float | None = None
) -> pl.DataFrame:
    """Return the main table of the whole check of rules on the events of these counts."""
    end = FIRST + timedelta(days=WEEK * returned.shape[1] + DAY + 1)
    options = SourceOptions(member_col="user_id", time_col="event_time", as_of=end)
    check = Check(rules=rules_of(*texts), fdr=fdr)
    return checked(check, [events_of(returned, members, seed)], options).main


def expected(
    texts: Sequence[str], returned: Counts, members: int, fdr: float | None = None
) -> pl.DataFrame:
    """Return the same main table, made from the counts."""
    rules = rules_of(*texts)
    return main_table(judge(rules, [_result(returned, members)] * len(rules), {}, fdr))


def events_of(returned: Counts, members: int, seed: int) -> pl.DataFrame:
    """Return events in which so many members of each cohort are back on day 7.

    A cohort's members start on all days of its week; some come on other days, too, which a rule
    for day 7 does not count.
    """
    rng = np.random.default_rng([seed, 1])
    markets, cohorts = returned.shape
    size = markets * cohorts * members
    cell = np.repeat(np.arange(markets * cohorts), members)
    place = np.tile(np.arange(members), markets * cohorts)
    start = WEEK * (cell % cohorts) + rng.integers(0, WEEK, size)
    parts = [(np.arange(size), start), (np.flatnonzero(place < returned.ravel()[cell]), None)]
    parts += [(np.flatnonzero(rng.random(size) < share), None) for share in (0.4, 0.2)]
    frames = []
    for (who, own), later in zip(parts, (0, DAY, DAY - 3, DAY + 4), strict=True):
        day = (start[who] if own is None else own) + later
        second = day * 86_400 + rng.integers(0, 86_400, len(who))
        frames.append(pl.DataFrame({"user_id": who + 1, "second": second, "cell": cell[who]}))
    begin = datetime(FIRST.year, FIRST.month, FIRST.day)
    return (
        pl.concat(frames)
        .select(
            "user_id",
            event_time=pl.lit(begin) + pl.duration(seconds="second"),
            market=pl.format("m{}", (pl.col("cell") // cohorts).cast(pl.String).str.zfill(5)),
        )
        .sort("event_time")
    )


def drawn(rng: np.random.Generator, share: float | Floats, members: int, *shape: int) -> Counts:
    """Return how many of so many members return, each by itself with that chance."""
    return rng.binomial(members, share, shape)


def exactly(text: str, share: float, members: int) -> float:
    """Return the chance that a rule on one cohort is in breach: verdicts of all counts there are,
    each as likely as the binomial distribution says.
    """
    breached = _breached_of_all(text, members)
    return float(binom.pmf(np.arange(members + 1), members, share) @ breached)


@cache
def _breached_of_all(text: str, members: int) -> NDArray[np.bool_]:
    return judged(text, np.arange(members + 1)[:, None], members).breached.ravel()


def power(bound: float, share: float, members: int) -> float:
    """Return the chance that the one-sided score test finds `share` below `bound`.

    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 3rd edition, by the
    normal distribution without continuity correction; as a number of members it is in the
    NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.4.2.
    """
    spread = np.sqrt(bound * (1 - bound) / members)
    own = np.sqrt(share * (1 - share) / members)
    return float(norm.cdf((bound - share - norm.isf(ONE_SIDED) * spread) / own))


def members_for(bound: float, share: float, found: float = 0.8) -> int:
    """Return how many members it takes for that power: the same formula, solved."""
    spread, own = (np.sqrt(each * (1 - each)) for each in (bound, share))
    root = (norm.isf(ONE_SIDED) * spread + norm.ppf(found) * own) / (bound - share)
    return math.ceil(root**2)


def power_of_change(
    before: float, share: float, members: int, most: float, *, relative: bool, previous: int
) -> float:
    """Return the same of a drop by more than `most` from the mean of `previous` cohorts.

    By the normal distribution, with the variances of the true shares on both sides.
    """
    weight = 1 - most if relative else 1.0
    edge = weight * before if relative else before - most
    variance = share * (1 - share) + weight**2 * before * (1 - before) / previous
    spread = np.sqrt(variance / members)
    return float(norm.cdf((edge - share) / spread - norm.isf(ONE_SIDED)))


def _result(returned: Counts, members: int) -> Result:
    table = table_of(returned, members)
    window = DataWindow(table.height, table.height, None, None, None, "UTC")
    return Result("retention", "", {}, window, {"main": table})
