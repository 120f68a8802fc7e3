"""Batches of canonical events in, Timelines out: one for each slice of members."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from retainkit.periods import Calendar, Ints
from retainkit.selectors import ANY
from retainkit.timeline.extras import event_codes, first_touch, millionths, order_codes
from retainkit.timeline.model import Bools, Needs, Timeline, first_of_each
from retainkit.timeline.packing import (
    SHARED_BITS,
    WORD,
    Keys,
    Layout,
    Marks,
    Packing,
    RepackError,
    is_text,
)
from retainkit.timeline.people import Listed, merged_names, named, strangers
from retainkit.timeline.rows import Rows, Side
from retainkit.timeline.runs import END, Bounds, Runs, Spill, slices
from retainkit.timeline.sorting import distinct

PIECE = 1 << 16  # rows that are packed at a time: their columns fit the cache of a core

_CHECK_BITS = WORD - SHARED_BITS


@dataclass
class Builder:
    """Gathers events, in any order and from several threads, and sorts them into Timelines.

    table: the member table (`member, joined, left, seg_i`, with reason or without), or None;
    those in it that never had an event nor joined are nobody's members. segments: the name of
    each segment and the side its column seg_i comes from. room: how many bytes of rows to hold;
    what is more is spilled.
    Every method raises RepackError where another packing is needed.
    """

    needs: Needs
    calendar: Calendar
    packing: Packing
    segments: Sequence[tuple[str, Side]] = ()
    table: pl.DataFrame | None = None
    room: int = END
    spill: Spill = field(default_factory=lambda: Spill(ExitStack()))

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._layout: Layout | None = None
        self._kept = Rows(self.needs, self.segments)
        self._rows: Runs[Any] = Runs(self._merged if self.packs else self._kept.merged)
        self._checks: Runs[Keys] = Runs(_merged_keys)
        self._names: Runs[pl.DataFrame] = Runs(merged_names)
        self._listed: Listed | None = None

    def add(self, events: pl.DataFrame, keys: Keys | None = None) -> None:
        """Take used events: `member` (or its hashes), `time`, `marks`, and what the needs name.

        keys: of the members, where they are made already.
        """
        if not events.height:
            return
        run: Any
        if keys is None:
            keys = self.packing.keys(events["member"])
        run, known = self._packed(events, keys) if self.packs else self._sorted(events, keys)
        names = self._named(events["member"])
        with self._lock:
            self._rows.add(run)
            for each in known:
                self._checks.add(each)
            for ids in names:
                self._names.add(ids)
            kinds = (self._rows, self._checks, self._names)
            if sum(kind.held_bytes for kind in kinds) > self.room:
                self._rows.file(self.spill, self._aligned_bits)
                self._checks.file(self.spill, _CHECK_BITS)
                self._names.file(self.spill, self._aligned_bits)

    @property
    def rows(self) -> int:
        """How many rows are left of those added; what would be handed over once may be one."""
        return self._rows.rows

    def slices(self, count: int) -> list[Bounds]:
        """Return about `count` slices of members to make Timelines of; takes no more events."""
        self._list_members()
        runs = [self._rows, self._checks] if self._checks.rows else [self._rows]
        return slices(runs, count, self._aligned_bits)

    def timeline(self, bounds: Bounds) -> Timeline:
        """Return the Timeline of the members between `bounds`."""
        run = self._rows.between(bounds)
        keys, time, marks = self._columns(run)
        starts = np.flatnonzero(first_of_each(keys))
        known, people, listed = self._people(bounds, keys[starts])
        edges = np.append(starts, len(keys))
        if len(known) > len(starts):
            edges = np.append(np.searchsorted(keys, known), len(keys)).astype(np.int64)
        names, event = event_codes(run["event"]) if self.needs.event else (None, None)
        return Timeline(
            calendar=self.calendar,
            grain=self.needs.grain,
            selectors=self.needs.selectors,
            joined=people["joined"],
            left=people["left"],
            reason=people["reason"] if "reason" in people.columns else None,
            ids=self._ids(bounds, known) if self.needs.ids else None,
            listed=listed,
            segments=self._segments(people, run, edges, time),
            bounds=edges,
            time=time,
            marks=marks,
            amount=self._amount(run),
            order=order_codes(run) if self.needs.order else None,
            event=event,
            names=names,
            distinct=self._layout is not None
            and not self._layout.mark_bits
            and not self.needs.repeats,
        )

    @property
    def packs(self) -> bool:
        """Whether a row is one word."""
        return self.packing.words and not self._kept.all_kept

    @property
    def _aligned_bits(self) -> int:
        if self._checks.rows:
            return _CHECK_BITS
        return self._layout.aligned_bits if self._layout else 0

    def _packed(self, events: pl.DataFrame, keys: Keys) -> tuple[Keys, list[Keys]]:
        """Return events as one run of words, and the checks of their members if there are any."""
        ids = events["member"]
        checks = self.packing.checks(ids, keys)
        times, marks = events["time"].to_numpy(), events["marks"].to_numpy()
        words = np.empty(events.height, np.uint64)
        # Piece by piece, so that what is computed of a piece stays in a core's cache.
        for at in range(0, events.height, PIECE):
            piece = slice(at, at + PIECE)
            time = self._periods(times[piece])
            layout = self._layout_for(ids, time)
            layout.pack(keys[piece], time, marks[piece], self.packing, words[piece])
        words = distinct(words, self.needs.repeats)
        return words, [] if checks is None else [distinct(checks)]

    def _sorted(self, events: pl.DataFrame, keys: Keys) -> tuple[pl.DataFrame, list[Keys]]:
        """Return events as one run of columns, and the checks of their members if any."""
        checks = self.packing.checks(events["member"], keys)
        rows = self._kept.of(keys, self._periods(events["time"].to_numpy()), events)
        return rows, [] if checks is None else [distinct(checks)]

    def _periods(self, time: Ints) -> Ints:
        return time if self.needs.grain == "exact" else self.calendar.index(time, self.needs.grain)

    def _layout_for(self, ids: pl.Series, times: Ints) -> Layout:
        """Return how words are laid out, which the first rows to come settle."""
        with self._lock:
            if self._layout is None:
                hashed = is_text(ids.dtype) or self.packing.hashed
                plain = all(selector == ANY for selector in self.needs.selectors)
                marks = 0 if plain else len(self.needs.selectors)
                self._layout = Layout.of(self.needs.grain, marks, self.packing, hashed, times)
            return self._layout

    def _columns(self, run: Any) -> tuple[Keys, Ints, Marks]:
        """Return key, time and marks of each row; keys as they are placed in words."""
        if not self.packs:
            return run["key"].to_numpy(), run["time"].to_numpy(), run["marks"].to_numpy()
        words: Keys = run
        if self._layout is None:
            nothing = np.empty(0, dtype=np.int64)
            return words, nothing, nothing.astype(np.uint32)
        keys = words >> np.uint64(self._layout.low_bits)
        keys <<= np.uint64(self._layout.low_bits)
        return keys, self._layout.times(words), self._layout.marks(words)

    def _merged(self, runs: list[Keys]) -> Keys:
        return _merged_keys(runs, self.needs.repeats)

    def _list_members(self) -> None:
        """Bring the member table into the order of keys."""
        if self.table is None or self._listed is not None:
            return
        ids = self.table["member"]
        keys = self.packing.keys(ids)
        checks = self.packing.checks(ids, keys)
        if self.packs:
            layout = self._layout or self._layout_for(ids, np.zeros(1, dtype=np.int64))
            keys = layout.place(keys, self.packing)
        if checks is not None:
            self._checks.add(distinct(checks))
        for names in self._named(ids):
            self._names.add(names)
        self._listed = Listed.of(keys, self.table)

    def _people(self, bounds: Bounds, active: Keys) -> tuple[Keys, pl.DataFrame, Bools]:
        """Return the members between `bounds`: their keys, what is known of them, and of whom."""
        if self._listed is None:
            self._check(bounds, active)
            return strangers(active)
        listed = self._listed.between(bounds)
        self._check(bounds, np.union1d(active, listed.keys))
        return listed.with_active(active, self.needs)

    def _named(self, ids: pl.Series) -> list[pl.DataFrame]:
        """Return the ids of keys where they are asked for and are not the keys themselves."""
        if not self.needs.ids or not (is_text(ids.dtype) or self.packing.hashed):
            return []
        keys = self.packing.keys(ids)
        if self._layout is not None:
            keys = self._layout.place(keys, self.packing)
        return [named(keys, self.packing.ids(ids))]

    def _ids(self, bounds: Bounds, known: Keys) -> pl.Series:
        if not self._names.rows:
            low = np.uint64(self._layout.low_bits if self._layout else 0)
            return pl.Series((known >> low).view(np.int64))
        names = self._names.between(bounds)
        return names["id"].gather(np.searchsorted(names["key"].to_numpy(), known))

    def _amount(self, run: Any) -> Ints | None:
        there = self.needs.amount or (self.needs.worth and "amount" in run.columns)
        return millionths(run["amount"]) if there else None

    def _check(self, bounds: Bounds, known: Keys) -> None:
        """Raise RepackError where two ids share a key: there are more checks than keys then."""
        if not self._checks.rows:
            return
        checks = self._checks.between(bounds)
        seen, expected = (
            np.bincount((keys >> np.uint64(_CHECK_BITS)).view(np.int64), minlength=1 << SHARED_BITS)
            for keys in (known, checks)
        )
        if not np.array_equal(seen, expected):
            raise RepackError(self.packing.reseeded())

    def _segments(
        self, people: pl.DataFrame, run: pl.DataFrame, edges: Ints, time: Ints
    ) -> pl.DataFrame:
        found = []
        for i, (name, side) in enumerate(self.segments):
            column = f"seg_{i}"
            ours = side == "member"
            values = people[column] if ours else first_touch(run[column], edges, time)
            found.append(values.alias(name))
        return pl.DataFrame(found)


def _merged_keys(runs: list[Keys], repeats: bool = False) -> Keys:
    if len(runs) == 1:
        return runs[0]
    return distinct(np.concatenate([np.empty(0, np.uint64), *runs]), repeats)
