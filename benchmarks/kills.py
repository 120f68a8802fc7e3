"""Kill `ingest` at random moments, again and again: nothing may be lost, and nothing doubled.

Small files come, change, are copied and go. After each change a run is killed by SIGKILL a few
times and then left to end; the set is then compared with the rows that were written to the files,
row by row, and after each kill with its own manifest. What is expected is counted here without any
code of retainkit's.

    python benchmarks/kills.py --kills 1000
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet  # noqa: F401 - so that a killed run is not mostly one that imports

from figures import Piece, save
from retainkit.errors import RetainkitError
from retainkit.ingesting import ingest
from retainkit.ingesting import run as runs
from retainkit.sources import SourceOptions

Row = tuple[str, str]
HEADER = "user_id,event_time,place\n"


@dataclass
class World:
    """The files that there are, and what a set has to hold: for each name its last content."""

    folder: Path
    random: random.Random
    contents: dict[str, str] = field(default_factory=dict)
    made: int = 0

    @property
    def sources(self) -> Path:
        """Where the files are."""
        return self.folder / "in"

    def change(self) -> None:
        """Remove a file that a run has seen, add some, change some, copy one."""
        names = sorted(path.name for path in self.sources.iterdir())
        if names and self.random.random() < 0.3:
            gone = names.pop(self.random.randrange(len(names)))
            (self.sources / gone).unlink()
        for _ in range(self.random.randint(1, 4)):
            self.put(f"f{self.made:05}.csv", self.content())
        for name in self.random.sample(names, min(len(names), self.random.randint(0, 2))):
            self.put(name, self.content())
        if names and self.random.random() < 0.3:
            self.put(f"copy{self.made:05}.csv", self.contents[self.random.choice(names)])

    def content(self) -> str:
        """Return a file of rows that are in no other; some of them cannot be used."""
        lines = []
        for number in range(self.random.randint(1, 40)):
            day = self.random.randint(1, 28)
            member = self.random.choice(["ann", "bob", "", "cid"])
            lines.append(f"{member},2024-01-{day:02},{self.made}-{number}\n")
        self.made += 1
        return HEADER + f"zoe,2024-01-01,{self.made}-z\n" * 3 + "".join(lines)

    def put(self, name: str, text: str) -> None:
        """Write a file, whole."""
        draft = self.folder / "draft"
        draft.write_text(text, encoding="utf-8")
        if self.random.random() < 0.5:  # old enough that its time is believed
            os.utime(draft, (then := time.time() - 3600 + self.made, then))
        draft.replace(self.sources / name)
        self.contents[name] = text
        self.made += 1

    def expected(self) -> tuple[Counter[Row], int]:
        """Return the rows that the set has to hold, and how many it has to refuse."""
        rows: Counter[Row] = Counter()
        refused = 0
        for text in set(self.contents.values()):
            for line in text.splitlines()[1:]:
                member, _, place = line.split(",")
                refused += not member
                rows.update([(member, place)] if member else [])
        return rows, refused


def forked(work: Callable[[], None]) -> int:
    """Do `work` in a process of its own; return its id.

    Nothing of Polars has run in this process, so that a fork of it is as good as a new one.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except (RetainkitError, AssertionError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a process; return its exit code, or the signal that killed it, negative."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def bring(world: World, patience: float) -> None:
    """Ingest the files; patience: seconds between two manifests."""
    runs._PATIENCE = patience
    ingest([world.sources], world.folder / "set", SourceOptions(max_rejects=1.0))


def killed(world: World, longest: float) -> bool:
    """Start a run and kill it within `longest` seconds; return whether it was still at work."""
    patience = world.random.choice([0.0, 1.0])
    child = forked(lambda: bring(world, patience))
    time.sleep(world.random.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    return ended(child) == -signal.SIGKILL


def manifest(world: World) -> dict[str, object]:
    """Return the manifest; there is none before the first run has begun."""
    path = world.folder / "set" / "manifest.json"
    told: dict[str, object] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return told


def check_whole(world: World, before: set[str]) -> set[str]:
    """Assert that all that the manifest names is there as it says; return the names of files."""
    names: set[str] = set()
    files = manifest(world).get("files", [])
    assert isinstance(files, list)
    for entry in files:
        part = (world.folder / "set" / entry["part"]).read_bytes()
        assert hashlib.sha256(part).hexdigest() == entry["sha256"], entry["part"]
        names |= {each["name"] for each in entry["names"]}
        rows = entry["rows"]
        assert rows["read"] == rows["written"] + sum(rows["refused"].values())
    assert before <= names, f"lost: {before - names}"
    return names


def check_rows(world: World) -> None:
    """Assert that the set holds the rows of the files, each once, and has refused the others."""
    import polars as pl

    parts = sorted((world.folder / "set" / "events").glob("*.parquet"))
    files = manifest(world)["files"]
    assert isinstance(files, list)
    named = {world.folder / "set" / entry["part"] for entry in files}
    frames = [pl.read_parquet(part) for part in parts if part in named]
    held = Counter(pl.concat(frames).select("member", "place").iter_rows())
    rows, refused = world.expected()
    assert held == rows, f"lost {(rows - held).total()}, doubled {(held - rows).total()}"
    places = [world.folder / "set" / entry["rejects"] for entry in files if entry["rejects"]]
    there = sum(len(place.read_text("utf-8").splitlines()) - 1 for place in places)
    assert there == refused


def rounds(world: World, kills: int, end: float) -> tuple[int, int, int]:
    """Kill so many runs, or as many as can be until `end`.

    Returns how many were killed, how many ended by themselves, and how many sets agreed.
    """
    dead = done = agreed = 0
    longest = 0.5
    names: set[str] = set()
    while dead < kills and time.monotonic() < end:
        world.change()
        for _ in range(world.random.randint(1, 8)):
            if killed(world, longest):
                dead += 1
            else:
                done += 1
            names = check_whole(world, names)
        began = time.monotonic()
        assert ended(forked(lambda: bring(world, 1.0))) == 0, "a run failed"
        longest = 0.8 * longest + 0.2 * (time.monotonic() - began)
        names = check_whole(world, names)
        assert ended(forked(lambda: check_rows(world))) == 0, "the rows differ"
        agreed += 1
    return dead, done, agreed


def main() -> None:
    """Kill runs, and say how it went."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--seconds", type=float, default=3600, help="Stop after so many.")
    asked.add_argument("--json", type=Path, help="Where to write what was seen, too.")
    args = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        world = World(folder, random.Random(args.seed))
        world.sources.mkdir()
        began = time.monotonic()
        dead, done, agreed = rounds(world, args.kills, began + args.seconds)
        files, took = len(world.contents), time.monotonic() - began
        print(
            f"{dead:,} runs killed, {done:,} ended before; {agreed:,} of {agreed:,} sets of up to "
            f"{files:,} files as expected: nothing lost, nothing doubled ({took:.0f} s)"
        )
        if args.json:
            told = f"{done:,} more runs ended before; {agreed:,} sets of up to {files:,} files"
            save(args.json, [Piece("kills", dead, 0, took, str(args.seed), told)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
