"""What a comparison comes to, in words: one sentence, and what else is true of the same members."""

from __future__ import annotations

from collections.abc import Sequence

from retainkit.render import cells
from retainkit.reporting.compared import Told
from retainkit.reporting.counts import Value
from retainkit.reporting.measures import Measure

MOST_ALSO = 2  # further things that are told of the same members


def sentence(measure: Measure, told: Told) -> str:
    """Return the sentence of a comparison."""
    if measure.column is None:
        return _of_all(measure, told)
    if measure.kind == "joins":
        return _joins(measure, told)
    own, others = cells.percent(told.own), cells.percent(told.others)
    who = f"members {named(measure.column, told.value)}"
    start = "" if told.since is None else f"{when(measure, told)}, "
    before = ""
    if told.before is not None:
        before = f" (before: {cells.percent(told.before)} and {cells.percent(told.others_before)})"
    if measure.kind == "node":
        step = " to ".join(cells.label(event) for event in measure.what)
        said = f"{who} get from {step} in {own} of cases, all others in {others}"
    else:
        said = _shares(measure, who, own, others)
    return f"{_capital(start + said)}{before}: {_many(measure, told)}."


def _shares(measure: Measure, who: str, own: str, others: str) -> str:
    """Return which share of members did something, and which of all others."""
    rest = "all others"
    if measure.kind == "again":
        who = who.replace("members", "buyers", 1)
    elif measure.kind == "reason":
        who = f"{who} who left"
    elif measure.kind == "active":
        rest = "others who began when they did"
    return f"of {who} {own} {_did(measure)}, of {rest} {others}"


def share_of(measure: Measure) -> str:
    """Return which share was compared: of those who could, who did this."""
    if measure.kind == "node":
        return " to ".join(cells.label(event) for event in measure.what)
    return "of the new members" if measure.kind == "joins" else _did(measure)


def _did(measure: Measure) -> str:
    what = measure.what[0] if measure.what else ""
    return {
        "day": f"came back on day {what}",
        "age": f"came back {_in_the(measure)} after their first",
        "active": f"come {_in_the(measure).replace('the', 'a')}",
        "left": "have left",
        "reason": f"gave {cells.label(what)} as the reason",
        "again": f"bought again within {what} days",
    }[measure.kind]


def _of_all(measure: Measure, told: Told) -> str:
    """Return the sentence of a change of all members."""
    own, before = cells.percent(told.own), cells.percent(told.before)
    if measure.kind == "node":
        step = " to ".join(cells.label(event) for event in measure.what)
        did = f"of members get from {step} in their first attempt"
    else:
        did = f"of new members {_did(measure)}"
    return f"{when(measure, told)}, {own} {did}, {before} before: {_many(measure, told)}."


def plain(measure: Measure, told: Told) -> str:
    """Return the sentence of a comparison without its numbers."""
    if measure.kind == "joins":
        many = "more" if told.more > 0 else "fewer"
        assert measure.column is not None
        who = named(measure.column, told.value)
        return f"{when(measure, told)}, {many} of the new members are {who} than before."
    if measure.column is None:
        who = "Members" if measure.kind == "node" else "New members"
        return f"{who} {_also_did(measure, told)}, beside those before."
    who = "Buyers" if measure.kind == "again" else "Members"
    return (
        f"{who} {named(measure.column, told.value)} {_also_did(measure, told)}, beside all others."
    )


def _joins(measure: Measure, told: Told) -> str:
    """Return the sentence of who joins."""
    assert measure.column is not None
    who, before = named(measure.column, told.value), cells.percent(told.before)
    own = "none" if not told.own else cells.percent(told.own)
    return (
        f"{when(measure, told)}, {own} of the new members {'is' if not told.own else 'are'} {who}, "
        f"{before} before: {_many(measure, told)}."
    )


def also(more: Sequence[tuple[Measure, Told]]) -> str:
    """Return what else is true of members that a sentence has just named; empty if nothing."""
    did = [_also_did(measure, told) for measure, told in more if measure.kind != "joins"]
    said = [f"They also {' and '.join(did)}."] if did else []
    for measure, told in more:
        if measure.kind == "joins":
            said.append(f"{'More' if told.more > 0 else 'Fewer'} are new{_since(measure, told)}.")
    return " ".join(said)


def _also_did(measure: Measure, told: Told) -> str:
    more = "more" if told.more > 0 else "less"
    what = [cells.label(each) for each in measure.what]
    did = {
        "day": f"come back {more} on day {''.join(what)}",
        "age": f"come back {more} {_in_the(measure)} after their first",
        "node": f"get from {' to '.join(what)} {more} often",
        "active": f"come {more}",
        "left": f"leave {more} often",
        "reason": f"give {''.join(what)} as the reason {more} often",
        "again": f"buy again {more} often within {''.join(what)} days",
    }[measure.kind]
    return did + _since(measure, told)


def _in_the(measure: Measure) -> str:
    """Return "in the month", or of whatever the periods are."""
    return f"{'on' if measure.unit == 'day' else 'in'} the {measure.unit}"


def _since(measure: Measure, told: Told) -> str:
    return "" if told.since is None else f" {when(measure, told).lower()}"


def named(column: str, value: Value) -> str:
    """Return what members with a value of a column are called: "of tier gold"."""
    name = cells.label(column)
    if value is None:
        return f"without {name}"
    text = cells.label(value)
    return f"of {text}" if text.startswith(name) else f"of {name} {text}"


def when(measure: Measure, told: Told) -> str:
    """Return since when something holds; of the last period, that it did in it."""
    assert told.since is not None
    return f"{'In' if told.last else 'Since'} {cells.period(told.since, measure.unit)}"


def _many(measure: Measure, told: Told) -> str:
    """Return how many members it comes to."""
    number = max(round(abs(told.more)), 1)
    noun = "buyer" if measure.kind == "again" else "member"
    word = "fewer" if told.more < 0 else "more"
    each = f" a {measure.unit}" if measure.kind == "active" else ""
    return f"about {cells.count(number)} {noun}{'' if number == 1 else 's'} {word}{each}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
