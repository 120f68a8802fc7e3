"""What paths mean, in words: their definition and the notes under them."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from retainkit.metrics.paths.params import PathsParams
from retainkit.selectors import Selector
from retainkit.wording import counted


def definition(params: PathsParams) -> str:
    """Return the definition of a path and its share in one sentence."""
    begin = "its first event" if params.from_ is None else f"its first '{params.start.label}'"
    within = "" if params.window is None else f", {params.window} long at most"
    if params.end is None:
        until = f"on{within}"
    else:
        until = f"to the first '{params.end.label}' after it{within}, or as far as it went"
    without = f" without '{_labels(params.ignored)}'" if params.ignored else ""
    repeats = "each as often as it was done" if params.keep_repeats else "repeats told once"
    whose = "all journeys"
    if params.window is not None and not params.include_open:
        whose = "all journeys whose window is over by as-of"
    return (
        f"path: what a member did{without} from {begin} {until}, {repeats}, at most "
        f"{counted(params.depth, 'event')} after the start; share: of {whose}, one a member."
    )


def _labels(selectors: tuple[Selector, ...]) -> str:
    return " | ".join(selector.label for selector in selectors)


def notes(main: pl.DataFrame, summary: pl.DataFrame, params: PathsParams) -> Iterator[str]:
    """Yield what a reader has to know of these tables; all of them with segments as seg_i."""
    if waiting := int(summary["open"].sum()):
        yield (
            counted(waiting, "member is", "members are")
            + f" open: the window ({params.window}) is still running at as-of; in no path "
            "(--include-open counts them)."
        )
    if params.window is None:
        yield "No --window is stated: a journey lasts as long as the data."
    elif params.include_open:
        yield (
            "Journeys whose window is still running count (--include-open): they may go on, and "
            "arrive."
        )
    if others := int(summary["paths"].sum()) - main.height:
        members = int(summary["journeys"].sum()) - int(main["members"].sum())
        yield (
            f"Not listed: {counted(others, 'other path')} of {counted(members, 'member')} (--top)."
        )
    if cut := int(summary["cut"].sum()):
        yield (
            counted(cut, "path is", "paths are")
            + f" longer than {counted(params.depth, 'event')} after the start and cut there, at … "
            "(--depth)."
        )
