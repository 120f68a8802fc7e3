"""A report as one JSON object, `retainkit-report/1`: all of it, at full precision."""

from __future__ import annotations

from dataclasses import asdict, fields

from retainkit.render import json
from retainkit.render.options import RenderOptions
from retainkit.reporting.model import Finding, Headline, Report, Section
from retainkit.results import Result

FORMAT = "retainkit-report/1"


def document(report: Report) -> str:
    """Return the object; its sections and its verdicts hold Results as `retainkit/1` has them.

    NaN and infinities are null, as everywhere in JSON of ours.
    """
    parts = [f'"{key}": {json.dumped(value)}' for key, value in head(report).items()]
    sections = ",\n".join(map(_section, report.sections))
    parts.append(f'"sections": [{sections}]')
    verdicts = "null" if report.verdicts is None else _result(report.verdicts)
    parts.append(f'"verdicts": {verdicts}')
    return "{" + ",\n".join(parts) + "}\n"


def head(report: Report) -> dict[str, object]:
    """Return everything but what has tables, in plain JSON values."""
    return {
        "format": FORMAT,
        "title": report.title,
        "data": json.window(report.data),
        "params": json.plain(report.params),
        "notes": list(report.notes),
        "headline": [headline(each) for each in report.headline],
        "compared": report.compared,
        "findings": [finding(each) for each in report.findings],
    }


def headline(each: Headline) -> dict[str, object]:
    """Return one number of the headline in plain JSON values; no period is null."""
    return {name: json.plain(None if told == "" else told) for name, told in asdict(each).items()}


def finding(each: Finding) -> dict[str, object]:
    """Return one finding in plain JSON values."""
    return {item.name: json.plain(getattr(each, item.name)) for item in fields(each)}


def _section(section: Section) -> str:
    own = {name: getattr(section, name) for name in ("name", "title", "intro")}
    return json.dumped(own)[:-1] + f', "result": {_result(section.result)}}}'


def _result(result: Result) -> str:
    return json.write(result, RenderOptions()).rstrip("\n")
