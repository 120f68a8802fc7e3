"""TOML, read with the same errors everywhere. It is data only; nothing in it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retainkit.errors import UsageError


def parse_toml(path: Path, data: bytes, hint: str = "") -> dict[str, Any]:
    """Return what `data`, the content of `path`, holds.

    Raises UsageError, with `hint` where it is no TOML, and the line that is not UTF-8.
    """
    import tomllib  # here, as few commands read any

    try:
        return tomllib.loads(data.decode("utf-8-sig"))  # Notepad begins a file with a mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path} is not UTF-8: see line {line}.", "Save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}.", hint) from None
