"""Names that people give to time zones and that are none: what may be meant instead."""

from __future__ import annotations

import re

_NAMED = "Zones are named like Asia/Shanghai, Europe/London or UTC."
_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_PLACES = {
    -8: "America/Los_Angeles",
    -7: "America/Denver",
    -6: "America/Chicago",
    -5: "America/New_York",
    -3: "America/Sao_Paulo",
    1: "Europe/Berlin",
    2: "Europe/Athens",
    3: "Europe/Moscow",
    5: "Asia/Karachi",
    7: "Asia/Bangkok",
    8: "Asia/Shanghai",
    9: "Asia/Tokyo",
    10: "Australia/Sydney",
    12: "Pacific/Auckland",
}
_HALVES = {(5, 30): "Asia/Kolkata", (3, 30): "Asia/Tehran", (9, 30): "Australia/Adelaide"}
# Short names that stand for several zones, or for one that goes by another name.
_SHORT = {
    "CST": ("Asia/Shanghai (China)", "America/Chicago (Central)", "America/Havana (Cuba)"),
    "IST": ("Asia/Kolkata (India)", "Asia/Jerusalem (Israel)", "Europe/Dublin (Ireland)"),
    "BST": ("Europe/London (British summer)", "Asia/Dhaka (Bangladesh)"),
    "AST": ("America/Halifax (Atlantic)", "Asia/Riyadh (Arabia)"),
    "PST": ("America/Los_Angeles (Pacific)", "Asia/Manila (Philippines)"),
    "EDT": ("America/New_York",),
    "CDT": ("America/Chicago", "America/Havana (Cuba)"),
    "MDT": ("America/Denver",),
    "PDT": ("America/Los_Angeles",),
    "CEST": ("Europe/Berlin",),
    "EEST": ("Europe/Athens",),
    "MSK": ("Europe/Moscow",),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "HKT": ("Asia/Hong_Kong",),
    "SGT": ("Asia/Singapore",),
    "AEST": ("Australia/Sydney",),
}


def advice(tz: str) -> tuple[bool, str]:
    """Return whether it is known what an unknown zone may mean, and what to do."""
    places = _SHORT.get(tz.strip().upper())
    if places is not None and len(places) > 1:
        return True, f"{tz} is short for several: name {', '.join(places[:-1])} or {places[-1]}."
    if places is not None:
        return True, f"Name the place: {places[0]}."
    match = _OFFSET.fullmatch(tz.strip())
    if match is None:
        return False, _NAMED
    return _by_offset(-1 if match[1] == "-" else 1, int(match[2]), int(match[3] or 0))


def _by_offset(sign: int, hours: int, minutes: int) -> tuple[bool, str]:
    if minutes:
        place = _HALVES.get((sign * hours, minutes))
        return place is not None, f"Name a place, like {place}." if place else _NAMED
    if hours > (14 if sign > 0 else 12):
        return False, _NAMED
    if not hours:
        return True, "Name it UTC."
    place = _PLACES.get(sign * hours)
    named = f"Name a place, like {place}" if place else "Name a place"
    turned = f"Etc/GMT{'-' if sign > 0 else '+'}{hours}"
    where = "ahead of" if sign > 0 else "behind"
    return True, (
        f"{named}; or {turned}, which is {hours} hours {where} UTC: in these names the sign is "
        "turned round."
    )
