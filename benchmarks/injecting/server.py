"""Runs commands of retainkit in forked processes; the shim is loaded into all of them.

Reads a request a line from stdin, as JSON, and answers with a line. Everything a command imports
is imported here once, and nothing of Polars is run: so that a fork is as good as a new process,
and far quicker.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

SHIM = ctypes.CDLL(None)
LONGEST = 120  # seconds that a command may take
PIPES = ("said", "met", "loaded")
PIPE = 1 << 15  # bytes that a pipe takes at least
LEAVE = os._exit


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(json.dumps(answered(json.loads(line))), file=answers, flush=True)


def answered(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a command; return its exit code, what it said, and which operation was met."""
    pipes = {name: os.pipe() for name in PIPES}
    child = os.fork()
    if not child:
        ends = {name: pipe[1] for name, pipe in pipes.items()}
        try:
            run(asked, ends)
        finally:
            LEAVE(1)
    for _, end in pipes.values():
        os.close(end)
    code = ended(child, time.monotonic() + LONGEST)
    told = {name: drained(pipe[0]) for name, pipe in pipes.items()}
    for name in told.pop("loaded").split():
        with suppress(ImportError):  # made by the command itself
            import_module(name)
    return {"code": code, **told}


def drained(handle: int) -> str:
    """Return what is left in a pipe; no run says more than one takes."""
    with os.fdopen(handle, encoding="utf-8", errors="replace") as pipe:
        return pipe.read()


def ended(child: int, end: float) -> int | None:
    """Return the exit code of a process, a signal negative; None for one that had to be ended."""
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.002)


def run(asked: dict[str, Any], ends: dict[str, int]) -> None:
    """Be the command, until the process ends."""
    place(asked, ends["said"])
    known = {*sys.modules}

    def leave(code: int) -> NoReturn:
        os.write(ends["loaded"], "\n".join(sys.modules.keys() - known).encode()[:PIPE])
        LEAVE(code)

    os._exit = leave
    from retainkit.__main__ import main as command

    fault = asked["fault"]
    SHIM.faults_arm(os.fsencode(asked["folder"]), *fault, ends["met"])
    try:
        command()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else 1)
    except BaseException:
        import traceback

        traceback.print_exc()
        leave(1)
    leave(0)


def place(asked: dict[str, Any], stderr: int) -> None:
    """Set up what a new process has: arguments, folder, environment, streams, limits."""
    sys.argv = ["retainkit", *asked["command"]]
    os.chdir(asked["folder"])
    os.environ["TMPDIR"] = asked["temporary"]
    tempfile.tempdir = None
    null = os.open(os.devnull, os.O_RDWR)
    for number, handle in enumerate((null, null, stderr)):
        os.dup2(handle, number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    if asked["largest"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest"], asked["largest"]))


if __name__ == "__main__":
    main()
