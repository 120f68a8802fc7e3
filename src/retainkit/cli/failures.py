"""What the user sees when something goes wrong: one message, one exit code, no traceback."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import typer

from retainkit.addresses import without_secrets
from retainkit.errors import RetainkitError

INTERRUPTED = 130
TERMINATED = 143


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

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        asked.append(number)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored (nohup)
        signal.signal(signal.SIGINT, stop)
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
        typer.echo(clean(line), err=True)
