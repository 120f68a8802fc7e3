"""Which CI system a check runs in, as its variables say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from retainkit.choices import CiSystem

System = Literal["github", "gitlab"]

REPORT = "gl-code-quality-report.json"  # of GitLab, in the working directory
_SIGNS: Mapping[System, str] = {"github": "GITHUB_ACTIONS", "gitlab": "GITLAB_CI"}
_ROOTS: Mapping[System, str] = {"github": "GITHUB_WORKSPACE", "gitlab": "CI_PROJECT_DIR"}
_SUMMARY = "GITHUB_STEP_SUMMARY"


def system_of(asked: CiSystem, environ: Mapping[str, str]) -> System | None:
    """Return the system to tell, None for none; `auto` is told by what each sets to true."""
    if asked == "auto":
        return next((each for each, sign in _SIGNS.items() if environ.get(sign) == "true"), None)
    return None if asked == "none" else asked


def roots(system: System, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the folders that may be the repository's: as the system says, else this one."""
    if told := environ.get(_ROOTS[system]):
        yield Path(told)
    yield Path.cwd()


def summary_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that GitHub makes a job's summary of; None where it named none."""
    told = environ.get(_SUMMARY)
    return Path(told) if told else None
