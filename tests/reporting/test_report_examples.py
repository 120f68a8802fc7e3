"""The reports under examples/ are what the command makes now."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retainkit.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"
REPORTS = EXAMPLES / "reports"


def arguments(name: str) -> list[str]:
    """Return what `make examples` gives the command for a file."""
    spec = spec_from_file_location("make", REPORTS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return list(made.REPORTS[name])


@pytest.mark.parametrize("name", ["demo.md", "online_retail.md"])
def test_reports_are_what_the_command_makes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "online_retail").symlink_to(EXAMPLES / "online_retail")
    if "demo/events.parquet" in arguments(name):
        assert CliRunner().invoke(app, ["demo", "demo"]).exit_code == 0
    done = CliRunner().invoke(app, ["report", *arguments(name), "-o", name])
    assert done.exit_code == 0, done.stderr
    # Not alike? `make examples` makes them anew.
    assert (tmp_path / name).read_text() == (REPORTS / name).read_text()


@pytest.mark.parametrize("name", ["demo.html", "demo_shared.html", "online_retail.html"])
def test_pages_are_whole_have_pictures_and_need_nothing_else(name: str) -> None:
    text = (REPORTS / name).read_text(encoding="utf-8")
    assert text.rstrip().endswith("</html>")
    assert "<svg" in text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert len(text) < 3_000_000
