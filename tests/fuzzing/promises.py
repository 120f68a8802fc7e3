"""What the command promises of any input at all, and a run of it that holds it to that.

A run happens in this process, as the installed command would do it. What libraries write to the
descriptor of stderr goes nowhere, as with `cli.failures.keep_stderr`, which has tests of its own.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from retainkit.cli import app

MARK = "Zq7private"  # stands for a member's value: it may be in tables, never in what is said
SECONDS = 20.0  # of this process's time that one run may take
BYTES = 1 << 30  # that one run may add to the peak of memory
LONGEST = 4000  # characters of what is said of a fault
FAULT = "This is a fault of retainkit"
_RUNS = count()
_ALIKE = 50  # runs with the same commands, whose flags grow slower with each
_TRACES = ("Traceback (most recent call last)", "panicked at", "RUST_BACKTRACE", FAULT)


class Broken(AssertionError):  # noqa: N818 - it is a finding
    """A promise that was not kept; the first line says which."""


@dataclass(frozen=True)
class Ran:
    """What a run of the command left: its exit code, and what stands on stdout and stderr."""

    args: tuple[str, ...]
    code: int
    out: bytes
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The Result that it wrote as JSON."""
        told = json.loads(self.out, parse_constant=_no_number)
        assert isinstance(told, dict)
        return told


def command(args: Sequence[str], codes: Sequence[int] = (0, 1, 2)) -> Ran:
    """Run `retainkit` with some arguments; raise Broken where it does what it never may.

    codes: the exit codes that are documented for it.
    """
    peak, began = _peak(), time.process_time()
    ran = _ran(args)
    took, grown = time.process_time() - began, _peak() - peak
    if trace := next((sign for sign in _TRACES if sign in ran.err), None):
        raise Broken(f"stderr says '{trace}'\n{ran.err}")
    if ran.code not in codes:
        raise Broken(f"exit code {ran.code}\n{ran.err}")
    if ran.code in (1, 2):
        _check_error(ran)
    if took > SECONDS:
        raise Broken(f"slow: over {SECONDS:.0f} seconds\n{took:.1f} s")
    if grown > BYTES:
        raise Broken(f"memory: over {BYTES:,} bytes more\n{grown:,} bytes")
    return ran


def check_numbers(ran: Ran, rows: int | None = None) -> None:
    """Raise Broken unless a Result in JSON accounts for every row, and says what it refused.

    rows: how many rows there are to read, by another count.
    """
    result = ran.result
    data, notes = result["data"], result["notes"]
    lost = data["refused"] + sum(data["left_out"].values())
    if data["rows_read"] != data["rows"] + lost:
        raise Broken(f"the rows do not add up\n{data}")
    if data["refused"] != sum(data["refused_by_reason"].values()):
        raise Broken(f"the reasons do not add up\n{data}")
    told = result["command"] == "inspect" or any("refused" in note for note in notes)
    if data["refused"] and not told:
        raise Broken(f"refused rows are not told\n{data}\n{notes}")
    if rows is not None and data["rows_read"] != rows:
        raise Broken(f"rows are lost or invented\n{rows} are there; {data}\n{notes}")


def check_private(ran: Ran) -> None:
    """Raise Broken where a member's value stands in what is said: in an error, or in a note."""
    if MARK in ran.err:
        raise Broken(f"a member's value is told\n{ran.err}")


def check_same(first: Ran, second: Ran) -> None:
    """Raise Broken where two runs with the same arguments do not say the same."""
    for what in ("code", "err", "out"):
        before, after = getattr(first, what), getattr(second, what)
        if before != after:
            raise Broken(f"{what} differs when run twice\n{before!r}\n{after!r}")


def _check_error(ran: Ran) -> None:
    lines = [line for line in ran.err.splitlines() if line.startswith(("Error: ", "╭─ Error"))]
    if len(lines) != 1:
        raise Broken(f"there are {len(lines)} errors instead of one\n{ran.err}")
    if len(ran.err) > LONGEST:
        raise Broken(f"the error is longer than {LONGEST:,} characters\n{ran.err[:LONGEST]}")
    if ran.out:
        raise Broken(f"an error, and yet a result\n{ran.err}\n{ran.out[:LONGEST]!r}")


def _ran(args: Sequence[str]) -> Ran:
    out = io.BytesIO()
    with _caught(out) as err:
        try:
            _group(next(_RUNS) // _ALIKE)(list(args), prog_name="retainkit")
            code: object = 0
        except SystemExit as end:
            code = end.code
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            raise Broken(f"{FAULT}: {type(error).__name__}{_place(error)}") from error
        sys.stdout.flush()
        sys.stderr.flush()
        err.seek(0)
        said = err.read().decode(errors="replace")
    return Ran(tuple(args), code if isinstance(code, int) else 1, out.getvalue(), said)


@lru_cache(maxsize=1)
def _group(_number: int) -> TyperGroup:
    """Return the commands, made anew now and then: it takes as long as a small run."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


@contextmanager
def _caught(out: io.BytesIO) -> Iterator[io.BufferedRandom]:
    """Send stdout to `out`, stderr to the file that is given, its descriptor nowhere."""
    stdout, stderr = sys.stdout, sys.stderr
    stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    with tempfile.TemporaryFile() as err:
        try:
            os.dup2(nowhere, 2)
            sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
            sys.stderr = io.TextIOWrapper(
                os.fdopen(os.dup(err.fileno()), "wb"), encoding="utf-8", write_through=True
            )
            yield err  # type: ignore[misc]
        finally:
            sys.stdout.detach()  # or it would close `out`
            sys.stderr.close()
            sys.stdout, sys.stderr = stdout, stderr
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def _place(error: BaseException) -> str:
    """Return where in retainkit an error came up."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if f"{os.sep}retainkit{os.sep}" in each.filename]
    return f" in {Path(ours[-1].filename).name}, {ours[-1].name}" if ours else ""


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _no_number(word: str) -> None:
    raise Broken(f"{word} is no JSON")
