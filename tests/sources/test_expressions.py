"""SQL over text columns: what is taken as a number, what as text."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.errors import UsageError
from retainkit.sources.expressions import Kind, Scope

ROWS = pl.DataFrame(
    {
        "InvoiceNo": ["536365", "C536379", None],
        "code": ["00123", "00124", "5"],
        "Quantity": ["6", "-1", " 2 "],
        "UnitPrice": ["2.55", "10", ""],
        "vip": ["true", "FALSE", None],
        "refund": [None, "", None],
        "mostly": ["5", "x", "2"],
        "number": [1, 2, None],
    }
)
TYPED = pl.DataFrame(
    {"at": pl.datetime_range(pl.datetime(2010, 12, 1), pl.datetime(2010, 12, 3), "1d", eager=True)}
)


def value(sql: str, kind: Kind = "condition", rows: pl.DataFrame = ROWS) -> list[object]:
    scope = Scope(rows.lazy(), rows)
    added = scope.add("x", scope.read(pl.sql_expr(sql), "--where", kind))
    frame = added.frame.collect()
    assert frame.select(rows.columns).equals(rows), "the columns stay as they were"
    assert frame["x"].equals(added.sample["x"])
    return frame["x"].to_list()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("Quantity > 0", [True, False, True]),
        ("Quantity > UnitPrice", [True, False, None]),
        ("InvoiceNo NOT LIKE 'C%'", [True, False, None]),
        ("InvoiceNo NOT LIKE 'C%' AND Quantity > 0", [True, False, None]),
        ("Quantity = '6'", [True, False, False]),
        ("Quantity = '6' OR UnitPrice > 5", [True, True, None]),
        ("Quantity IN (6, -1)", [True, True, False]),
        ("Quantity IN ('6')", [True, False, False]),
        ("code = '00123'", [True, False, False]),
        ("LENGTH(code) = 5", [True, True, False]),
        ("vip", [True, False, None]),
        ("vip = false", [False, True, None]),
        ("vip = 'true'", [True, False, None]),
        ("refund > 1", [None, None, None]),
        ("refund IS NULL", [True, False, True]),
        ("number = '1'", [True, False, None]),
        ("number LIKE '1%'", [True, False, None]),
        ("mostly > 1", [True, None, True]),
        ("mostly = 'x'", [False, True, False]),
        ("CAST(code AS DOUBLE) = 123", [True, False, False]),
    ],
)
def test_conditions(sql: str, expected: list[bool | None]) -> None:
    assert value(sql) == expected


def test_amounts() -> None:
    assert value("Quantity * UnitPrice", "number") == [pytest.approx(15.3), -10.0, None]


def test_ids_and_times_prefer_text() -> None:
    assert value("Quantity || '-' || code", "value") == ["6-00123", "-1-00124", " 2 -5"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("at >= '2010-12-02'", [False, True, True]),
        ("at = '2010-12-02 00:00:00'", [False, True, False]),
        ("at < DATE '2010-12-02'", [True, False, False]),
    ],
)
def test_times_compare_with_texts(sql: str, expected: list[bool]) -> None:
    assert value(sql, rows=TYPED) == expected


def test_what_the_sample_did_not_show_is_null() -> None:
    scope = Scope(ROWS.lazy(), ROWS.head(1))
    frame = scope.add("x", scope.read(pl.sql_expr("InvoiceNo > 5"), "--where", "condition")).frame
    assert frame.collect()["x"].to_list() == [True, None, None]


@pytest.mark.parametrize(
    ("sql", "kind", "words"),
    [
        ("code > 5", "condition", "Text columns in it: code"),
        ("Quantity", "condition", "not true or false"),
        ("code || 'x'", "number", "not a number"),
        ("Quantity * code", "number", "cannot be computed"),
        ("CAST(InvoiceNo AS INT) > 1", "condition", "conversion from `str` to `i32` failed"),
    ],
)
def test_what_does_not_type_check_is_told(sql: str, kind: Kind, words: str) -> None:
    with pytest.raises(UsageError, match="--where: the expression") as caught:
        value(sql, kind)
    assert words in str(caught.value)
    assert "C536379" not in str(caught.value)


def test_many_columns_are_no_matter() -> None:
    wide = pl.DataFrame({f"c{i}": ["1"] for i in range(40)})
    assert value(" + ".join(wide.columns), "number", wide) == [40.0]
    with pytest.raises(UsageError):
        value(" || ".join(wide.columns), "condition", wide)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1))
def test_numbers_written_plainly_are_those_numbers(numbers: list[float]) -> None:
    rows = pl.DataFrame({"n": [format(number, "f") for number in numbers]})
    plain = rows["n"].str.len_chars() < 15
    expected = [float(text) for text in rows["n"].filter(plain)]
    if expected:
        assert value("n + 0", "number", rows.filter(plain)) == expected
