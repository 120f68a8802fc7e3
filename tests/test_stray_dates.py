"""A date mistyped by thousands of years fills no table with days on which nothing was."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError
from retainkit.results import Result

ROWS = pl.DataFrame(
    {
        "user_id": ["ann", "bob", "ann"],
        "time": ["1900-06-01", "9998-12-31", "2024-01-01"],
        "amount": [1, 2, 3],
    }
)


@pytest.mark.parametrize("ask", [retainkit.orders, retainkit.churn])
def test_a_table_of_every_day_has_an_end(ask: Callable[..., Result]) -> None:
    with pytest.raises(InputError, match=r"Times run over 2,95\d,\d+ days, more than the 100,000"):
        ask(ROWS, period="day")
    assert ask(ROWS, period="year").main.height > 0
    assert ask(ROWS, period="day", until="2100-01-01").main.height > 0


@pytest.mark.parametrize("definition", ["inactivity"])
def test_so_it_is_by_every_definition(definition: str) -> None:
    with pytest.raises(InputError, match="--since and --until"):
        retainkit.churn(ROWS, period="day", definition=definition)
