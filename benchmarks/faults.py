"""Let every single file operation of every command that writes go wrong, each in every way.

A command is run once, and its operations on files are counted: those of Python, Polars and Arrow
alike, below the C library. Then it is run again for each of them, with no room left from there on,
an error, a signal or a kill just there. What stands then is the old or the new, the run has said
so in one line, and the next run ends well and leaves nothing else behind.

    python benchmarks/faults.py --only ingest
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from figures import Piece, save
from injecting.injector import COMPILER, FAULTS, NOTHING, TEMPORARY, Ended, Fault, Injector
from injecting.judging import State, contents, listing, mixed, named, probes, state
from injecting.scenarios import SCENARIOS, Scenario, fill

ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143}
REMOVING = ("unlink", "unlinkat", "rmdir")
SETTINGS_FILE = "retainkit.toml"  # one that cannot be read is wrong usage
FULL = (0, 1, 40, 400, 1_000, 2_000, 4_000, 8_000, 16_000)  # bytes that a file may have


@dataclass
class Trial:
    """A scenario, and what has been seen of it so far."""

    scenario: Scenario
    injector: Injector
    template: Path
    seen: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Bring about what stood before, and what the command makes of it undisturbed."""
        root = self.injector.root
        emptied(root)
        fill(root)
        for command in self.scenario.before:
            self._undisturbed(command)
        self.scenario.then(root)
        shutil.rmtree(self.template, ignore_errors=True)
        shutil.copytree(root, self.template)
        self.before = contents(root)
        self.old = state(root, self.scenario)
        self._undisturbed(self.scenario.command)
        self.new = state(root, self.scenario)
        self.expected = listing(self.template) | listing(root)
        assert self.new != self.old, f"{self.scenario.name}: nothing changes"

    def _undisturbed(self, command: tuple[str, ...]) -> None:
        done = self.injector.run(command)
        assert done.code == 0, (command, done)

    def each(self, fault: Fault, step: int = 1) -> None:
        """Let each operation that can go wrong so do it: every one, or one in `step`."""
        at = 1
        while self._met(fault, at):
            at += step

    def _met(self, fault: Fault, at: int) -> bool:
        """Run with a fault at one operation; return whether the run came so far."""
        self._restore()
        done = self.injector.run(self.scenario.command, fault, at)
        if done.met:
            self.seen[fault.name] += 1
            self._judge(f"{fault.name} at {at} ({done.met})", fault, done)
        return bool(done.met)

    def full(self) -> None:
        """Bound the size that a file may have, as a full disk does."""
        for largest in FULL:
            self._restore()
            done = self.injector.run(self.scenario.command, largest=largest)
            self.seen["largest file"] += 1
            self._judge(f"files of {largest} bytes at most", NOTHING, done)

    def _restore(self) -> None:
        emptied(self.injector.root)
        shutil.copytree(self.template, self.injector.root, dirs_exist_ok=True)

    def _judge(self, what: str, fault: Fault, done: Ended) -> None:
        """Note what is amiss after a run, and after the one that follows it."""
        faults = [*self._amiss(fault, done)]
        if contents(self.injector.root) != self.before:  # else the next run is as the first
            again = self.injector.run(self.scenario.command)
            faults += [f"the next run: {each}" for each in self._amiss_after(again)]
        if faults:
            self.broken.append(f"{self.scenario.name}: {what}: {'; '.join(faults)}")

    def _amiss(self, fault: Fault, done: Ended) -> Iterator[str]:
        yield from said_wrong(fault, done)
        now = self._now()
        if done.code == 0:
            if now != self.new:
                yield "ended well, and the new does not stand there"
        else:
            yield from mixed(self.old, self.new, now, gone=fault.is_kill or fault.lasts)
            if not self.scenario.by_file and now not in (self.old, self.new):
                yield "half of the old and half of the new"
        if not fault.is_kill and can_remove(fault, done.met.split(" ")[0]):
            yield from (f"{name} is left" for name in self._left())

    def _amiss_after(self, again: Ended) -> Iterator[str]:
        if again.code != 0:
            yield f"ended with {again.code}: {again.said.strip()}"
        elif self._now() != self.new:
            yield "another result"
        yield from (f"{name} is left" for name in self._left())

    def _now(self) -> State:
        return state(self.injector.root, self.scenario)

    def _left(self) -> list[str]:
        root = self.injector.root
        return sorted(listing(root) - self.expected - named(root) - probes(root / TEMPORARY))


def can_remove(fault: Fault, operation: str) -> bool:
    """Return whether a run could clear up after a fault: at least unlink, and rename, went on."""
    stuck = fault.lasts and (operation == "rename" or "read-only" in fault.name)
    return operation not in REMOVING and not stuck


def said_wrong(fault: Fault, done: Ended) -> Iterator[str]:
    """Yield what is wrong about how a run ended and what it said."""
    if fault.is_kill:
        return
    good = (0, ENDS[signal.Signals(fault.value)]) if fault.is_stop else (0, 1)
    if done.met.endswith(SETTINGS_FILE):
        good = (2,)
    if done.code not in good:
        yield f"ended with {done.code}: {done.said.strip()[-300:]}"
    if "Traceback" in done.said or "fault of retainkit" in done.said:
        yield f"said {done.said.strip()[-300:]}"
    errors = sum(line.startswith("Error:") for line in done.said.splitlines())
    if errors != (done.code in (1, 2)):
        yield f"told {errors} errors: {done.said.strip()[-300:]}"


def emptied(folder: Path) -> None:
    """Remove all that is in a folder."""
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def tried(root: Path, scenarios: list[Scenario], faults: list[Fault], step: int) -> Iterator[Trial]:
    """Yield each scenario once all faults are tried on it."""
    work = root / "work"
    work.mkdir()
    with Injector(work) as injector:
        for scenario in scenarios:
            trial = Trial(scenario, injector, root / "template")
            for fault in faults:
                trial.each(fault, step)
            trial.full()
            yield trial


def main() -> None:
    """Try faults, and say what broke."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", default="", help="Scenarios whose names hold this.")
    asked.add_argument("--fault", default="", help="Faults whose names hold this.")
    asked.add_argument("--step", type=int, default=1, help="One operation in so many.")
    asked.add_argument("--json", type=Path, help="Where to write what was seen, too.")
    args = asked.parse_args()
    if COMPILER is None:
        sys.exit("There is no C compiler, and so no fault is injected.")
    scenarios = [each for each in SCENARIOS if args.only in each.name]
    faults = [each for each in FAULTS if args.fault in each.name]
    pieces, broken = [], 0
    with tempfile.TemporaryDirectory(prefix="faults-") as root:
        began = time.monotonic()
        for trial in tried(Path(root), scenarios, faults, args.step):
            took, began = time.monotonic() - began, time.monotonic()
            number, name = trial.seen.total(), trial.scenario.name
            print(f"{name}: {number:,} faults, {len(trial.broken)} broke", flush=True)
            print(*trial.broken, sep="\n", flush=True)
            told = name if args.step == 1 else f"{name} (one operation in {args.step})"
            pieces.append(Piece("faults", number, len(trial.broken), took, told=told))
            if args.json:
                save(args.json, pieces)
            broken += len(trial.broken)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
