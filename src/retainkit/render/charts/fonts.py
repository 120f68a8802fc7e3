"""Fonts that a PNG would need and this machine has not: a picture of pixels brings none along."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache

# Scripts that many machines have no font for, by the language that fontconfig knows them by.
_SCRIPTS = {
    "zh": ("Chinese", re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    "ja": ("Japanese", re.compile("[\u3040-\u30ff\u31f0-\u31ff]")),
    "ko": ("Korean", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
}
_PATIENCE = 10  # seconds


def missing(spec: object) -> list[str]:
    """Return a sentence for each script that a picture has letters of and no font was found for."""
    text = "".join(_texts(spec))
    return [
        f"No font with {name} letters was found on this machine: the picture may have boxes in "
        "their place. Install one (Noto Sans CJK, say), or write svg, which holds them as text."
        for language, (name, letters) in _SCRIPTS.items()
        if letters.search(text) and not _has_font(language)
    ]


def _texts(value: object) -> Iterator[str]:
    """Yield all texts in a specification."""
    match value:
        case str():
            yield value
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


@cache
def _has_font(language: str) -> bool:
    """Return whether fontconfig finds one; systems that are sold with such fonts are not asked."""
    if sys.platform in ("win32", "darwin"):
        return True
    program = shutil.which("fc-list")
    if program is None:
        return False
    try:
        told = subprocess.run(
            [program, f":lang={language}", "file"],
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(told.stdout.strip())
