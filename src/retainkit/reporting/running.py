"""A report from what is asked to what it holds, in one scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import cast

from retainkit.checking.definitions import definition_of, hash_of
from retainkit.checking.running import Check, Prepared, once, results_of
from retainkit.engine import EngineOptions, Journal
from retainkit.reporting.contents import Part, ReportParams, given_way, parts, roles_of
from retainkit.reporting.findings import findings
from retainkit.reporting.headline import PARTS as HEADLINE
from retainkit.reporting.headline import headline
from retainkit.reporting.model import Draft, Finding, Report, Section
from retainkit.reporting.shareable import shareable, without_ids, without_small
from retainkit.results import Result, shared_notes
from retainkit.sources import Input, SourceOptions
from retainkit.sources.params import source_params
from retainkit.sources.stream import Progress


def reported(
    params: ReportParams,
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    check: Check | None = None,
    defaults: Mapping[str, Mapping[str, object]] | None = None,
    engine: EngineOptions | None = None,
    progress: Progress | None = None,
    journal: Journal | None = None,
    excel_safe: bool = False,
) -> Report:
    """Return the report of the inputs, all of it from one scan.

    check: rules whose verdicts it tells. defaults: params that the settings say for commands.
    excel_safe: as for `run`. Raises what a check and `run` raise.
    """
    prepared = None if check is None or not check.rules else Prepared.of(check, options)
    own = parts(params, roles_of(inputs, options, params.by), defaults or {})
    checked = [] if prepared is None else prepared.requests
    requests = once([part.request for part in own] + checked)
    found = results_of(requests, inputs, options, engine, progress, journal, excel_safe, unfit=True)
    results: Mapping[str, Result] = {part.name: found[requests.index(part.request)] for part in own}
    if params.share_safe:
        results = without_ids(own, results, params, inputs, options)
    told, compared = findings(own, results, params)
    draft = Draft(
        parts=own,
        results=results,
        findings=told,
        compared=compared,
        verdicts=None if prepared is None else prepared.verdicts(requests, found, inputs),
        params={**asdict(params), **source_params(inputs, options)},
        meaning=_meaning(own, options),
        notes=[*shared_notes(list(results.values())), *_not_followed(defaults or {})],
    )
    return _of(shareable(draft, params) if params.share_safe else draft, params)


def _meaning(parts: Sequence[Part], options: SourceOptions) -> str:
    """Return a hash of what the numbers of the headline mean."""
    told = {
        part.name: definition_of(part.request, options) for part in parts if part.name in HEADLINE
    }
    return hash_of(told)


def _not_followed(defaults: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Yield that some settings give way to what a report says itself."""
    if told := given_way(defaults):
        yield f"Settings of commands that a report does not follow: {'; '.join(told)}."


def _of(draft: Draft, params: ReportParams) -> Report:
    """Return the report of what it is made of."""
    results, told = draft.results, draft.findings
    return Report(
        title=params.title,
        data=results["lifecycle"].data,
        headline=headline(results, params.confidence),
        findings=tuple(told),
        compared=draft.compared,
        sections=tuple(
            Section(part.name, part.title, results[part.name], part.intro)
            for part in draft.parts
            if _is_shown(part, told)
        ),
        verdicts=draft.verdicts,
        params=draft.params,
        notes=tuple(draft.notes),
        meaning=draft.meaning,
    )


def _is_shown(part: Part, told: Sequence[Finding]) -> bool:
    """Return whether a part becomes a section: what a finding stands on always does."""
    return not part.hidden or any(part.name in finding.sections for finding in told)


def with_trend(report: Report, trend: Result | None) -> Report:
    """Return a report with the headline of the runs before, where there are any."""
    if trend is None:
        return report
    if report.params.get("share_safe"):
        trend = without_small(trend, cast("int", report.params["min_cell"]))
    section = Section("trend", "The headline, run by run", trend)
    return replace(report, sections=(*report.sections, section))
