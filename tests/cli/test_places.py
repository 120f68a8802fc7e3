"""Where outputs may lie, and one run at a time for each of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from retainkit.cli import app
from retainkit.errors import OutputError
from retainkit.leftovers import lock_beside
from retainkit.locking import locked

EVENTS = "user_id,time\na,2024-01-01\na,2024-01-02\nb,2024-01-01\n"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and locks")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(app, list(args))


@pytest.mark.parametrize(
    ("args", "target"),
    [
        (["cohort", "events.csv", "-o", "x.csv"], "x.csv"),
        (["cohort", "events.csv", "--rejects", "x.csv"], "x.csv"),
        (["inspect", "events.csv", "--rejects", "x.csv"], "x.csv"),
        (["churn", "events.csv", "--roster", "x.csv"], "x.csv"),
        (["report", "events.csv", "-o", "x.html"], "x.html"),
        (["report", "events.csv", "-o", "y.html", "--rejects", "x.csv"], "x.csv"),
        (
            ["check", "events.csv", "--junit", "x.xml", "--rule", "cohort age=1 >= 0"],
            "x.xml",
        ),
    ],
)
def test_another_run_is_named_before_anything_is_read(args: list[str], target: str) -> None:
    with locked(Path(target), "--output"):
        done = run(*args)
    assert done.exit_code == 1
    assert f"another run is writing {target} now (process {os.getpid()} on " in done.stderr
    assert "--lock-timeout" in done.stderr
    assert not Path(target).exists()


def test_a_lock_is_waited_for(folder: Path) -> None:
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(folder / "x.csv", "--output"):
            taken.set()
            free.wait(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    done = run("cohort", "events.csv", "-o", "x.csv", "--lock-timeout", "20")
    holder.join()
    assert (done.exit_code, Path("x.csv").is_file()) == (0, True)
    assert sorted(each.name for each in folder.iterdir()) == ["events.csv", "x.csv"]


def test_the_lock_of_a_killed_run_is_none(folder: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from retainkit.locking import locked\n"
        "with locked(Path('x.csv'), '-o'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert lock_beside(folder / "x.csv").exists()
    assert run("cohort", "events.csv", "-o", "other.csv").exit_code == 0
    assert not lock_beside(folder / "x.csv").exists()


def test_links_to_one_file_are_one_target(folder: Path) -> None:
    Path("link.csv").symlink_to("x.csv")
    with (
        locked(folder / "x.csv", "-o"),
        pytest.raises(OutputError),
        locked(Path("link.csv"), "-o"),
    ):
        pass


@pytest.mark.parametrize(
    "args",
    [
        ["cohort", "events.csv", "-o", "link.csv"],
        ["cohort", "events.csv", "--rejects", "link.csv"],
        ["churn", "events.csv", "--roster", "link.csv"],
    ],
)
def test_what_a_link_points_to_is_written_where_it_is_said(args: list[str], folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "real.csv").write_text("old", encoding="utf-8")
    Path("link.csv").symlink_to("sub/real.csv")
    refused = run(*args)
    assert refused.exit_code == 2
    assert "link.csv is a symbolic link.\nName the file it points to, or allow" in refused.stderr
    assert run(*args, "--follow-symlinks").exit_code == 0
    assert Path("link.csv").is_symlink()
    assert "old" not in (folder / "sub" / "real.csv").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    done = run("cohort", "events.csv", "-o", "x.csv")
    assert "--output: the folder . is not writable." in done.stderr
    done = run("cohort", "events.csv", "-o", "nowhere/x.csv")
    assert "--output: there is no folder to write to at nowhere." in done.stderr


@pytest.mark.parametrize(
    ("table", "key", "path", "args"),
    [
        ("source", "rejects", "../out.csv", ["cohort"]),
        ("source", "rejects", "/out.csv", ["inspect"]),
        ("churn", "roster", "../out.csv", ["churn"]),
        ("cohort", "chart", "link/out.svg", ["cohort"]),
        ("report", "output", "../out.html", ["report"]),
        ("report", "history", "../history", ["report"]),
    ],
)
def test_settings_write_in_their_own_folder(
    folder: Path, table: str, key: str, path: str, args: list[str]
) -> None:
    home, given = folder / "home", path.replace("/out.csv", f"{folder}/out.csv", path[0] == "/")
    home.mkdir()
    (home / "link").symlink_to(folder)
    text = f'[source]\nsources = ["../events.csv"]\n[{table}]\n{key} = "{given}"\n'
    if table == "source":
        text = f'[source]\nsources = ["../events.csv"]\n{key} = "{given}"\n'
    (home / "retainkit.toml").write_text(text, encoding="utf-8")
    command = [*args, "--config", "home/retainkit.toml"]
    done = run(*command)
    assert done.exit_code == 2
    assert f"{key} would write " in done.stderr
    assert "outside of the folder of that file.\n" in done.stderr
    if key == "rejects":
        assert run(*command, "--rejects", str(folder / "out.csv")).exit_code == 0
        assert (folder / "out.csv").exists()
        (home / "retainkit.toml").write_text(text.replace(given, "in.csv"), encoding="utf-8")
        assert run(*command).exit_code == 0
        assert (home / "in.csv").exists()
