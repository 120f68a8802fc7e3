"""A process that tries one hostile file after the other, and says before and after each which.

What file a number stands for is told by the seed and the number alone. Lines of JSON go to stdout;
the bytes at hand lie in a file, so that they are there when the process is not.

    python -m fuzzing.worker SEED START STEP END FOLDER TARGETS
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import resource
import signal
import sys
import traceback
from functools import cache
from pathlib import Path
from random import Random
from typing import TextIO

AT_HAND = "at-hand"  # with its number the file of the bytes that are tried; stays if it is bad
MEMORY = 16 << 30  # bytes of address space: what asks for more is refused it, as on a small machine
LIVES = 3000  # files that one process tries


def target_of(seed: int, number: int, names: tuple[str, ...]) -> str:
    """Return which target a number is for."""
    from fuzzing.targets import TARGETS

    weights = [TARGETS[name].share for name in names]
    return Random(f"{seed}/{number}/target").choices(names, weights)[0]


def bytes_of(seed: int, number: int, name: str) -> bytes:
    """Return the hostile bytes that a number stands for."""
    from fuzzing.targets import TARGETS

    return TARGETS[name].mutated(_pool(name), Random(f"{seed}/{number}"))


@cache
def _pool(name: str) -> list[bytes]:
    from fuzzing.targets import TARGETS

    return [path.read_bytes() for path in TARGETS[name].corpus]


def tried(name: str, data: bytes, place: Path) -> tuple[str, str]:
    """Return what became of some bytes: an outcome, and of a promise that was broken the trace."""
    from fuzzing.promises import Broken
    from fuzzing.targets import TARGETS

    own = place / name  # where no settings of another target lie
    own.mkdir(exist_ok=True)
    try:
        return TARGETS[name].check(data, own), ""
    except Broken as broken:
        # The cause says where, and what was unforeseen.
        return f"broken: {str(broken).splitlines()[0]}", traceback.format_exc()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"broken: {type(error).__name__} in a target", traceback.format_exc()


def main() -> None:
    """Try the files of the numbers asked for, at most so many as one process may."""
    seed, start, step, end = map(int, sys.argv[1:5])
    place, names = Path(sys.argv[5]), tuple(sys.argv[6].split(","))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.set_threshold(100_000, 50, 50)
    # The runner asks what a process hangs at; commands may have stderr lead elsewhere just then.
    faulthandler.register(signal.SIGUSR1, os.fdopen(os.dup(2), "w"))
    tell = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.chdir(place)
    for number in range(start, min(end, start + LIVES * step), step):
        _try(tell, seed, number, names, place)
    _say(tell, next=min(end, start + LIVES * step))
    tell.flush()
    os._exit(0)


def _try(tell: TextIO, seed: int, number: int, names: tuple[str, ...], place: Path) -> None:
    name = target_of(seed, number, names)
    _say(tell, begin=number, target=name)
    data = bytes_of(seed, number, name)  # Arrow, which makes some, may abort at it
    path = place / f"{AT_HAND}-{number}"
    path.write_bytes(data)
    outcome, trace = tried(name, data, place)
    if not trace:
        path.unlink()
    _say(tell, end=number, outcome=outcome, trace=trace)


def _say(tell: TextIO, **told: object) -> None:
    tell.write(json.dumps(told) + "\n")
    tell.flush()


if __name__ == "__main__":
    main()
