"""How often `retainkit check` cries wolf, and how often it finds a drop; from a seed, as Markdown.

`python benchmarks/gates.py` takes some minutes. docs/gates.md tells what the tables mean. Shares
are of so many repetitions; where there is an exact answer (all counts that a cohort can have, each
with its binomial chance) or that of a power analysis, it stands beside.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from scipy.optimize import brentq

from simulated import (
    Counts,
    drawn,
    exactly,
    expected,
    judged,
    members_for,
    name_of,
    played,
    power,
    power_of_change,
)

SEED = 2026
TRUE = 0.30  # day-7 retention where nothing is wrong
MEMBERS = 200  # of a weekly cohort, unless said
WEEKS = 12
BEFORE = 4  # previous cohorts that a change is measured against
FDR = 0.1
LIMITS = ("at_least=0.30", "at_least=0.28", "at_least=0.25")
CHANGES = ("max_drop=10%", "max_drop=0.03")
SURELY = " decide=confident"
HOW = ("", SURELY)
RUNS = (  # rules, of them dropped, gate
    *((30, dropped, gate) for dropped in (0, 6) for gate in LIMITS[:2]),
    *((rules, 0, LIMITS[0]) for rules in (4, 1)),
)
EDGES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.5)
ALARMS = (
    *("gate", "point", "exact", "confident", "exact"),
    *("12 cohorts: point", "confident", "confident, fdr 0.1"),
)
MANY = (
    *("rules", "at_least", "decide", "runs with a false alarm", "false alarms a run"),
    *("false discovery rate", "drops found"),
)
DROPS = (
    *("members", "now", "at_least=0.28: point", "confident", "power", "exact"),
    *("max_drop=10%: point", "confident", "power"),
)
RESTLESS = (
    "members",
    *(f"{gate}: {how}" for gate in (LIMITS[1], *CHANGES) for how in ("point", "confident")),
)
SIZES = ("members", *(f"at_least={edge}" for edge in EDGES), "max_drop=10% of 30%, simulated")
FINDABLE = ("members", *(f"at_least={bound}" for bound in BOUNDS), "max_drop=10% of 30%")
BELOW = (0.05, 0.1, 0.2, 0.3)  # as shares of the bound
NEEDED = ("bound", *(f"{each:.0%} below it" for each in BELOW))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000, help="repetitions of one cohort")
    parser.add_argument("--many", type=int, default=4_000, help="repetitions of many verdicts")
    parser.add_argument("--frames", type=int, default=6, help="of events, for the whole check")
    asked = parser.parse_args()
    print(f"Seed {SEED}; {asked.runs:,} repetitions of one verdict, {asked.many:,} of many.")
    agreement(asked.frames)
    for title, heads, rows in (
        ("Nothing is wrong: true retention 30%, 200 members a cohort", ALARMS, unchanged(asked)),
        ("Many rules at once, 200 members each", MANY, together(asked)),
        ("Drops from 30%, found", DROPS, planted(asked)),
        ("Nothing is wrong, but cohorts differ: 30%, sd 2 points", RESTLESS, restless(asked)),
        ("How often confident fails at the very bound; meant: 2.5%", SIZES, sizes(asked)),
        ("Largest true share that confident finds 4 times of 5", FINDABLE, findable()),
        ("Members with which confident finds a share so far below its bound", NEEDED, needed()),
    ):
        print(f"\n## {title}\n\n| {' | '.join(heads)} |")
        print(f"|---|{'---:|' * (len(heads) - 1)}")
        for row in rows:
            print(f"| {' | '.join(map(str, row))} |", flush=True)


def agreement(frames: int) -> None:
    """Hold the whole check, on events, against the same verdicts made from tables; or fail."""
    gates = [f"{gate}{how}" for gate in (*LIMITS, *CHANGES) for how in HOW]
    rules = [f"{gate} at={at}" for gate in gates for at in ("latest", "each")]
    many = [f"market={name_of(i)} {LIMITS[0]}{SURELY}" for i in range(30)]
    verdicts = 0
    for seed in range(frames):
        shares = np.where(np.arange(30) < 6, 0.2, TRUE)[:, None] if seed % 2 else TRUE
        returned = drawn(_random(0, seed), shares, MEMBERS, 30, WEEKS)
        for texts, fdr in ((rules, None), (many, FDR)):
            whole = played(texts, returned, MEMBERS, seed, fdr)
            alone = expected(texts, returned, MEMBERS, fdr)
            assert whole.equals(alone), "the whole check and the tables do not agree"
            verdicts += whole.height
    print(f"{verdicts:,} verdicts of the whole check, on events, are those made from the tables.")


def unchanged(asked: argparse.Namespace) -> Iterator[Sequence[object]]:
    """Yield how often each gate fails where nothing is wrong."""
    for i, gate in enumerate((*LIMITS, *CHANGES)):
        is_change = gate in CHANGES
        one = drawn(_random(1, i), TRUE, MEMBERS, asked.runs, BEFORE + 1 if is_change else 1)
        row: list[object] = [f"`{gate}`"]
        for how in HOW:
            row.append(share(judged(f"{gate}{how}", one, MEMBERS).breached.mean()))
            row.append("" if is_change else share(exactly(f"{gate}{how}", TRUE, MEMBERS)))
        cohorts = drawn(_random(2, i), TRUE, MEMBERS, asked.many, WEEKS)
        for how in HOW:
            found = judged(f"{gate}{how} at=each", cohorts, MEMBERS)
            row.append(share(found.breached.any(axis=1).mean()))
        row.append(share(np.mean([_any(f"{gate}{SURELY} at=each", each) for each in cohorts])))
        yield row


def _any(text: str, cohorts: Counts) -> bool:
    """Return whether a run with a false discovery rate has a breach: a run is one market."""
    return bool(judged(text, cohorts[None, :], MEMBERS, FDR).breached.any())


def together(asked: argparse.Namespace) -> Iterator[Sequence[object]]:
    """Yield what many rules of one run say: all as ever, or with 6 that have dropped to 20%."""
    for i, (rules, dropped, gate) in enumerate(RUNS):
        is_down = np.arange(rules) < dropped
        shares = np.where(is_down, 0.2, TRUE)
        runs = drawn(_random(3, i), shares, MEMBERS, asked.many, rules)
        for how, text, fdr in (
            ("point", gate, None),
            ("confident", gate + SURELY, None),
            ("confident, fdr 0.1", gate + SURELY, FDR),
        ):
            told = [judged(text, run[:, None], MEMBERS, fdr).breached.ravel() for run in runs]
            breached = np.array(told)
            false = (breached & ~is_down).sum(axis=1)
            yield (
                f"{rules}, {dropped} down" if dropped else f"{rules}, none down",
                gate.partition("=")[2],
                how,
                share((false > 0).mean()),
                f"{false.mean():.2f}",
                share((false / np.maximum(breached.sum(axis=1), 1)).mean()),
                share(breached[:, is_down].mean()) if dropped else "",
            )


def planted(asked: argparse.Namespace) -> Iterator[Sequence[object]]:
    """Yield how many drops are found, beside what power analysis says."""
    limit, change = LIMITS[1], CHANGES[0]
    for i, members in enumerate((200, 1_000, 5_000)):
        for j, now in enumerate((0.25, 0.22, 0.20)):
            rng = _random(4, i, j)
            latest = drawn(rng, now, members, asked.runs, 1)
            cohorts = np.hstack([drawn(rng, TRUE, members, asked.runs, BEFORE), latest])
            analysed = power_of_change(TRUE, now, members, 0.1, relative=True, previous=BEFORE)
            yield (
                f"{members:,}",
                f"{now:.0%}",
                share(judged(limit, latest, members).breached.mean()),
                share(judged(limit + SURELY, latest, members).breached.mean()),
                share(power(0.28, now, members)),
                share(exactly(limit + SURELY, now, members)),
                share(judged(change, cohorts, members).breached.mean()),
                share(judged(change + SURELY, cohorts, members).breached.mean()),
                share(analysed),
            )


def restless(asked: argparse.Namespace) -> Iterator[Sequence[object]]:
    """Yield how often gates fail where each cohort has a true share of its own, sd 2 points."""
    spread = TRUE * (1 - TRUE) / 0.02**2 - 1  # a + b of the beta distribution with that sd
    for i, members in enumerate((200, 1_000, 5_000)):
        rng = _random(5, i)
        own = rng.beta(TRUE * spread, (1 - TRUE) * spread, (asked.runs, BEFORE + 1))
        cohorts = drawn(rng, own, members, asked.runs, BEFORE + 1)
        told = [
            judged(gate + how, cohorts, members).breached.mean()
            for gate in (LIMITS[1], *CHANGES)
            for how in HOW
        ]
        yield f"{members:,}", *map(share, told)


def sizes(asked: argparse.Namespace) -> Iterator[Sequence[object]]:
    """Yield how often a share that is just what it has to be is found to be beyond its bound."""
    for i, members in enumerate((30, 50, 100, 200, 500, 1_000, 5_000)):
        exact = [exactly(f"at_least={edge}{SURELY}", edge, members) for edge in EDGES]
        rng = _random(6, i)
        before = drawn(rng, TRUE, members, asked.runs, BEFORE)
        cohorts = np.hstack([before, drawn(rng, 0.9 * TRUE, members, asked.runs, 1)])
        changed = judged(CHANGES[0] + SURELY, cohorts, members).breached.mean()
        yield f"{members:,}", *map(share, (*exact, changed))


def findable() -> Iterator[Sequence[object]]:
    """Yield what power analysis finds four times of five."""
    for members in (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000):
        told = [_largest(partial(power, bound, members=members), bound) for bound in BOUNDS]
        of_change = partial(power_of_change, TRUE, members=members, most=0.1, relative=True)
        told.append(_largest(partial(of_change, previous=BEFORE), 0.9 * TRUE))
        yield f"{members:,}", *map(share, told)


def _largest(found: Callable[[float], float], edge: float) -> float:
    return float(brentq(lambda now: found(now) - 0.8, 1e-9, edge))


def needed() -> Iterator[Sequence[object]]:
    """Yield how many members it takes to find 4 times of 5 what is so far below a bound."""
    for bound in BOUNDS:
        counts = [members_for(bound, (1 - part) * bound) for part in BELOW]
        yield f"`at_least={bound}`", *(f"{count:,}" for count in counts)


def share(value: float) -> str:
    return f"{100 * value:.1f}%"


def _random(*place: int) -> np.random.Generator:
    return np.random.default_rng([SEED, *place])


if __name__ == "__main__":
    main()
