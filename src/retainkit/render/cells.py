"""How a number, a date or a name is written for people; the only place that formats one.

Rounding never lies: what is not zero is never shown as 0, what is not all is never shown as 100%.
Unknown is "–".
"""

from __future__ import annotations

import math
import unicodedata
from datetime import date, datetime

UNKNOWN = "–"
EMPTY = "(empty)"
NONE = "(none)"
_SAID = {"", UNKNOWN, EMPTY, NONE}
_LONGEST = 1_000  # characters of a name that are shown
_REPLACEMENT = "\ufffd"
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Letters and marks that draw nothing: joiners and fillers outside the format category.
_HIDDEN = {*"\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"}
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_LENGTHS = ((86_400, "d", 84_600), (3_600, "h", 3_570), (60, "min", 59.5), (1, "s", 0))
_LARGEST = 999.5e12  # beyond it, powers of ten
_EIGHTHS = "▏▎▍▌▋▊▉█"


def clean(text: str) -> str:
    """Return `text` on one line, with all that a screen would obey or hide made visible.

    Tabs and line ends become spaces; other control characters, escapes, bidirectional and
    zero-width characters, lone surrogates and non-characters become "\ufffd".
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_clean_character(character) for character in text)


def _clean_character(character: str) -> str:
    if character in "\t\n\r":
        return " "
    hidden = character in _HIDDEN or unicodedata.category(character) in _HIDDEN_CATEGORIES
    return _REPLACEMENT if hidden or _is_noncharacter(ord(character)) else character


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def label(value: object) -> str:
    """Return a name out of the data: a segment, an event. Null is "(none)".

    A text that reads like what stands for null or nothing is in quotes. Of a very long one the
    beginning is shown, and how long it is.
    """
    if value is None:
        return NONE
    whole = str(value)
    text = clean(whole[:_LONGEST])
    if len(whole) > _LONGEST:
        text += f"… ({len(whole):,} characters)"
    if not text:
        return EMPTY
    # With its quotes off, so that no text in quotes is drawn like another one put in them.
    return f'"{text}"' if text.replace('"', "").strip() in _SAID else text


def count(value: int | None) -> str:
    """Return a whole number: 1,234."""
    return UNKNOWN if value is None else f"{value:,}"


def percent(fraction: float | None) -> str:
    """Return a fraction as a percentage: 0%, <0.1%, 38.2%, >99.9%, 100%."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    if fraction in (0, 1):
        return f"{fraction:.0%}"
    text = f"{fraction:.1%}"
    if text in ("0.0%", "-0.0%"):
        return "<0.1%" if fraction > 0 else ">-0.1%"
    if text == "100.0%":
        return ">99.9%" if fraction < 1 else ">100%"
    return text


def interval(low: float | None, high: float | None) -> str:
    """Return a confidence interval of a rate: 35.2–41.3%."""
    if low is None or high is None:
        return UNKNOWN
    ends = percent(low), percent(high)
    return f"{ends[0].removesuffix('%')}–{ends[1]}" if UNKNOWN not in ends else UNKNOWN


def compact(value: float | None) -> str:
    """Return a quantity in few characters: 0, <0.01, 4.27, 38.2, 1,234, 12.3k, 4.50M, 1.0e+15."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value < 0:
        opposite = compact(-value)
        return f">-{opposite[1:]}" if opposite.startswith("<") else f"-{opposite}"
    if value == 0:
        return "0"
    return _compact_positive(value) if value < _LARGEST else f"{value:.1e}"


def _compact_positive(value: float) -> str:
    if value < 0.005:
        return "<0.01"
    if value < 9_999.5:
        return f"{value:,.{_decimals(value)}f}"
    # 0.9995: what rounds up to the next unit is written in it, 1.00M and not 1,000k.
    unit, sign = next((u, s) for u, s in _SCALES if value >= u * 0.9995)
    return f"{value / unit:,.{_decimals(value / unit)}f}{sign}"


def _decimals(value: float) -> int:
    """Return how many decimals make three digits of `value`."""
    return 2 if value < 9.995 else 1 if value < 99.95 else 0


def between(low: float | None, high: float | None) -> str:
    """Return an interval of a quantity: 1.52–2.20."""
    ends = compact(low), compact(high)
    return UNKNOWN if UNKNOWN in ends else "–".join(ends)


def open_interval(low: int | None, high: int | None) -> str:
    """Return an interval of whole ages; its end may lie beyond what was seen: 3–7, 3 or later."""
    if low is None:
        return UNKNOWN
    return f"{count(low)} or later" if high is None else f"{count(low)}–{count(high)}"


def probability(value: float | None) -> str:
    """Return a p-value with its sign: = 0.034, < 0.001."""
    if value is None or not math.isfinite(value):
        return f"= {UNKNOWN}"
    return f"= {value:.3f}" if value >= 0.001 else "< 0.001"


def decimal(value: float | None) -> str:
    """Return a number of unknown meaning with six digits; all of them where six would lie."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:,.6g}"
    return repr(value) if text in ("0", "1", "-1") and float(text) != value else text


def points(difference: float | None) -> str:
    """Return a difference of two shares in percentage points: 0, +1.2, -0.4, <+0.1, >-0.1."""
    if difference is None or not math.isfinite(difference):
        return UNKNOWN
    text = f"{difference * 100:+,.1f}"
    if text[1:] == "0.0":
        return "0" if difference == 0 else "<+0.1" if difference > 0 else ">-0.1"
    return text


def duration(seconds: float | None) -> str:
    """Return a length of time in its largest unit: <1 s, 45 s, 1.5 min, 3 h, 2 d, 1,204 d."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 1:
        return "<1 s"
    # What rounds up to the next unit is written in it: 1 h and not 60 min.
    size, unit = next((size, unit) for size, unit, least in _LENGTHS if seconds >= least)
    value = seconds / size
    text = f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
    return f"{text} {unit}"


def day(value: date | None) -> str:
    """Return a date: 2010-12-01."""
    return UNKNOWN if value is None else value.isoformat()[:10]


def moment(value: datetime | None) -> str:
    """Return a time to the minute; with its offset where the clock shows it twice that day."""
    if value is None:
        return UNKNOWN
    text = value.strftime("%Y-%m-%d %H:%M")
    twice = value.replace(fold=0).utcoffset() != value.replace(fold=1).utcoffset()
    return text + value.isoformat()[-6:] if twice else text


def period(start: date | None, unit: str) -> str:
    """Return the name of the period of `unit` that begins at `start`: 2010-12, 2010-Q4, 2010."""
    if start is None:
        return UNKNOWN
    if unit == "hour" and isinstance(start, datetime):
        return moment(start)
    if unit == "month":
        return f"{start:%Y-%m}"
    if unit == "quarter":
        return f"{start:%Y}-Q{(start.month + 2) // 3}"
    return f"{start:%Y}" if unit == "year" else day(start)


def bar(fraction: float | None, width: int) -> str:
    """Return a bar of up to `width` characters; the smallest part of it is never left out."""
    if not fraction:
        return ""
    eighths = max(1, round(min(fraction, 1.0) * width * 8))
    full, rest = divmod(eighths, 8)
    return _EIGHTHS[-1] * full + (_EIGHTHS[rest - 1] if rest else "")


def anything(value: object) -> str:
    """Return any value of a table, by its type; null is "–"."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case int():
            return count(value)
        case float():
            return decimal(value)
        case datetime():
            return moment(value)
        case date():
            return day(value)
        case _:
            return label(value)
