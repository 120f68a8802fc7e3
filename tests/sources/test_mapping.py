"""Which column plays which role."""

import pytest

from retainkit.errors import InputError, UsageError
from retainkit.sources.mapping import choose, column_or_sql, mapping_note

HEADER = ("CustomerID", "InvoiceDate", "Quantity", "UnitPrice", "单 价")


def test_a_flag_names_a_column_first_then_sql() -> None:
    assert column_or_sql("--amount-col", "单 价", HEADER).meta.is_column()
    total = column_or_sql("--amount-col", "Quantity * UnitPrice", HEADER)
    assert set(total.meta.root_names()) == {"Quantity", "UnitPrice"}


def test_flags_win_over_aliases_and_optional_roles_may_be_absent() -> None:
    mapping = choose(HEADER, {"member": True, "time": True, "order": False}, {"member": "Quantity"})
    assert {role: mapped.source for role, mapped in mapping.items()} == {
        "member": "Quantity",
        "time": "InvoiceDate",
    }
    assert mapping_note(mapping) == ("Columns: time = InvoiceDate (found by name).",)
    assert mapping_note({}) == ()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("Quantiti", InputError, "Did you mean 'Quantity'?"),
        ("Quantity * Prize", InputError, "'Prize'"),
        ("Unit Price (", UsageError, "Did you mean 'UnitPrice'?"),
        ("", UsageError, "is no column and is not SQL"),
    ],
)
def test_a_wrong_flag_says_what_there_is(text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        column_or_sql("--amount-col", text, HEADER)
    told = str(caught.value)
    assert words in told
    assert "--amount-col" in told
    assert all(f"'{name}'" in told for name in HEADER)


def test_every_unknown_column_of_an_expression_is_named() -> None:
    with pytest.raises(InputError) as caught:
        column_or_sql("--amount-col", "Quantiti * Prize", HEADER)
    assert "'Quantiti'" in caught.value.message
    assert "'Prize'" in caught.value.message


def test_all_faults_are_in_one_error() -> None:
    header = ("user_id", "openid", "Quantity")
    with pytest.raises(InputError) as caught:
        choose(header, {"member": True, "time": True, "amount": True}, {"amount": "Quantiti"})
    told = str(caught.value)
    assert "Several columns could be the member: 'user_id', 'openid'" in told
    assert "--amount-col: there is no column 'Quantiti'" in told
    assert "no column for the time (--time-col" in told
