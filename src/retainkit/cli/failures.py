"""What the user sees when something goes wrong: one message, one exit code, no traceback."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, NoReturn

import typer

from retainkit.addresses import without_secrets
from retainkit.cli.runner import inert
from retainkit.errors import RetainkitError
from retainkit.stopping import stop

INTERRUPTED = 130
TERMINATED = 143
_LONGEST = 1000  # characters of a line: files can have names of columns without end
TRACEBACK = "RETAINKIT_TRACEBACK"  # the variable that asks for tracebacks


def guarded(body: Callable[..., None], **given: Any) -> None:
    """Call `body` and turn what it raises into a message and an exit code.

    Exit codes: 1 the run failed, 2 wrong usage, 130 interrupted, 143 terminated. A reader that
    closes the pipe (`| head`) ends the command quietly.
    """
    asked = _asked_to_stop()
    try:
        body(**given)
    except BaseException as error:
        # What a signal raises inside a callback of Polars comes out as a panic, or as a file that
        # seems damaged: that the run was asked to stop says more than what it was doing.
        if asked:
            _stop(asked[0])
        _answer(error)


def _asked_to_stop() -> list[int]:
    """Collect the signals that ask this run to stop; each raises what ends it."""
    asked: list[int] = []

    def heard(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        stop(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(TERMINATED))

    signal.signal(signal.SIGTERM, heard)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGINT, heard)
    return asked


def _stop(number: int) -> NoReturn:
    if number != signal.SIGINT:
        raise SystemExit(TERMINATED) from None
    typer.echo("Interrupted.", err=True)
    # All temporary files are gone by now. Polars' threads may still be at work, and an
    # interpreter that shuts down around them can abort instead of exiting with this code.
    os._exit(INTERRUPTED)


def _answer(error: BaseException) -> None:
    match error:
        case RetainkitError():
            tell(error)
            raise typer.Exit(error.exit_code) from None
        case BrokenPipeError():
            abandon_stdout()
        case KeyboardInterrupt():
            _stop(signal.SIGINT)
        case _:
            raise error


def unforeseen(error: BaseException) -> NoReturn:
    """Tell of an error that nothing in retainkit expects in one line, and end with exit code 1.

    The traceback is shown where the environment variable RETAINKIT_TRACEBACK asks for it: it can
    hold values of the data.
    """
    if os.environ.get(TRACEBACK):
        import traceback

        told = without_secrets("".join(traceback.format_exception(error)))
        typer.echo(inert(told), err=True)
    if isinstance(error, MemoryError):
        tell(
            RetainkitError("Memory is used up.", "Allow less with --memory, or read less at once.")
        )
    else:
        tell(
            RetainkitError(
                f"This is a fault of retainkit, not of yours: {type(error).__name__}"
                f"{_place(error.__traceback__)}.",
                f"Please report it, with the command and what {TRACEBACK}=1 shows beside it.",
            )
        )
    raise SystemExit(1) from None


def _place(trace: TracebackType | None) -> str:
    """Return where in retainkit an error came up; "" where it did not."""
    places = [""]
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] == "retainkit":
            places.append(f" in {module}, line {trace.tb_lineno}")
        trace = trace.tb_next
    return places[-1]


def keep_stderr() -> None:
    """Keep stderr for what retainkit says.

    Libraries write to its descriptor by themselves, above all Polars where it panics: lines that
    can hold values of the data, before the one that says what is wrong. They are left out, unless
    the environment variable RETAINKIT_TRACEBACK asks for them.
    """
    if sys.stderr is None or os.environ.get(TRACEBACK):
        return
    try:
        own = os.dup(sys.stderr.fileno())
        nowhere = os.open(os.devnull, os.O_WRONLY)
    except (OSError, ValueError):
        return
    sys.stderr = os.fdopen(own, "w", encoding=sys.stderr.encoding, errors="backslashreplace")
    sys.stderr.reconfigure(line_buffering=True)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def abandon_stdout() -> None:
    """Drop what Python still holds for stdout: written at exit, it would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(end: SystemExit) -> NoReturn:
    """End the process at once, with the code of `end`.

    All files are closed by now. Taking the interpreter down object by object would change
    nothing, and take as long as a small run.
    """
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        raise end from None  # Python says what it could not write
    if isinstance(end.code, int):
        os._exit(end.code)
    raise end


def tell(error: RetainkitError) -> None:
    """Write an error and what to do about it to stderr."""
    from retainkit.render.cells import clean

    for line in without_secrets(f"Error: {error}").split("\n"):
        shown = line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
        typer.echo(inert(clean(shown)), err=True)
