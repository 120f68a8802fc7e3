"""Command lines run in the process of the tests: as in a shell, without the time of a start."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from subprocess import CompletedProcess

from typer.testing import CliRunner

from retainkit.cli import app


def invoked(*args: object, folder: Path | None = None, **env: str | None) -> CompletedProcess[str]:
    """Run `retainkit ARGS` in a folder, and return what it wrote and its exit code.

    env: variables besides those that are there; None: one less. What nobody foresaw is raised.
    """
    words = [str(arg) for arg in args]
    with chdir(folder or Path.cwd()):
        done = CliRunner().invoke(app, words, env=env, prog_name="retainkit")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
