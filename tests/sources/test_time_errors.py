"""Errors about how times are written name the file, the column, the row and the column's flag."""

from pathlib import Path

import pytest

import retainkit
from retainkit.errors import InputError

NAIVE, ZONED = "2024-03-31 02:30", "2024-03-31 02:30Z"
SECONDS, MILLIS = "1709251200", "1709251200000"


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(Path("good.csv"), ["2024-03-31 02:30"])


def written(path: Path, times: list[str], column: str = "event_time") -> Path:
    path.write_text(f"user_id,{column}\n" + "".join(f"u,{time}\n" for time in times))
    return path


def fault(events: list[Path], **options: object) -> str:
    with pytest.raises(InputError) as caught:
        retainkit.cohort(events, **options)
    return str(caught.value)


@pytest.mark.parametrize("before", [1, 1500])
def test_offsets(good: Path, before: int) -> None:
    mixed = written(Path("mixed.csv"), [NAIVE] * before + [ZONED])
    told = (
        "'event_time' of 'mixed.csv' has times with a UTC offset and times without one "
        f"(row {before + 1:,} is the first to differ)"
    )
    formats = {"time_format": ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M%z")}
    assert told in fault([mixed])
    assert told in fault([mixed], **formats)
    if before > 1000:
        assert told in fault([good, mixed])
    else:
        assert "'event_time' of 'good.csv' and 1 more has times" in fault([good, mixed])


def test_units(good: Path) -> None:
    mixed = written(Path("mixed.csv"), [SECONDS, MILLIS])
    far = written(Path("far.csv"), [SECONDS] * 1500 + [MILLIS], "my time")
    told = fault([mixed])
    assert "'event_time' of 'mixed.csv' are epochs of several magnitudes: seconds and m" in told
    assert '--time-col "CASE WHEN event_time > 100000000000 THEN event_time / 1000' in told
    told = fault([far], time_col="my time")
    assert "'my time' of 'far.csv' has epochs of several magnitudes" in told
    assert "(row 1,501 is the first to differ)" in told
    assert r'"CASE WHEN \"my time\" > 100000000000' in told


def test_the_member_table(good: Path) -> None:
    units = written(Path("units.csv"), [SECONDS, MILLIS], "joined")
    told = fault([good], members=units)
    assert "'joined' of 'units.csv' are epochs of several" in told
    assert '--joined-col "CASE WHEN joined > 100000000000' in told
    mixed = written(Path("mixed.csv"), [NAIVE, ZONED], "joined")
    assert "'joined' of 'mixed.csv' has times with a UTC" in fault([good], members=mixed)
    two = written(Path("two.csv"), ["01/04/2024"], "joined")
    assert "'joined' of 'two.csv' can be read in two ways" in fault([good], members=two)
