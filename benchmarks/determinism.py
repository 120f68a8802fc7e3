"""The same question, asked in many ways that must not matter: the answer is the same, byte by byte.

Each command is run on one shop with another number of threads, another hash seed, its rows in
another order, in several files of other orders, within less memory, and packed otherwise. The JSON
of a run has to be that of the first, but for the names of what was read.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Piece, save

COMMAND = Path(sys.executable).with_name("retainkit")
ZONE = ("--tz", "Asia/Shanghai", "-f", "json", "-q")
COMMANDS = (
    ("cohort", "--period", "week"),
    ("cohort", "--measure", "amount", "--by", "事件"),
    ("retention",),
    ("churn",),
    ("funnel", "--steps", "加购 > 结算 > 支付"),
    ("paths", "--from", "加购", "--to", "支付"),
    ("orders", "--order-event", "支付"),
    ("rfm", "--order-event", "支付"),
    ("ltv", "--order-event", "支付"),
)


def variants(shop: Path, draw: random.Random) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Yield ways to ask: what differs, the environment, and the arguments."""
    rows = (shop / "events_sample.csv").read_text("utf-8").splitlines(keepends=True)
    plain = [str(put(shop / "a.csv", rows[:1], rows[1:]))]
    yield "plain", {}, plain
    for threads in ("1", "2", "7"):
        yield f"{threads} threads", {"POLARS_MAX_THREADS": threads}, plain
    for seed in ("1", "42"):
        yield f"hash seed {seed}", {"PYTHONHASHSEED": seed}, plain
    yield "within less memory", {}, [*plain, "--memory", "1GB"]
    for number in range(3):
        body = draw.sample(rows[1:], len(rows) - 1)
        yield f"rows shuffled, {number}", {}, [str(put(shop / f"s{number}.csv", rows[:1], body))]
        cuts = sorted(draw.sample(range(1, len(body)), 4))
        pieces = [body[i:j] for i, j in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        files = [put(shop / f"p{number}-{i}.csv", rows[:1], each) for i, each in enumerate(pieces)]
        names = draw.sample([str(file) for file in files], len(files))
        yield f"in 5 files, {number}", {}, names


def put(path: Path, head: list[str], body: list[str]) -> Path:
    """Write a file of rows."""
    path.write_text("".join([*head, *body]), encoding="utf-8")
    return path


def answer(command: tuple[str, ...], environment: dict[str, str], args: list[str]) -> str:
    """Return what tells the JSON of an answer from any other, notes left out.

    Notes name the files that there are and tell how they were read.
    """
    done = subprocess.run(
        [COMMAND, *command, *args, *ZONE],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        return f"exit code {done.returncode}: {done.stderr.decode()}"
    lines = [
        line for line in done.stdout.splitlines() if not line.startswith((b'"notes"', b'"params"'))
    ]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def main() -> None:
    """Ask, and say what differs."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--json", type=Path, help="Where to write what was seen, too.")
    args = asked.parse_args()
    pieces = []
    with tempfile.TemporaryDirectory(prefix="same-") as root:
        shop = Path(root) / "shop"
        subprocess.run(
            [COMMAND, "demo", shop, "--members", "1000"], check=True, capture_output=True
        )
        ways = list(variants(shop, random.Random(args.seed)))
        for command in COMMANDS:
            began = time.monotonic()
            answers = {what: answer(command, *how) for what, *how in ways}
            other = [what for what, told in answers.items() if told != answers["plain"]]
            if answers["plain"].startswith("exit"):
                other = [*answers]
            if other:
                print(*(f"{what}: {answers[what]}" for what in other), sep="\n")
            name, took = " ".join(command), time.monotonic() - began
            print(
                f"{name}: {len(ways)} ways, other answers: {', '.join(other) or 'none'}", flush=True
            )
            pieces.append(
                Piece("determinism", len(ways), len(other), took, str(args.seed), f"`{command[0]}`")
            )
    if args.json:
        save(args.json, pieces)
    sys.exit(any(piece.broke for piece in pieces))


if __name__ == "__main__":
    main()
