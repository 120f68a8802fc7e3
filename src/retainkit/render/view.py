"""The document that the drawing formats share: a title, blocks, facts and notes.

A view (`render/views/`) turns a Result into a Document; a format draws it. Text is made safe to
show where it enters the document, so that no view and no format can forget it; what is special
to a format (markup, pipes, tags) is escaped by that format.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from retainkit.render.cells import clean
from retainkit.results import Result

Align = Literal["left", "right"]
MARK = "*"  # follows a provisional cell wherever colour alone would have to tell it apart


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    return tuple(map(_cleaned, value)) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class _Shown:
    """Cleans every text of the dataclasses that derive from it as they are made."""

    def __post_init__(self) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, _cleaned(getattr(self, item.name)))


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, already in words.

    heat: where it lies on the colour ramp, 0 to 1, or None for no colour. provisional: it may
    still change, and is drawn apart, with MARK. hint: what a pointer held over it tells. repeats:
    what the cell would say if the one above did not say it already; its text is empty then.
    """

    text: str = ""
    heat: float | None = None
    provisional: bool = False
    hint: str = ""
    repeats: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))
        object.__setattr__(self, "hint", clean(self.hint))
        object.__setattr__(self, "repeats", clean(self.repeats))


@dataclass(frozen=True)
class Column(_Shown):
    """A column of a Grid. Where the page is too narrow, text on the left is shortened.

    optional: may be left out, from the right; those of a higher `rank` after all of a lower one.
    called: what it is called where it is left out, by default the title. heated: its cells carry
    heat, and are drawn as joined fields. whole: shortened only after all
    others, because what is left would mislead (dates). breaks: in a terminal, a path of more
    screen cells goes on in the next line; 0: in no case.
    """

    title: str
    align: Align = "left"
    optional: bool = False
    heated: bool = False
    rank: int = 0
    called: str = ""
    whole: bool = False
    breaks: int = 0

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.called or self.title


@dataclass(frozen=True)
class Grid(_Shown):
    """A table of cells: every row as long as `columns`.

    summary: rows set off below. optional_name: what the optional columns are called together;
    widen: how to see those that do not fit. ordered: its rows say something in this order alone.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    summary: tuple[tuple[Cell, ...], ...] = ()
    caption: str = ""
    optional_name: str = "columns"
    widen: str = "widen, or write -f csv"
    ordered: bool = False


@dataclass(frozen=True)
class Scale(_Shown):
    """What the coldest and the hottest colour stand for."""

    low: str
    high: str


@dataclass(frozen=True)
class Legend(_Shown):
    """What signs, words and colours in the grids above mean."""

    items: tuple[str, ...] = ()
    scale: Scale | None = None


@dataclass(frozen=True)
class Lines(_Shown):
    """Sentences, each on its own line."""

    items: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure(_Shown):
    """A drawing of characters that are all as wide: its lines are drawn as they stand.

    They are made to fit 80 columns; a narrower page cuts them. said: what it shows, in words, for
    who cannot see it.
    """

    lines: tuple[str, ...]
    caption: str = ""
    said: str = ""


@dataclass(frozen=True)
class Chart(_Shown):
    """The picture of the one table of `result`, for formats that hold pictures.

    instead: what stands for it elsewhere, and where the extra [charts] is not installed.
    """

    result: Result
    caption: str = ""
    instead: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A chart that was drawn. svg: an element that stands in HTML as it is; said: lines below."""

    svg: str
    caption: str
    said: tuple[str, ...] = ()


Block = Grid | Legend | Lines | Figure | Chart | Picture


@dataclass(frozen=True)
class Document(_Shown):
    """One result as people read it, top to bottom.

    facts: (word, sentence) pairs under the blocks: the definition, the data window.
    """

    title: str
    blocks: tuple[Block, ...]
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
