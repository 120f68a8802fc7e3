"""Amounts as text: what a comma means is decided by the column."""

from __future__ import annotations

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError, UsageError

from .made import events_of, used


def amounts(*written: str, **options: object) -> tuple[list[float | None], dict[str, int], str]:
    rows = {"user_id": ["a"], "time": ["2024-01-01"], "amount": list(written)}
    rows = {name: values * (len(written) // len(values)) for name, values in rows.items()}
    events = events_of(rows, amount=True, **options)
    kept, refused, _ = used(events)
    return kept["amount"].to_list(), refused, " ".join(events.notes)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["1,500", "12,50", "3,125"], [1.5, 12.5, 3.125]),
        (["1.234,56", "1.234", "7", "-3,5"], [1234.56, 1234.0, 7.0, -3.5]),
        (["1,234", "0,125"], [1.234, 0.125]),
        (["2.500.000", "1,5"], [2_500_000.0, 1.5]),
        (["€ 1,500", "€ 12,50"], [1.5, 12.5]),
    ],
)
def test_decimal_commas_are_shown_by_one_amount(written: list[str], read: list[float]) -> None:
    values, refused, notes = amounts(*written)
    assert (values, refused) == (read, {})
    assert "Amounts in 'amount' have decimal commas" in notes


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["1,500", "12.50"], [1500.0, 12.5]),
        (["1,234.50", "2,000"], [1234.5, 2000.0]),
        (["1,234,567", "2,000"], [1_234_567.0, 2000.0]),
        (["¥1,203", "2,000"], [1203.0, 2000.0]),
        (["1,203元"], [1203.0]),
    ],
)
def test_decimal_points_are_shown_by_one_amount(written: list[str], read: list[float]) -> None:
    values, refused, notes = amounts(*written)
    assert (values, refused) == (read, {})
    assert "decimal commas" not in notes


def test_what_contradicts_the_column_is_refused() -> None:
    assert amounts("1.50", "2.50", "12,50")[:2] == ([1.5, 2.5], {"unreadable amount": 1})
    assert amounts("1,50", "2,50", "12.50")[:2] == ([1.5, 2.5], {"unreadable amount": 1})


def test_the_whole_column_decides() -> None:
    assert amounts(*["1,500"] * 1500, "12,50")[0][0] == 1.5
    assert amounts(*["15"] * 1500, "1,500")[1] == {"unreadable amount": 1}


@pytest.mark.parametrize(("mark", "read"), [(".", [1.5, 2.0]), ("", [1500.0, 2000.0])])
def test_a_column_that_shows_nothing_is_settled_by_the_user(mark: str, read: list[float]) -> None:
    sql = f"CAST(REPLACE(amount, ',', '{mark}') AS DOUBLE)"
    with pytest.raises(InputError, match="read in two ways, like 1,500") as caught:
        amounts("1,500", "2,000")
    assert f'--amount-col "{sql}"' in str(caught.value)
    assert amounts("1,500", "2,000", amount_col=sql)[:2] == (read, {})


def test_a_condition_means_money_as_it_was_read() -> None:
    rows = [("a", "¥1,200.50"), ("b", "¥-2"), ("c", "3元"), ("d", "")]
    events = pl.DataFrame(rows, schema=["user_id", "amount"], orient="row").with_columns(
        event_time=pl.lit("2024-03-01")
    )
    answer = retainkit.orders(events, where="amount > 0")
    assert (answer.data.members, answer.data.left_out) == (2, {"--where": 2})
    with pytest.raises(UsageError, match="cannot be computed"):
        retainkit.cohort(events, where="amount > 0")  # where no amount is read
