"""A report that can be given away: without small cells, ids, rare values, and words of the data.

All that it prints is made of tables that are protected first (`sharing`), so that no number and no
picture tells more than they do; what is not made of them is told without numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from retainkit.errors import UsageError
from retainkit.hashing import hashed, key_at
from retainkit.reporting.contents import Part, ReportParams
from retainkit.reporting.model import Draft, Finding
from retainkit.results import Result
from retainkit.sharing.values import members_by_value
from retainkit.sources import Input, SourceOptions
from retainkit.sources.known import ids_among
from retainkit.wording import counted

if TYPE_CHECKING:
    from retainkit.sharing.masking import Shared

SHOWN = ("days_by_cohort",)  # of what only serves other parts: the headline is made of it
# Params that name files.
_FILES = (
    *("sources", "members", "rejects", "baseline", "definition_lock", "history"),
    *("costs", "taxonomy", "roster"),
)
_STEPS = (0.001, 0.01, 0.05, 1.0)  # that p-values are told by
_SHORT = 4  # letters: a grade from 1 to 5 is no id, though there may be members 1 to 5
_HALF = 0.5  # of a column's values are ids: all may be; of its members have a rare one: free text
# What a verdict has of the data; which rule came to which verdict is told.
_OF_DATA = ("segment", "cell", "estimate", "ci_low", "ci_high", "n", "beyond", "since", "p_value")

Results = Mapping[str, Result]


def without_ids(
    parts: Sequence[Part],
    results: Results,
    params: ReportParams,
    inputs: Sequence[Input],
    options: SourceOptions,
) -> Results:
    """Return results in which the values of columns that hold ids of members are keyed hashes.

    Raises UsageError where there is such a column, and no key.
    """
    values = {name: _long(results[f"segments_{name}"]) for name in params.by}
    texts = {each for own in values.values() for each in own}
    ids = ids_among(inputs, options, texts) if texts else set()
    named = [name for name, own in values.items() if own and len(own & ids) > _HALF * len(own)]
    if not named:
        return results
    if params.hash_key is None:
        raise UsageError(
            f"--share-safe: the values of {', '.join(named)} are ids of members.",
            "Name a key that they are hashed with, --hash-key VARIABLE, or leave out that --by.",
        )
    key = key_at(params.hash_key)
    by = {part.name: part.by for part in parts}
    return {
        name: _hashed(result, key) if by[name] in named else result
        for name, result in results.items()
    }


def _long(result: Result) -> set[str]:
    """Return the values of a column, as texts, without those too short to be told from numbers."""
    values = map(str, result.main[result.main.columns[0]].drop_nulls().to_list())
    return {each for each in values if len(each) >= _SHORT}


def _hashed(result: Result, key: bytes) -> Result:
    """Return a result with hashes in the first column of its tables."""
    tables = {}
    for name, frame in result.tables.items():
        column = frame.columns[0]
        texts = [None if each is None else str(each) for each in frame[column].to_list()]
        codes = dict(zip(texts, hashed((text or "" for text in texts), key), strict=True))
        told = [None if text is None else codes[text] for text in texts]
        tables[name] = frame.with_columns(pl.Series(column, told, dtype=pl.String))
    return replace(result, tables=tables)


def shareable(draft: Draft, params: ReportParams) -> Draft:
    """Return what a report may tell, of all that it could."""
    from retainkit.sharing.masking import shared  # importing it takes long

    least = params.least
    worded = [column for column in params.by if _is_free_text(draft.results, column, least)]
    parts = [
        part
        for part in draft.parts
        if (not part.hidden or part.name in SHOWN) and part.by not in worded
    ]
    safe = shared(
        {part.name: draft.results[part.name] for part in parts},
        {part.name: part.by for part in parts},
        least,
    )
    return replace(
        draft,
        parts=parts,
        results={name: _unnamed(result) for name, result in safe.results.items()},
        findings=[_worded(each) for each in draft.findings if _is_told(each, safe.rare, worded)],
        verdicts=None if draft.verdicts is None else _judged(draft.verdicts),
        params={**_base_names(draft.params), "hash_key": None, "min_cell": least},
        notes=list(_notes(safe, worded, least)),
    )


def without_small(trend: Result, least: int) -> Result:
    """Return the headline run by run without what runs that were not shared told of too few."""
    part = pl.col("value") * pl.when(pl.col("unit") == "share").then("n").otherwise(1)
    rest = pl.when(pl.col("unit") == "share").then(pl.col("n") - part)
    small = pl.any_horizontal(each.round().is_between(1, least - 1) for each in (part, rest))
    numbers = ("value", "low", "high", "n")
    masked = trend.main.with_columns(
        pl.when(~small.fill_null(value=False)).then(pl.col(name)) for name in numbers
    )
    return replace(_unnamed(trend), tables={"main": masked})


def _is_free_text(results: Results, column: str, least: int) -> bool:
    """Return whether most members have a value of a column that few others have."""
    sizes = members_by_value(results[f"segments_{column}"].main).values()
    return sum(size for size in sizes if size < least) > _HALF * sum(sizes)


def _is_told(
    finding: Finding, rare: Mapping[str, Collection[str | None]], worded: Collection[str]
) -> bool:
    """Return whether a finding names no value that may not be."""
    column, value = finding.evidence["column"], finding.evidence["value"]
    return column is None or (column not in worded and value not in rare.get(str(column), ()))


def _worded(finding: Finding) -> Finding:
    """Return a finding without numbers: its sentence has none, its p-value is a bound."""
    bound = next(step for step in _STEPS if finding.p_value <= step)
    return replace(finding, p_value=bound, members=None, evidence={})


def _judged(verdicts: Result) -> Result:
    """Return which rule came to which verdict, without what it was of."""
    main = verdicts.main.with_columns(
        *(pl.lit(None, verdicts.main.schema[name]).alias(name) for name in _OF_DATA),
        story=pl.col("rule"),
    )
    tables = {name: frame.clear() for name, frame in verdicts.tables.items()}
    tables |= {"main": main, "definitions": verdicts.tables["definitions"]}
    return replace(_unnamed(verdicts), tables=tables, notes=())


def _unnamed(result: Result) -> Result:
    return replace(result, params=_base_names(result.params))


def _base_names(params: Mapping[str, object]) -> dict[str, object]:
    """Return params in which files are called by their last names: folders may name people."""
    return {name: _base_name(value) if name in _FILES else value for name, value in params.items()}


def _base_name(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_base_name(each) for each in value]
    return PurePath(value).name if isinstance(value, str) else value


def _notes(safe: Shared, worded: Sequence[str], least: int) -> Iterator[str]:
    """Yield what was left out."""
    yield (
        f"Made to be shared: {counted(safe.small, 'cell')} of fewer than {least} members "
        f"{'is' if safe.small == 1 else 'are'} not shown (–), nor {counted(safe.more, 'other')} "
        "from which they could be worked out. Findings are told without numbers; tables by single "
        "ages, reasons and times are left out, and so is what was noted of the data."
    )
    for column, values in safe.rare.items():
        if values:
            yield (
                f"{counted(len(values), 'value')} of {column} with fewer than {least} members "
                "each: not shown."
            )
    for column in worded:
        yield (
            f"{column} is free text: most members have a value there that fewer than {least} "
            "have. Nothing is shown by it."
        )
