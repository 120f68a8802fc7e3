"""`retainkit report` as a cron job that is killed again and again: what it leaves on the desk.

`make soak` runs the installed command on a small shop, for one kind of target after the other and
as of one day after the other, with one history for all. Runs are ended by a signal: half of them
after a random share of their usual time, more often a late one, the others when the folders that
they write to have changed a random number of times. Every few rounds a second run goes at once, for
the same target or another; it is left alone, and so is one by itself after every few rounds. After
each round all that is published is looked at. Prints a table of what was seen, and ends with 1
where something is amiss.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from math import inf
from pathlib import Path
from random import Random

from figures import Piece, save
from published import Broken, Desk

COMMAND = Path(sys.executable).with_name("retainkit")
READS = ("data/events.csv", "--members", "data/members.csv", "--tz", "Asia/Shanghai")
TARGETS = ("report.html", "report.md", "report.json", "tables", "day-{date}.json")
KEEP = 5
FIRST_DAY = date(2024, 6, 1)
PAIRS, ALONE = 3, 4  # every so many rounds: two runs at once, and one more that is left alone
TERM, WATCHED, LATE = 0.2, 0.5, 0.6  # shares: of SIGTERM, of signals at a change, of late ones
CHANGES = 12  # that a run makes to the folders, as far as they can be told apart
LOOK = 0.001  # seconds between two looks at the folders
SURELY = 1.0  # seconds after a run's end when no other can have met it
HELD = "another run is writing"
ENDS = {-signal.SIGKILL: "SIGKILL", -signal.SIGTERM: "SIGTERM", 143: "SIGTERM", 0: "finished"}
COLUMNS = ("runs", "left alone", "SIGKILL", "SIGTERM", "finished", "refused", "published")


@dataclass(frozen=True)
class Plan:
    """A run and what ends it: a signal, after some seconds or changes, whichever comes first."""

    target: str
    day: date
    signal: signal.Signals = signal.SIGKILL
    seconds: float = inf
    changes: float = inf

    @property
    def is_alone(self) -> bool:
        """Whether it is left to end by itself."""
        return self.seconds == self.changes == inf

    @property
    def report(self) -> tuple[str, str]:
        """The name of what it publishes, and the day that this tells of."""
        return self.target.replace("{date}", self.day.isoformat()), self.day.isoformat()


@dataclass(frozen=True)
class Ended:
    """A run that is over: its exit code, what it said, how long it took, and when it ended."""

    plan: Plan
    code: int
    said: str
    seconds: float
    moment: float

    @property
    def how(self) -> str:
        """The column that counts it; "" for an end that no run may have."""
        return "refused" if self.code == 1 and HELD in self.said else ENDS.get(self.code, "")

    def met(self, other: Ended) -> bool:
        """Whether it can have found the lock of another run held."""
        same = other is not self and other.plan.target == self.plan.target
        return same and self.moment < other.moment + SURELY


@dataclass
class Soak:
    """A shop, its reports, and what has been seen of them so far."""

    root: Path
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: set[str] = field(default_factory=set)
    faults: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(self.root)
        self._started("demo", "data", "--members", "200").communicate()
        rows = (self.root / "data/events_sample.csv").read_text(encoding="utf-8")
        # No UTF-8, and so read by way of a temporary copy.
        (self.root / "data/events.csv").write_text(rows, encoding="gb18030")

    def round(self, *plans: Plan) -> list[Ended]:
        """Let runs go at once, then look at what is there and tell what is amiss."""
        with ThreadPoolExecutor(len(plans)) as pool:
            done = list(pool.map(self._run, plans))
        for look in (self._ends, self._reports, self._rest):
            try:
                faults = [*look(done)]
            except Broken as fault:
                faults = [str(fault)]
            self.faults += len(faults)
            for each in faults:
                print(each, *plans, sep="\n  ", file=sys.stderr, flush=True)
        return done

    def table(self) -> Iterator[str]:
        """Yield the lines of what was seen, as Markdown."""
        yield f"| target | {' | '.join(COLUMNS)} |"
        yield f"|---|{'---:|' * len(COLUMNS)}"
        for target in (*TARGETS, "all"):
            yield f"| {target} | {' | '.join(str(self.counts[target, of]) for of in COLUMNS)} |"
        yield f"\nTemporary files and folders seen after a signal: {len(self.left)}."
        yield f"Violations: {self.faults}."

    def _run(self, plan: Plan) -> Ended:
        begun = time.monotonic()
        asked = ("--as-of", plan.day.isoformat(), "-o", f"out/{plan.target}", "--quiet")
        run = self._started("report", *READS, *asked, "--history", "history", "--keep", str(KEEP))
        if not plan.is_alone:
            self._wait(run, plan)
            run.send_signal(plan.signal)
        said = run.communicate()[1]
        return Ended(plan, run.returncode, said, time.monotonic() - begun, time.monotonic())

    def _started(self, *args: str) -> subprocess.Popen[str]:
        env = {name: told for name, told in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {"TMPDIR": str(self.desk.temp), "PYTHONPYCACHEPREFIX": str(self.root / "compiled")}
        command = [COMMAND, *args]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.root, env=env, text=True, **pipes)

    def _wait(self, run: subprocess.Popen[str], plan: Plan) -> None:
        """Wait until the moment of the plan, or the end of the run."""
        end, changes, before = time.monotonic() + plan.seconds, 0, self.desk.stamps()
        while run.poll() is None and time.monotonic() < end and changes < plan.changes:
            time.sleep(LOOK)
            now = self.desk.stamps()
            changes, before = changes + (now != before), now

    def _ends(self, done: Sequence[Ended]) -> Iterator[str]:
        """Count how runs ended; yield ends that none may have."""
        for each in done:
            self._count(each.plan.target, "runs", each.how)
            if each.plan.is_alone:
                self._count(each.plan.target, "left alone")
            if not each.how or "Traceback" in each.said:
                yield f"A run ended with {each.code}: {each.said}"
            if each.how == "refused" and not any(map(each.met, done)):
                yield "A run found the lock held, and its holder was dead."

    def _reports(self, done: Sequence[Ended]) -> Iterator[str]:
        """Yield reports that are gone, or neither the old nor a new one.

        A folder may be gone between a run that was killed and the next that is left alone.
        """
        new = {each.plan.report: each.plan.target for each in done}
        for name, day in self.desk.changed():
            if (name, day) in new:
                self._count(new[name, day], "published")
            else:
                yield f"{name} tells of {day}."
        for name in self.desk.gone():
            if name != "tables" or _is_quiet(done):
                yield f"{name} is gone."
        for each in done:
            if each.code == 0 and each.plan.report[0] not in self.desk.reports:
                yield f"{each.plan.report[0]} was not published."

    def _rest(self, done: Sequence[Ended]) -> Iterator[str]:
        """Yield what an undisturbed run has left; the history is whole after any."""
        kept, left = self.desk.kept(), self.desk.litter()
        self.left |= left
        if _is_quiet(done):
            yield from (f"{name} is left." for name in sorted(left))
            if kept > KEEP:
                yield f"{kept} runs are kept."

    def _count(self, target: str, *columns: str) -> None:
        self.counts.update((of, column) for of in (target, "all") for column in columns)


def _is_quiet(done: Sequence[Ended]) -> bool:
    """Return whether nothing disturbed a round: one run alone, and no signal."""
    return len(done) == 1 and done[0].plan.is_alone


def planned(random: Random, target: str, day: date, usual: float) -> Plan:
    """Return a run that a signal ends; usual: seconds that one takes which is left alone."""
    stop = signal.SIGTERM if random.random() < TERM else signal.SIGKILL
    if random.random() < WATCHED:
        return Plan(target, day, stop, changes=random.randint(1, CHANGES))
    share = random.uniform(2 / 3 if random.random() < LATE else 0, 1.1)
    return Plan(target, day, stop, seconds=usual * share)


def soaked(root: Path, runs: int, seed: int) -> Soak:
    """Return what was seen of so many runs with a signal, and of those that are left alone."""
    soak, random, usual = Soak(root), Random(seed), dict[str, float]()
    days = (FIRST_DAY + timedelta(days=number) for number in count())
    for target in TARGETS * 2:  # once to compile
        usual[target] = soak.round(Plan(target, next(days)))[0].seconds
    for number in range(runs):
        target = TARGETS[number % len(TARGETS)]
        plans = [planned(random, target, next(days), usual[target])]
        if number % PAIRS == 0:
            plans.append(Plan(random.choice((target, random.choice(TARGETS))), next(days)))
        soak.round(*plans)
        if number % ALONE == 0:
            usual[target] = soak.round(Plan(target, next(days)))[0].seconds
    return soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="that get a signal")
    parser.add_argument("--seed", type=int, default=2026, help="of what ends the runs, and when")
    parser.add_argument("--json", type=Path, help="where to write what was seen, too")
    asked = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as root:
        seen = soaked(Path(root), asked.runs, asked.seed)
    print(*seen.table(), sep="\n")
    if asked.json:
        took = time.monotonic() - begun
        save(asked.json, [Piece("soak", asked.runs, seen.faults, took, str(asked.seed))])
    sys.exit(1 if seen.faults else 0)


if __name__ == "__main__":
    main()
