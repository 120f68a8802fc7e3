"""What a caller may ask of a format."""

from __future__ import annotations

from typing import NamedTuple


class RenderOptions(NamedTuple):
    """Each format reads what concerns it.

    width: columns of the page (table). color: whether to write ANSI colours (table).
    excel_safe: whether to defuse text that a spreadsheet would run as a formula (csv).
    """

    width: int = 80
    color: bool = False
    excel_safe: bool = False
