"""Every definition of a report, once each, and how its data were read: parameters in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from retainkit.render import cells
from retainkit.reporting.model import Report, Section
from retainkit.results import Result
from retainkit.sources import SourceOptions

_READ = {"sources", *(field.name for field in fields(SourceOptions))}  # params of the data


@dataclass(frozen=True)
class Use:
    """Where a definition is used: a section, and its parameters in words."""

    section: str
    title: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Definition:
    """What numbers of a metric mean, told once for all sections that use it."""

    metric: str
    sentence: str
    uses: tuple[Use, ...]


def definitions(report: Report) -> list[Definition]:
    """Return every definition, once each, in the order of the sections."""
    found: dict[tuple[str, str], list[Use]] = {}
    for section in report.sections:
        key = section.result.command, cells.clean(section.result.definition)
        found.setdefault(key, []).append(_use(section))
    for key in _of_checks(report.verdicts):
        found.setdefault(key, [])
    return [Definition(*key, uses=tuple(uses)) for key, uses in found.items()]


def _of_checks(verdicts: Result | None) -> Iterator[tuple[str, str]]:
    """Yield the definitions of rules, and that of verdicts."""
    if verdicts is None:
        return
    if "definitions" in verdicts.tables:
        for row in verdicts.tables["definitions"].iter_rows(named=True):
            yield row["metric"], cells.clean(row["definition"])
    yield verdicts.command, cells.clean(verdicts.definition)


def _use(section: Section) -> Use:
    own = {name: value for name, value in section.result.params.items() if name not in _READ}
    return Use(section.name, cells.clean(section.title), _words(own))


def reading(report: Report) -> tuple[tuple[str, str], ...]:
    """Return how the data were read and what was asked: parameters in words."""
    return _words(report.params)


def _words(params: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return parameters that say something, as texts."""
    told = ((cells.clean(name), _word(value)) for name, value in params.items())
    return tuple((name, word) for name, word in told if word)


def _word(value: object) -> str:
    match value:
        case None | False | () | [] | "":
            return ""
        case True:
            return "yes"
        case tuple() | list():
            return ", ".join(map(_word, value))
        case float():
            return f"{value:g}"
        case _:
            return cells.clean(str(value))
