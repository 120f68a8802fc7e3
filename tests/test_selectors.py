"""The event selector grammar of the contract: name, a|b, *, [condition], label = selector."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.errors import UsageError
from retainkit.selectors import ANY, Alternative, parse_selector, parse_steps

EVENTS = pl.DataFrame(
    {
        "event": ["visit", "purchase", "purchase", "add to cart", None],
        "amount": [None, 50.0, 150.0, None, 500.0],
        "channel": ["wechat", "web", None, "wechat", "wechat"],
    }
)


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        ("purchase", [("purchase", None)]),
        (" 首单 ", [("首单", None)]),
        ("page-view|app.open | $x", [("page-view", None), ("app.open", None), ("$x", None)]),
        ('"add to cart"', [("add to cart", None)]),
        ('"say ""hi"" | bye"', [('say "hi" | bye', None)]),
        ("*", [(None, None)]),
        ("*[amount > 1]", [(None, "amount > 1")]),
        ("[channel = 'wechat']", [(None, "channel = 'wechat'")]),
        ("purchase[amount > 100]", [("purchase", "amount > 100")]),
        ("a[x = ']'] | b", [("a", "x = ']'"), ("b", None)]),
        ('a["x]" > 1]', [("a", '"x]" > 1')]),
        ("a[x = 'b|c=d>e']", [("a", "x = 'b|c=d>e'")]),
        ("big = purchase[amount > 100]", [("purchase", "amount > 100")]),
    ],
)
def test_reads_the_grammar(text: str, alternatives: list[tuple[str | None, str | None]]) -> None:
    assert parse_selector(text).alternatives == tuple(Alternative(*one) for one in alternatives)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("purchase", "purchase"),
        ('"add to cart"', "add to cart"),
        ("a | b", "a | b"),
        ("*", "*"),
        ("purchase[amount > 100]", "purchase[amount > 100]"),
        ("big = purchase[amount = 100]", "big"),
        ('"big buy" = a|b', "big buy"),
    ],
)
def test_labels_are_the_name_unless_one_is_given(text: str, label: str) -> None:
    assert parse_selector(text).label == label


@pytest.mark.parametrize(
    ("text", "position", "what"),
    [
        ("", 1, "missing"),
        ("a|", 3, "missing"),
        ("a|b c", 3, "no event name"),
        ('a|"b', 3, "quote is never closed"),
        ("a[x > 1", 2, "'[' is never closed"),
        ("a]", 2, "no '['"),
        ("a[x = 'y]", 7, "quote is never closed"),
        ("a[x >]", 3, "not SQL"),
        ("a[x > 1 oops]", 3, "not SQL"),
        ("a[x > 1][y > 1]", 3, "not SQL"),
        ("a|b = c", 1, "label"),
        ("a[x = 1] = c", 1, "label"),
        ("a = b = c", 5, "no event name"),
        ("a, b", 1, "no event name"),
    ],
)
def test_points_at_what_is_wrong(text: str, position: int, what: str) -> None:
    with pytest.raises(UsageError, match=rf"position {position}: ") as caught:
        parse_selector(text)
    first, line, caret = caught.value.message.split("\n")
    assert what in first
    assert line == f"  {text}"
    assert caret.index("^") == position + 1


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("*", [1, 1, 1, 1, 1]),
        ("purchase", [0, 1, 1, 0, 0]),
        ('visit | "add to cart"', [1, 0, 0, 1, 0]),
        ("purchase[amount > 100]", [0, 0, 1, 0, 0]),
        ("[amount > 100]", [0, 0, 1, 0, 1]),
        ("[channel = 'wechat']", [1, 0, 0, 1, 1]),
        ("visit | purchase[amount < 100]", [1, 1, 0, 0, 0]),
    ],
)
def test_takes_events_and_is_never_null(text: str, passing: list[int]) -> None:
    passes = EVENTS.with_columns(x=parse_selector(text).expr(pl.col("event")))["x"]
    assert passes.to_list() == [bool(one) for one in passing]


def test_says_what_it_reads() -> None:
    selector = parse_selector("purchase[amount > 100 AND channel = 'x'] | [city = 'y']")
    assert selector.columns() == {"amount", "channel", "city"}
    assert selector.needs_event
    assert not parse_selector("[amount > 1]").needs_event
    assert not ANY.needs_event
    assert parse_selector("*") == ANY


def test_steps_split_at_free_signs_only() -> None:
    steps = parse_steps('visit > "a > b" > buy = purchase[amount > 0] > x|y')
    assert [step.label for step in steps] == ["visit", "a > b", "buy", "x|y"]


def test_a_fault_in_a_step_is_placed_in_the_whole() -> None:
    with pytest.raises(UsageError, match="position 8: an event name"):
        parse_steps("visit > > b")


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_any_name_can_be_quoted(names: list[str]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    selector = parse_selector(" | ".join(quoted))
    assert [one.name for one in selector.alternatives] == names
    assert [step.label for step in parse_steps(" > ".join(quoted))] == names
