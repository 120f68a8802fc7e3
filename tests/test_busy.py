"""One id that has more of all rows than a person does: every command tells, and never which."""

import numpy as np
import polars as pl
import pytest

import retainkit
from retainkit.engine.seen import Crowd


def shop(others: int, till: int, ids: type[pl.DataType] = pl.String) -> pl.DataFrame:
    """Return a row of each of so many members, and so many of one that is called 7,777,777."""
    numbers = [*range(1, others + 1), *[7_777_777] * till]
    days = [f"2024-03-{1 + i % 28:02d}" for i in range(len(numbers))]
    columns = {"user_id": pl.Series(numbers).cast(ids), "event_time": days}
    return pl.DataFrame({**columns, "amount": [1] * len(numbers)})


TOLD = "One id has 30.0% of all rows: a guest account, a test, a till? --nobody leaves an id out."


@pytest.mark.parametrize("ids", [pl.String, pl.Int64])
def test_every_command_tells(ids: type[pl.DataType]) -> None:
    events = shop(70, 30, ids)
    for result in (
        retainkit.cohort(events),
        retainkit.cohort(events, period="day", measure="amount"),
        retainkit.retention(events),
        retainkit.orders(events),
    ):
        assert TOLD in result.notes
        assert "7777777" not in " ".join(result.notes)
    assert any("30.0% of all rows" in note for note in retainkit.inspect(events).notes)
    without = retainkit.cohort(events, nobody="7777777")
    assert not any("of all rows" in note for note in without.notes)


def test_several_are_told_together() -> None:
    events = pl.concat([shop(60, 20), shop(0, 20).with_columns(user_id=pl.lit("other"))])
    assert "2 ids, each with over 5%, have 40.0% of all rows" in " ".join(
        retainkit.cohort(events).notes
    )


@pytest.mark.parametrize(("others", "till"), [(95, 5), (20, 60), (60, 20)])
def test_small_and_even_sources_are_not_nagged(others: int, till: int) -> None:
    notes = retainkit.cohort(shop(others, till)).notes
    assert not any("of all rows" in note for note in notes)


def test_keys_in_a_row_do_not_lie_together() -> None:
    crowd = Crowd()
    crowd.add(np.arange(1_000_000, dtype=np.uint64) * np.uint64(1 << 20))
    assert crowd.busy(1_000_000) == (0, 0)
    assert crowd._rows.max() < 20
