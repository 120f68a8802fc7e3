"""Many hostile files, tried in processes that may die or hang; what was found is kept."""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.worker import AT_HAND

SILENCE = 60.0  # seconds without a word after which a process is taken to hang
TESTS = Path(__file__).parents[1]


@dataclass
class Tally:
    """What became of the files, by target; each finding by what it is, with how often."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """How many files were tried."""
        return self.outcomes.total()

    def table(self) -> Iterator[str]:
        """Yield the lines of a table of what was seen, as Markdown, and one for each finding."""
        columns = sorted({outcome for _, outcome in self.outcomes})
        yield f"| target | files | {' | '.join(columns)} |"
        yield f"|---|---:|{'---:|' * len(columns)}"
        targets = sorted({target for target, _ in self.outcomes})
        for name in (*targets, "all"):
            counts = [self._count(name, column) for column in columns]
            yield f"| {name} | {sum(counts):,} | {' | '.join(f'{each:,}' for each in counts)} |"
        yield ""
        broke = self.findings.total()
        yield f"{self.files:,} files in {self.seconds:,.0f} s; {broke:,} broke a promise."
        for (target, what), count in self.findings.most_common():
            yield f"- {target}: {what} ({count:,})"

    def told(self) -> dict[str, object]:
        """Return it as plain values."""
        targets = sorted({target for target, _ in self.outcomes})
        return {
            "files": self.files,
            "seconds": round(self.seconds),
            "targets": {
                name: {
                    what: count for (of, what), count in sorted(self.outcomes.items()) if of == name
                }
                for name in targets
            },
            "findings": [
                {"target": target, "what": what, "files": count}
                for (target, what), count in self.findings.most_common()
            ],
        }

    def _count(self, target: str, outcome: str) -> int:
        if target != "all":
            return self.outcomes[target, outcome]
        return sum(count for (_, each), count in self.outcomes.items() if each == outcome)


@dataclass
class Line:
    """One process after the other, which go through every so manieth number.

    start, step: of the numbers. keep: where the files are kept that broke a promise.
    """

    seed: int
    start: int
    step: int
    end: int
    names: tuple[str, ...]
    keep: Path
    tally: Tally
    place: Path
    process: subprocess.Popen[bytes] | None = None
    at: tuple[int, str] | None = None
    heard: float = 0.0
    unread: bytes = b""

    @property
    def done(self) -> bool:
        """Whether all its numbers were tried."""
        return self.process is None and self.start >= self.end

    def begin(self) -> None:
        """Start a process where none is at work."""
        if self.process is not None or self.done:
            return
        asked = [self.seed, self.start, self.step, self.end, self.place, ",".join(self.names)]
        paths = [str(TESTS), os.environ.get("PYTHONPATH", "")]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(self.place)}
        command = [sys.executable, "-m", "fuzzing.worker", *map(str, asked)]
        with (self.place / "stderr").open("wb") as said:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=env)
        self.heard, self.unread = time.monotonic(), b""

    def hear(self) -> None:
        """Take down what the process has said; where it has died, why."""
        assert self.process is not None
        assert self.process.stdout is not None
        said = os.read(self.process.stdout.fileno(), 1 << 16)
        self.heard = time.monotonic()
        *lines, self.unread = (self.unread + said).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        if not said:
            self._over()

    def look(self) -> None:
        """Kill a process that has been silent for too long."""
        if self.process is not None and time.monotonic() - self.heard > SILENCE:
            self.process.kill()
            self._over("hang")

    def stop(self) -> None:
        """End the process, whatever it is at."""
        if self.process is not None:
            self.process.kill()
            self._ended()

    def _take(self, told: dict[str, str | int]) -> None:
        if "begin" in told:
            self.at = int(told["begin"]), str(told["target"])
        elif "next" in told:
            self.start = max(self.start, int(told["next"]))
        elif self.at is not None:
            self._count(str(told["outcome"]), str(told["trace"]))

    def _count(self, outcome: str, trace: str) -> None:
        assert self.at is not None
        number, target = self.at
        self.start, self.at = number + self.step, None
        if outcome.startswith("broken: "):
            what = outcome.removeprefix("broken: ")
            self.tally.findings[target, what] += 1
            self._keep(target, number, what, trace)
            outcome = "broken"
        self.tally.outcomes[target, outcome] += 1

    def _over(self, why: str = "") -> None:
        code = self._ended()
        if self.at is not None:
            how = why or (signal.Signals(-code).name if code < 0 else f"exit {code}")
            said = (self.place / "stderr").read_text(encoding="utf-8", errors="replace")
            made = (self.place / f"{AT_HAND}-{self.at[0]}").exists()
            self._count(f"broken: {how} of the process" if made else "not made", said[-8000:])
        elif code and not why:
            raise RuntimeError((self.place / "stderr").read_text(encoding="utf-8"))

    def _ended(self) -> int:
        """Wait for the process, and return its exit code."""
        assert self.process is not None
        with self.process as process:
            code = process.wait()
        self.process = None
        return code

    def _keep(self, target: str, number: int, what: str, trace: str) -> None:
        """Keep a file that broke a promise, the first few of each kind."""
        kind = hashlib.blake2b(what.encode(), digest_size=4).hexdigest()
        folder = self.keep / target / kind
        folder.mkdir(parents=True, exist_ok=True)
        if len(list(folder.iterdir())) < 12:
            shutil.copy(self.place / f"{AT_HAND}-{number}", folder / f"{self.seed}-{number}")
            (folder / f"{self.seed}-{number}.txt").write_text(
                f"{what}\n\n{trace}", encoding="utf-8"
            )


def fuzzed(
    files: int, seed: int, seconds: float, names: tuple[str, ...], keep: Path, processes: int = 1
) -> Tally:
    """Try so many files, or as many as there is time for; return what became of them."""
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        lines = []
        for start in range(processes):
            place = Path(folder) / f"{start}"
            place.mkdir()
            lines.append(Line(seed, start, processes, files, names, keep, tally, place))
        try:
            _go(lines, began + seconds)
        except KeyboardInterrupt:
            pass  # what was seen until now is told
        finally:
            for line in lines:
                line.stop()
    tally.seconds = time.monotonic() - began
    return tally


def _go(lines: list[Line], end: float) -> None:
    while time.monotonic() < end and not all(line.done for line in lines):
        for line in lines:
            line.begin()
        working = {line.process.stdout: line for line in lines if line.process is not None}
        ready, _, _ = select.select(list(working), [], [], 1.0)
        for each in ready:
            working[each].hear()
        for line in lines:
            line.look()
