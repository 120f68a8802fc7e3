"""What a source is called where people read it: addresses never with the secrets they may hold."""

from __future__ import annotations

import re

HIDDEN = "…"
_AFTER_SCHEME = re.compile(r"://[^\s'\"<>]*")  # with the scheme, long words would take long
_PORT = re.compile(r"[^:]*(:\d*)?|\[.*")


def is_address(name: object) -> bool:
    """Return whether `name` is a URL rather than a path."""
    return isinstance(name, str) and "://" in name


def shown(name: str) -> str:
    """Return a source's name without user, password, query and fragment, where it is a URL.

    `https://ann:pw@host/x.csv?token=1` is `https://…@host/x.csv?…`. A path is returned as it is.
    """
    scheme, sign, rest = name.partition("://")
    if not sign:
        return name
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        user, _, _ = host.rpartition("@")
        rest = f"{HIDDEN}{rest[len(user) :]}"
    elif "@" in rest and not _PORT.fullmatch(host):  # a password with a slash in it
        rest = f"{HIDDEN}@{rest.rpartition('@')[2]}"
    place, mark, _ = _cut(rest)
    return f"{scheme}://{place}{mark}{HIDDEN if mark else ''}"


def without_secrets(text: str) -> str:
    """Return a text in which every address stands as `shown` has it."""
    return _AFTER_SCHEME.sub(lambda found: shown(found[0]), text)


def _cut(rest: str) -> tuple[str, str, str]:
    at = min((place for place in map(rest.find, "?#") if place >= 0), default=len(rest))
    return rest[:at], rest[at : at + 1], rest[at + 1 :]
