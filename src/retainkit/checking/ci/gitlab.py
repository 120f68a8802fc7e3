"""Verdicts as GitLab's Code Quality report, which it shows in a merge request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from retainkit.checking.ci.findings import Finding, Level
from retainkit.checking.ci.places import Place

_ELSEWHERE = Place(".gitlab-ci.yml")  # where the command with rules of its own is likely to stand
_SEVERITY: Mapping[Level, str] = {"error": "critical", "warning": "minor", "notice": "info"}


def report(found: Sequence[Finding], places: Mapping[str, Place]) -> bytes:
    """Return what is amiss as the bytes of a Code Quality report; places: of rules that have one.

    A finding has the same fingerprint in every run, by which GitLab tells what is new and what
    was mended.
    """
    told = [_told(each, places) for each in found if each.level != "passed"]
    return f"{json.dumps(told, indent=1)}\n".encode("ascii")


def _told(finding: Finding, places: Mapping[str, Place]) -> dict[str, object]:
    place = places.get(finding.rule, _ELSEWHERE)
    return {
        "description": f"{finding.verdict}: {finding.text}",
        "check_name": finding.rule,
        "fingerprint": finding.id,
        "severity": _severity(finding),
        "location": {"path": place.path, "lines": {"begin": place.line}},
    }


def _severity(finding: Finding) -> str:
    if (finding.level, finding.verdict) == ("error", "undecided"):
        return "major"
    return _SEVERITY[finding.level]
