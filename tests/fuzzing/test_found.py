"""What fuzzing has found, each fault at the place where it was."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import retainkit
from fuzzing.promises import command
from fuzzing.runner import fuzzed
from retainkit.config.files import FILE, PYPROJECT, find, read
from retainkit.errors import InputError, UsageError
from retainkit.reporting.history import past

FAR = 2**63 - 1


def events(times: pl.Series) -> pl.DataFrame:
    """Return an event a time, of one member."""
    return pl.DataFrame({"user_id": ["ann"] * len(times), "event_time": times})


@pytest.mark.parametrize("tz", ["UTC", "Asia/Shanghai"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
@pytest.mark.parametrize("unit", ["ms", "us"])
def test_years_that_no_calendar_has_are_zero_dates(tz: str, zone: str | None, unit: str) -> None:
    near = 1_709_540_760 * (1000 if unit == "ms" else 1_000_000)
    numbers = pl.Series([near, FAR, -FAR, None])
    times = numbers.cast(pl.Datetime(unit, zone))  # type: ignore[arg-type]
    for ask in (retainkit.cohort, retainkit.inspect):
        data = ask(events(times), tz=tz, max_rejects=1).data
        assert (data.rows, dict(data.refused)) == (1, {"no time": 1, "zero date": 2})


def test_dates_that_no_calendar_has_are_zero_dates() -> None:
    dates = pl.Series([19_786, 2**31 - 1, -(2**31)], dtype=pl.Int32).cast(pl.Date)
    data = retainkit.cohort(events(dates), max_rejects=1).data
    assert (data.rows, dict(data.refused)) == (1, {"zero date": 2})


def test_inspect_of_rows_that_are_all_refused() -> None:
    result = retainkit.inspect(events(pl.Series(["soon", "later"])), max_rejects=1)
    assert dict(result.data.refused) == {"unreadable time": 2}


@pytest.mark.parametrize("change", [{"rows": 7}, {"rows": {"refused": {}}}, {"files": [{}]}])
def test_a_manifest_that_says_something_else(tmp_path: Path, change: dict[str, object]) -> None:
    path, folder = tmp_path / "a.csv", tmp_path / "set"
    path.write_text("user_id,time\nann,2024-03-04\n,2024-03-04\n", encoding="utf-8")
    assert command(["ingest", str(path), "-o", str(folder)]).code == 0
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(told | change), encoding="utf-8")
    ran = command(["cohort", str(folder)])
    assert (ran.code, "manifest" in ran.err) == (1, True)
    assert command(["ingest", str(path), "-o", str(folder)]).code == ("files" in change)


@pytest.mark.parametrize(
    "change",
    [
        *({"params": 7}, {"definition": []}, {"command": 7}),
        *({"tables": {"main": 7}}, {"tables": {"main": [{"mature": [[1]]}]}}),
    ],
)
def test_a_saved_result_that_says_something_else(tmp_path: Path, change: dict[str, object]) -> None:
    frame = events(pl.Series(["2024-03-04", "2024-03-05"]))
    saved = tmp_path / "saved.json"
    frame.write_csv(tmp_path / "a.csv")
    told = command(["retention", str(tmp_path / "a.csv"), "-f", "json"]).result
    saved.write_text(json.dumps({**told, **change}), encoding="utf-8")
    rule = "retention day=1 mode=on max_drop=0.1"
    with pytest.raises(InputError, match="is no snapshot and no Result"):
        retainkit.check(frame, rule=rule, baseline=str(saved))


def test_a_saved_cell_that_is_no_number(tmp_path: Path) -> None:
    frame = events(pl.Series(["2024-03-04", "2024-03-05", "2024-03-07"]))
    frame.write_csv(tmp_path / "a.csv")
    asked = ["retention", str(tmp_path / "a.csv"), "--days", "1", "--mode", "on", "-f", "json"]
    told = command(asked).result
    told["tables"]["main"][0]["mature"] = "many"
    (tmp_path / "saved.json").write_text(json.dumps(told), encoding="utf-8")
    rule = "retention day=1 mode=on min_members=1 max_drop=0.1"
    with pytest.raises(InputError, match="that was saved is no number"):
        retainkit.check(frame, rule=rule, baseline=str(tmp_path / "saved.json"))


def test_settings_nested_deep_are_no_toml(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("a = " + "[" * 5000, encoding="utf-8")
    with pytest.raises(UsageError, match="is not TOML"):
        read(tmp_path / FILE)


def test_a_pyproject_whose_tool_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / PYPROJECT
    path.write_text('tool = "retainkit"\n', encoding="utf-8")
    assert find(tmp_path) != path
    with pytest.raises(UsageError, match=r"has no \[tool.retainkit\]"):
        read(path)


def test_a_long_run_is_told_and_kept(tmp_path: Path) -> None:
    tally = fuzzed(12, 1, 60, ("rules", "steps"), tmp_path)
    assert tally.files == 12
    assert not tally.findings
    assert "| all | 12 |" in "\n".join(tally.table())


def test_a_history_that_panics_is_one_error(tmp_path: Path) -> None:
    damaged = Path(__file__).parent / "corpus/parquet/panics-where-only-the-head-is-read.parquet"
    name = "headline-20240304T000000Z-00000000.parquet"
    (tmp_path / "history[1]").mkdir()
    (tmp_path / "history[1]" / name).write_bytes(damaged.read_bytes())
    with pytest.raises(InputError, match="headline"):
        past(tmp_path / "history[1]")


def test_a_tie_of_placeholders_is_told_in_one_order() -> None:
    frame = pl.DataFrame({"user_id": ["-", "0", "null", "ann"], "time": ["2024-03-04"] * 4})
    told = "Ids that mean nobody are refused: '-' in 1 row, '0' in 1 row, 'null' in 1 row."
    assert told in retainkit.inspect(frame, max_rejects=1).notes
