"""What is replaced, and what runs leave that are killed at it: each step is one to be killed at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retainkit.leftovers import ASIDE, Temporary, remove_leftovers
from retainkit.replacement import folder_replaced, temporary_folder, write_whole

OLD, NEW = "old", "new"

# Runs `replaced` in one child after the other, each killed at a step further on, until one is not;
# prints what stood there after each, before and after the next run has looked for leftovers.
KILLED = """
import json, os, signal, sys
from itertools import count
from pathlib import Path
from test_leftovers import replaced, seen
from retainkit.leftovers import remove_leftovers

def child(path, last):
    steps = count(1)
    def step(event, _):
        if event != "import" and next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(step)
    replaced(path, "new")
    os._exit(0)

path = Path(sys.argv[1])
for last in count(1):
    replaced(path, "old")
    pid = os.fork() or child(path, last)
    _, status = os.waitpid(pid, 0)
    before, names = seen(path), len(os.listdir(path.parent))
    remove_leftovers(path.parent)
    print(json.dumps([before, names, seen(path), os.listdir(path.parent)]))
    if status == 0:
        break
"""


def replaced(path: Path, text: str) -> None:
    """Put a file, or without a suffix a folder of two files, at `path`."""
    if path.suffix:
        write_whole(path, text.encode(), "--output")
        return
    with folder_replaced(path) as draft:
        for name in ("a.csv", "manifest.json"):
            (draft / name).write_text(text)


def seen(path: Path) -> str:
    """Return the text of what stands at `path`: "" for nothing."""
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
    assert len(files) in (0, 2 if path.is_dir() else 1)
    (text,) = {each.read_text() for each in files} or {""}
    return text


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals and locks")
@pytest.mark.parametrize("name", ["report.json", "tables"])
def test_killed_at_any_step_the_old_or_the_new_is_there_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / name)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) > 5
    gone = [before for before, *_ in told if before == ""]
    assert len(gone) <= (name == "tables") * 3  # between two renames
    assert {before for before, *_ in told} >= {OLD, NEW}
    assert any(names > 1 for _, names, *_ in told)
    assert {after for _, _, after, _ in told} == {OLD, NEW}
    assert {tuple(names) for *_, names in told} == {(name,)}


def test_what_a_run_at_work_holds_stays(tmp_path: Path) -> None:
    file = Temporary.file(tmp_path)
    with temporary_folder(tmp_path) as folder, temporary_folder(tmp_path, hidden=True) as hidden:
        remove_leftovers(tmp_path)
        assert {*tmp_path.iterdir()} == {file.path, folder, hidden}
    file.release()
    remove_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_others_have_made_stays(tmp_path: Path) -> None:
    for name in (
        "retainkit-examples",
        ".retainkit-examples",
        "retainkit-my-plans.tmp",
        "other.tmp",
    ):
        (tmp_path / name).mkdir()
    link = tmp_path / ".retainkit-somelink.tmp"
    link.symlink_to(tmp_path / "other.tmp")
    remove_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
    remove_leftovers(tmp_path / "missing")


def test_a_folder_for_rows_clears_those_of_dead_runs(tmp_path: Path) -> None:
    dead = tmp_path / "retainkit-abcdefgh.tmp"
    dead.mkdir()
    (dead / "0.arrow").write_text("rows")
    with temporary_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert not list(tmp_path.iterdir())


def test_what_is_set_aside_stays_aside_where_something_stands(tmp_path: Path) -> None:
    replaced(tmp_path / "tables", NEW)
    aside = tmp_path / ".retainkit-abcdefgh.tmp" / ASIDE
    aside.mkdir(parents=True)
    replaced(aside / "tables", OLD)
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]
    assert seen(tmp_path / "tables") == NEW


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_folder_is_put_back_by_a_run_that_is_asked_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    path = tmp_path / "tables"
    replaced(path, OLD)
    rename = Path.rename

    def stopped(self: Path, target: Path) -> Path:
        if self.name == "draft":
            raise stop
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(stop):
        replaced(path, NEW)
    assert seen(path) == OLD
    assert list(tmp_path.iterdir()) == [path]
