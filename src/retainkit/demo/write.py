"""The demo's files on disk: each whole or not at all, and nobody else's overwritten."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from retainkit.demo import plan
from retainkit.demo.measure import measure
from retainkit.demo.page import truths_page
from retainkit.demo.sample import Sample, draw_sample
from retainkit.demo.shop import Shop, open_shop
from retainkit.demo.truths import FORMAT, truths_data
from retainkit.errors import OutputError, UsageError
from retainkit.replacement import temporary_folder

EVENTS, MEMBERS, SAMPLE = "events.parquet", "members.csv", "events_sample.csv"
TRUTHS, TRUTHS_DATA = "TRUTHS.md", "truths.json"
NAMES = (EVENTS, MEMBERS, SAMPLE, TRUTHS, TRUTHS_DATA)

_ROW_GROUP = 50_000


@dataclass(frozen=True)
class DemoFiles:
    """Where the demo was written and how many rows it has; `summary` says it in a sentence."""

    events: Path
    members: Path
    sample: Path
    truths: Path
    truths_data: Path
    event_rows: int
    member_rows: int
    sample_rows: int

    @property
    def summary(self) -> str:
        """One sentence about what was written."""
        return (
            f"A community shop from {plan.OPENED} to {plan.LAST_DAY}: {self.event_rows:,}"
            f" events of {self.member_rows:,} members, times in {plan.ZONE}."
        )


def write_demo(
    folder: Path, *, members: int = 5000, seed: int = 2024, overwrite: bool = False
) -> DemoFiles:
    """Write the demo shop's five files into `folder` and return where they are.

    The same `members` and `seed` give the same files. Raises UsageError for numbers that make no
    shop; OutputError when files of these names are there that the demo did not write (unless
    `overwrite`), or when they cannot be written. On failure no file is left half written.
    """
    if members < 1 or seed < 0:
        raise UsageError(
            f"There is no demo of {members} members with seed {seed}.",
            "Give at least 1 member and a seed of 0 or more.",
        )
    try:
        _check_free(folder, overwrite)
        shop = open_shop(members, seed)
        sample = draw_sample(shop)
        _put_in_place(folder, lambda beside: _draft(beside, shop, sample, seed))
    except OSError as error:
        raise OutputError(
            f"{folder}: the demo cannot be written: {error}.",
            "Name a folder that can be written to, with some megabytes free.",
        ) from error
    return DemoFiles(
        events=folder / EVENTS,
        members=folder / MEMBERS,
        sample=folder / SAMPLE,
        truths=folder / TRUTHS,
        truths_data=folder / TRUTHS_DATA,
        event_rows=shop.events.height,
        member_rows=shop.members.height,
        sample_rows=sample.rows.height,
    )


def _put_in_place(folder: Path, draft: Callable[[Path], None]) -> None:
    """Let `draft` write all files into a folder beside, then move them over what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder, hidden=True) as beside:
        draft(beside)
        for name in NAMES:
            _sync(beside / name)
        for name in NAMES:
            (beside / name).replace(folder / name)


def _draft(folder: Path, shop: Shop, sample: Sample, seed: int) -> None:
    """Write all five files into the empty `folder`."""
    members, measured = shop.members.height, measure(shop)
    _write_tables(folder, shop, sample)
    _write_text(folder / TRUTHS, truths_page(members, seed, measured))
    files: dict[str, dict[str, object]] = {
        EVENTS: {"rows": shop.events.height},
        MEMBERS: {"rows": members},
        SAMPLE: {"rows": sample.rows.height, "dirt": sample.dirt},
        TRUTHS: {},
    }
    for name, known in files.items():
        known["sha256"] = _digest(folder / name)
    data = truths_data(members, seed, files, measured)
    _write_text(folder / TRUTHS_DATA, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _write_tables(folder: Path, shop: Shop, sample: Sample) -> None:
    try:
        shop.events.write_parquet(folder / EVENTS, compression="zstd", row_group_size=_ROW_GROUP)
        shop.members.write_csv(folder / MEMBERS, datetime_format="%Y-%m-%d %H:%M:%S")
        sample.rows.write_csv(folder / SAMPLE)
    except pl.exceptions.ComputeError as error:  # what Polars makes of a full disk
        raise OSError(str(error)) from error


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_free(folder: Path, overwrite: bool) -> None:
    blocked = [name for name in NAMES if (folder / name).is_dir()]
    foreign = blocked or ([] if overwrite else _foreign(folder))
    if foreign:
        raise OutputError(
            f"{folder}: already there and not as the demo wrote it: {', '.join(foreign)}.",
            "Name another folder."
            + ("" if blocked else " Or pass --overwrite to replace what is there."),
        )


def _foreign(folder: Path) -> list[str]:
    """Return which of the demo's names in `folder` hold something that the demo did not write."""
    there = [name for name in NAMES if os.path.lexists(folder / name)]
    digests = _own_digests(folder / TRUTHS_DATA)
    if digests is None:
        return there
    return [name for name in there if name != TRUTHS_DATA and not _same(folder / name, digests)]


def _same(path: Path, digests: Mapping[str, str]) -> bool:
    plain = path.is_file() and not path.is_symlink()
    return plain and _digest(path) == digests.get(path.name)


def _own_digests(path: Path) -> dict[str, str] | None:
    """Return the digests that an earlier demo noted in `path`, or None if it is not a demo's."""
    if not path.is_file() or path.is_symlink():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            return None
        return {name: str(known["sha256"]) for name, known in data["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
