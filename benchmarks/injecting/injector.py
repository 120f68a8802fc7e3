"""What can go wrong at an operation, and a command run with it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag, auto
from pathlib import Path
from types import TracebackType
from typing import Self

TEMPORARY = "tmp"  # the folder of temporary files, in `root`
HERE = Path(__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")


class Kind(IntFlag):
    """Kinds of operations on files; READ and LOOK change nothing. As in shim.c."""

    OPEN = auto()
    WRITE = auto()
    SYNC = auto()
    RENAME = auto()
    LINK = auto()
    UNLINK = auto()
    MKDIR = auto()
    RMDIR = auto()
    CHMOD = auto()
    TRUNCATE = auto()
    READ = auto()
    LOOK = auto()


CHANGES = Kind(1023)
ROOM = Kind.OPEN | Kind.WRITE | Kind.SYNC | Kind.RENAME | Kind.LINK | Kind.MKDIR | Kind.TRUNCATE
NAMES = CHANGES & ~(Kind.WRITE | Kind.SYNC | Kind.TRUNCATE)


class Act(IntEnum):
    """What happens at an operation. As in shim.c."""

    NONE = 0
    FAIL = 1
    FAIL_FROM = 2  # it fails, and all after it
    SIGNAL = 3
    TEAR = 4  # half of it is written, and then the process is killed


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and at which kinds of operations it can."""

    name: str
    kinds: Kind
    act: Act
    value: int = 0

    @property
    def is_kill(self) -> bool:
        """Whether the process is gone at once."""
        return self.act == Act.TEAR or (self.act == Act.SIGNAL and self.value == signal.SIGKILL)

    @property
    def lasts(self) -> bool:
        """Whether nothing of these kinds goes well any more."""
        return self.act == Act.FAIL_FROM

    @property
    def is_stop(self) -> bool:
        """Whether the process is asked to stop, and has time to clear up."""
        return self.act == Act.SIGNAL and not self.is_kill


FAULTS = (
    Fault("no space left, from there on", ROOM, Act.FAIL_FROM, errno.ENOSPC),
    Fault("permission denied", NAMES, Act.FAIL, errno.EACCES),
    Fault("input/output error", CHANGES, Act.FAIL, errno.EIO),
    Fault("input/output error at reading", Kind.READ | Kind.LOOK, Act.FAIL, errno.EIO),
    Fault("file system turns read-only", CHANGES, Act.FAIL_FROM, errno.EROFS),
    Fault("SIGKILL", CHANGES, Act.SIGNAL, signal.SIGKILL),
    Fault("SIGKILL in the middle of a write", Kind.WRITE, Act.TEAR),
    Fault("SIGINT", CHANGES, Act.SIGNAL, signal.SIGINT),
    Fault("SIGTERM", CHANGES, Act.SIGNAL, signal.SIGTERM),
)
NOTHING = Fault("nothing", CHANGES, Act.NONE)


@dataclass(frozen=True)
class Ended:
    """A run that is over.

    code: its exit code, a signal negative, None for one that did not end. said: on stderr. met:
    the operation at which something went wrong, "" where it did not come so far.
    """

    code: int | None
    said: str
    met: str


class Injector:
    """Runs commands of retainkit below `root`, with faults. A context; needs a C compiler."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def __enter__(self) -> Self:
        self._beside = tempfile.TemporaryDirectory(prefix="shim-")
        shim = Path(self._beside.name) / "shim.so"
        assert COMPILER is not None, "there is no C compiler"
        flags = ("-shared", "-fPIC", "-O1", "-o", shim, HERE / "shim.c", "-ldl")
        subprocess.run([COMPILER, *flags], check=True)
        self._server = subprocess.Popen(
            [sys.executable, HERE / "server.py"],
            env={**os.environ, "LD_PRELOAD": str(shim), "NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()
        self._beside.cleanup()

    def run(
        self,
        command: Sequence[str],
        fault: Fault = NOTHING,
        at: int = 0,
        largest: int | None = None,
    ) -> Ended:
        """Run a command in `root`, with a fault at the operation of this number, from 1.

        largest: bytes that a file may have.
        """
        temporary = self.root / TEMPORARY
        temporary.mkdir(exist_ok=True)
        asked = {
            "command": list(command),
            "folder": str(self.root),
            "temporary": str(temporary),
            "fault": [int(fault.kinds), int(fault.act), int(fault.value), at],
            "largest": largest,
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps(asked), file=self._server.stdin, flush=True)
        told = json.loads(self._server.stdout.readline())
        return Ended(told["code"], told["said"], told["met"].partition("\n")[0])
