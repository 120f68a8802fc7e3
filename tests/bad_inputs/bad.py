"""What a bad input is to the installed command: files, a command line, and what comes of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from invoked import invoked

PAGE = Path(__file__).parents[2] / "docs" / "bad-inputs.md"
HEAD = "user_id,event_time,amount\n"


@dataclass(frozen=True)
class Case:
    """A row of docs/bad-inputs.md put to the test.

    row: its name there. files: what lies in the folder, gzip and the like made before. line: the
    arguments. says: what stands in the notes of the result or, where there is none, on stderr.
    never: what stands nowhere. The rest is what the JSON says of `data`.
    """

    row: str
    title: str
    files: Mapping[str, str | bytes]
    line: str
    code: int = 0
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    rows: int | None = None
    members: int | None = None
    refused: Mapping[str, int] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """What a command did. told: notes, or stderr. answer: the JSON, where there is one."""

    code: int
    stdout: str
    stderr: str

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.stdout)

    @property
    def told(self) -> str:
        return "\n".join(self.answer["notes"]) if self.stdout.startswith("{") else self.stderr


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, byte for byte."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


def run(line: str, **env: str | None) -> Ran:
    """Run a command line in this process; nothing unforeseen may come of it."""
    done = invoked(*shlex.split(line), **env)
    return Ran(done.returncode, done.stdout, done.stderr)


def check(case: Case, folder: Path) -> None:
    """Run a case in `folder`, where its files are, and hold what comes against it."""
    write(folder, case.files)
    done = run(case.line if " -f " in case.line else f"{case.line} -f json")
    assert done.code == case.code, done.stderr
    for words in case.says:
        assert words in done.told, done.told
    for words in case.never:
        assert words not in done.stdout + done.stderr, words
    if case.code:
        assert done.stdout == ""
        assert 1 <= done.stderr.count("\n") <= 6, done.stderr
        return
    data = done.answer["data"]
    assert data["rows_read"] == data["rows"] + data["refused"] + sum(data["left_out"].values())
    assert case.rows in (None, data["rows"])
    assert case.members in (None, data["members"])
    assert case.refused in (None, data["refused_by_reason"])
    assert case.left_out == data["left_out"]


def each(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Return the mark that runs a test for each case, named by its row."""
    return pytest.mark.parametrize(
        "case", [pytest.param(c, id=f"{c.row}: {c.title}") for c in cases]
    )
