"""The targets: what takes bytes, how hostile bytes for it are made, and where some are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from fuzzing import differential, layers, mutators, parquet, reading, stating
from fuzzing.mutators import Mutator

CORPUS = Path(__file__).parent / "corpus"

_BYTES: tuple[Mutator, ...] = (
    mutators.flipped,
    mutators.cut,
    mutators.repeated,
    mutators.planted,
    mutators.spliced,
)
_TEXT = (*_BYTES, *(mutators.cells,) * 12, *(mutators.encoded,) * 2)
_TREE = (*_BYTES, *(mutators.tree,) * 8, mutators.encoded)
_SAID = (*_BYTES, *(mutators.pieces,) * 6)


def _some(*kinds: Mutator) -> Mutator:
    """Return a mutator that takes one of these at a time."""
    return lambda data, chance, others: chance.choice(kinds)(data, chance, others)


@dataclass(frozen=True)
class Target:
    """A target of fuzzing.

    check: takes bytes and a folder to work in, returns what became of them in a word or two, and
    raises where a promise is broken. share: how many of all files are for it, as a weight.
    """

    name: str
    check: Callable[[bytes, Path], str]
    mutators: tuple[Mutator, ...]
    share: int

    @property
    def corpus(self) -> list[Path]:
        """The files that are kept, in the order of their names."""
        return sorted(path for path in (CORPUS / self.name).glob("*") if path.is_file())

    def mutated(self, pool: list[bytes], chance: Random) -> bytes:
        """Return one of the files, changed a few times."""
        data = chance.choice(pool)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            data = chance.choice(self.mutators)(data, chance, pool)
        return data[: mutators.MOST]


def _file(
    name: str, suffix: str, kinds: tuple[Mutator, ...], share: int, count: reading.Count
) -> Target:
    return Target(name, partial(reading.read, suffix=suffix, count=count), kinds, share)


TARGETS = {
    target.name: target
    for target in (
        _file("csv", ".csv", _TEXT, 30, reading.csv_rows),
        _file("ndjson", ".ndjson", _TREE, 10, reading.line_rows),
        _file("parquet", ".parquet", (parquet.mutated,), 25, reading.parquet_rows),
        _file("packed", ".csv.gz", (layers.packed(_some(*_TEXT)),), 8, lambda _: None),
        _file("workbook", ".xlsx", (layers.archived,), 6, lambda _: None),
        Target("members", stating.members, _TEXT, 6),
        Target("manifest", stating.manifest, _TREE, 3),
        Target("settings", stating.settings, _SAID, 4),
        Target("taxonomy", stating.taxonomy, _SAID, 2),
        Target("baseline", stating.baseline, _TREE, 2),
        Target("costs", stating.costs, _TEXT, 1),
        Target("flags", stating.flags, _SAID, 5),
        Target("rules", stating.rule, _SAID, 4),
        Target("steps", stating.steps, _SAID, 3),
        Target("selectors", stating.selector, _SAID, 3),
        Target("duckdb", differential.check, _BYTES, 4),
    )
}
