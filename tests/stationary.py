"""A shop in which nothing ever changes and no segment differs: whoever finds something is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

OPENED = datetime(2024, 1, 1)
DAYS = 400
SEGMENTS: dict[str, dict[str | None, float]] = {
    "channel": {"ads": 0.4, "web": 0.25, "friends": 0.2, "shop": 0.1, None: 0.05},
    "client": {"ios": 0.6, "android": 0.4},
}
REASONS = ("too expensive", "no longer needed", "nobody answers", "payment fails", "slow delivery")
STEPS = {"add_to_cart": 0.4, "checkout": 0.7, "pay": 0.8}


def stationary(members: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return events and members: people join evenly, come as often as they like, and lose interest.

    People differ, so that whoever comes once more comes often; but not by segment or date.
    """
    rng = np.random.default_rng(seed)
    joined = rng.random(members) * DAYS
    interest = joined + 10 * rng.pareto(0.7, members).clip(max=1e4)
    left = np.where(rng.random(members) < 0.3, interest + 10 * rng.random(members), np.inf)
    end = interest.clip(max=DAYS)
    visits = rng.poisson(rng.gamma(0.8, 0.06, members) * (end - joined)) + rng.integers(
        0, 2, members
    )
    who = np.repeat(np.arange(members), visits)
    when = joined[who] + rng.random(len(who)) * (end - joined)[who]
    rows = [(np.arange(members), joined, "join"), (who, when, "visit")]
    for number, (step, share) in enumerate(STEPS.items(), 1):
        on = rng.random(len(who)) < share
        who, when = who[on], when[on]
        rows.append((who, when + number / 10_000, step))
    events = pl.concat(_events(*each) for each in rows).sort("event_time", "user_id")
    reasons = rng.choice(REASONS, members).tolist()
    said = zip(left, reasons, strict=True)
    table = pl.DataFrame(
        {
            "user_id": np.arange(members),
            "joined": _moments(joined),
            "left": [_moment(day) if day < DAYS else None for day in left],
            "leave_reason": [reason if day < DAYS else None for day, reason in said],
            **{column: _drawn(rng, words, members) for column, words in SEGMENTS.items()},
        }
    )
    return events, table


def _drawn(
    rng: np.random.Generator, words: dict[str | None, float], members: int
) -> list[str | None]:
    names = list(words)
    return [names[place] for place in rng.choice(len(names), members, p=[*words.values()])]


def _events(who: np.ndarray, when: np.ndarray, event: str) -> pl.DataFrame:
    paid = event == "pay"
    return pl.DataFrame({"user_id": who, "event_time": _moments(when)}).with_columns(
        event=pl.lit(event), amount=pl.lit(20.0 if paid else None, pl.Float64)
    )


def _moments(days: np.ndarray) -> list[datetime]:
    return [_moment(day) for day in days]


def _moment(day: float) -> datetime:
    return OPENED + timedelta(days=float(day))
