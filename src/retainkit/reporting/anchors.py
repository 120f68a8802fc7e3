"""Names of sections as they can stand in an address or be the name of a file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_OTHER = re.compile(r"[^\w-]+")
_LONGEST = 60  # letters: with their bytes and a suffix, a file name holds them


def anchors(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a word of letters, digits, _ and - for each name, no two alike.

    taken: words that are not to be given. Words that differ in case alone count as alike, as some
    file systems hold them for one.
    """
    used = {word.casefold() for word in taken}
    found: dict[str, str] = {}
    for name in names:
        plain = word = _word(name)
        number = 2
        while word.casefold() in used:
            word = f"{plain}-{number}"
            number += 1
        used.add(word.casefold())
        found[name] = word
    return found


def _word(name: str) -> str:
    plain = _OTHER.sub("-", unicodedata.normalize("NFC", name))
    return plain[:_LONGEST].strip("-") or "section"
