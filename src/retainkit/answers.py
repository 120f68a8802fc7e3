"""What the functions of `api` share: their keywords, and a Result that shows itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

from rich.console import RenderResult

from retainkit.choices import Engine, Weekday
from retainkit.engine import EngineOptions, Request, run
from retainkit.errors import UsageError, nearest
from retainkit.render import RenderOptions, render_text, to_html, to_rich
from retainkit.results import Result
from retainkit.sources import Input, SourceOptions
from retainkit.sources.options import Moment

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions


Word = TypeVar("Word", bound=str)
Number = TypeVar("Number", int, float)


class SourceKeywords(TypedDict, total=False):
    """How events are read: the shared options of every command, as keywords."""

    member_col: str | None
    time_col: str | None
    event_col: str | None
    amount_col: str | None
    order_col: str | None
    joined_col: str | None
    left_col: str | None
    reason_col: str | None
    nobody: str | Iterable[str]
    normalize_ids: bool
    members: Input | None
    where: str | None
    dedupe: str | None
    since: Moment | None
    until: Moment | None
    as_of: Moment | None
    tz: str
    week_start: Weekday
    naive_tz: str | None
    day_first: bool | None
    time_format: str | Iterable[str]
    encoding: str | None
    member_encoding: str | None
    separator: str | None
    header: bool
    sheet: str | None
    max_columns: int
    max_line: str
    max_unpacked: str
    verify: bool
    max_rejects: float
    rejects: str | None


class Keywords(SourceKeywords, total=False):
    """How events are read, and where metrics are computed of them."""

    engine: Engine
    spark_master: str | None
    memory: str | None
    temp_dir: str | Path | None


class Answer(Result):
    """A Result that shows itself: in a terminal, by Rich, and as HTML in a notebook."""

    def __str__(self) -> str:
        return render_text(self, "table", RenderOptions(width=100))

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield to_rich(self, options.max_width)

    def _repr_html_(self) -> str:
        return to_html(self)


def answered(request: Request, events: Input | Sequence[Input], keywords: Keywords) -> Answer:
    """Return the answer to a request; keywords: how to read the events, and where to compute."""
    options, engine = split(keywords, (field.name for field in fields(request.params)))
    (result,) = run([request], as_inputs(events), options, engine=engine)
    return Answer(**vars(result))


def split(keywords: Keywords, words: Iterable[str]) -> tuple[SourceOptions, EngineOptions]:
    """Return how to read the events, and where to compute.

    Raises UsageError for a keyword that is none; `words`, the function's own, may be meant.
    """
    given: dict[str, Any] = {**keywords}
    names = [field.name for field in fields(EngineOptions) if field.name in given]
    engine = EngineOptions(**{name: given.pop(name) for name in names})
    return as_options(given, {*Keywords.__annotations__, *words}), engine


def as_inputs(events: Input | Sequence[Input]) -> list[Input]:
    """Return one input or several as a list."""
    return list(events) if isinstance(events, list | tuple) else [events]


def as_options(source: Mapping[str, Any], words: Collection[str]) -> SourceOptions:
    """Return how events are read; raises UsageError for a keyword that is none of `words`."""
    for name in source.keys() - SourceKeywords.__annotations__:
        raise UsageError(f"There is no option '{name}'.{nearest(name, words)}")
    lists = {name: several(source.get(name, ())) for name in ("nobody", "time_format")}
    return SourceOptions(**{**source, **lists})


def several(words: Word | Iterable[Word]) -> tuple[Word, ...]:
    """Return one word or several as several; what is no text is left to be refused."""
    return tuple(words) if isinstance(words, Iterable) and not isinstance(words, str) else (words,)


def numbers(given: Number | Iterable[Number]) -> tuple[Number, ...]:
    """Return one number or several as several."""
    return tuple(given) if isinstance(given, Iterable) else (given,)


def floats(given: object) -> tuple[float, ...]:
    """Return numbers as floats; what is none is left to be refused."""
    values = tuple(given) if isinstance(given, Iterable) else (given,)
    told = (float(each) if isinstance(each, int) else each for each in values)
    return cast("tuple[float, ...]", tuple(told))


def as_path(path: str | Path | None) -> str | None:
    """Return a path as text."""
    return str(path) if isinstance(path, Path) else path
