"""Numbers in sentences, and params as they are called outside Python."""

from __future__ import annotations


def counted(number: int | None, one: str, many: str | None = None) -> str:
    """Return "1 row" or "4,372 rows"; "– rows" where unknown; `many` is `one` with an s."""
    told = "–" if number is None else f"{number:,}"
    return f"{told} {one if number == 1 else many or f'{one}s'}"


def spelled(param: str) -> str:
    """Return what flags, settings and results call a param: in Python none may be called `from`."""
    return param.removesuffix("_")
