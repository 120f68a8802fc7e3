"""The table of docs/reliability.md is what the experiments saw, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def reliability(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("reliability", BENCHMARKS / "reliability.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "reliability", module)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_made_of_the_figures(reliability: ModuleType) -> None:
    page = reliability.PAGE.read_text(encoding="utf-8")
    assert page == reliability.written(page, reliability.load(reliability.FIGURES))


def test_figures_are_of_known_experiments_and_nothing_broke(reliability: ModuleType) -> None:
    pieces = reliability.load(reliability.FIGURES)
    names = {each.name for each in reliability.EXPERIMENTS}
    assert {piece.experiment for piece in pieces} <= names
    assert all(piece.tried > 0 and piece.broke == 0 for piece in pieces)


def test_pieces_add_up(reliability: ModuleType) -> None:
    piece = reliability.Piece
    seen = [
        piece("kills", 600, 0, 300, "1", day="2026-11-21"),
        piece("kills", 400, 1, 330, "2", day="2026-11-22"),
        piece("faults", 12, 0, 60, told="init"),
    ]
    lines = "\n".join(reliability.table(seen))
    assert "| 1,000 | runs of `ingest` killed" in lines
    assert "| **1** | 10 min | 1, 2 | 2026-11-21 to 2026-11-22 |" in lines
    assert "`faults.py`: init 12." in lines


def test_a_script_that_is_not_there_is_left_out_and_told(
    reliability: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = reliability.Experiment("none", "nothing", "none.py")
    assert reliability.tried(missing, "1", "1") == []
    assert "left out, there is no none.py" in capsys.readouterr().err
