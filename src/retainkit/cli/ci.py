"""A check told to others than its caller: a JUnit file, and the CI system that it runs in."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from retainkit.checking.ci.systems import REPORT, System, roots, summary_file
from retainkit.choices import UndecidedAs
from retainkit.cli.output import say
from retainkit.replacement import write_whole

if TYPE_CHECKING:
    from retainkit.checking.ci.findings import Finding
    from retainkit.checking.ci.places import Place
    from retainkit.results import Result


class Ci(NamedTuple):
    """Whom a check is told to beside its caller.

    junit: a file. settings: the file that rules stand in, of which these are the names.
    """

    junit: str | None
    system: System | None
    undecided: UndecidedAs
    settings: Path | None
    rules: Sequence[str]

    @property
    def writes(self) -> dict[str, str]:
        """The files it writes, by option."""
        told = {} if self.junit is None else {"--junit": self.junit}
        return {**told, "--ci": REPORT} if self.system == "gitlab" else told

    def tell(self, result: "Result") -> None:
        """Write the files, then what GitHub reads: its commands go to stderr.

        Raises OutputError where a file cannot be written. A summary that cannot is only said, as
        it is a copy of the result.
        """
        if self.junit is not None:
            from retainkit.checking.ci.junit import junit

            write_whole(Path(self.junit), junit(result, self.undecided), "--junit")
        if self.system is not None:
            self._tell_system(self.system, result)

    def _tell_system(self, system: System, result: "Result") -> None:
        from retainkit.checking.ci.findings import findings

        found, places = findings(result, self.undecided), self._places(system)
        if system == "gitlab":
            from retainkit.checking.ci.gitlab import report

            write_whole(Path(REPORT), report(found, places), "--ci")
        else:
            _tell_github(result, found, places)

    def _places(self, system: System) -> "Mapping[str, Place]":
        from retainkit.checking.ci.places import places

        if self.settings is None:
            return {}
        return places(self.settings, self.rules, roots(system, os.environ))


def _tell_github(
    result: "Result", found: "Sequence[Finding]", places: "Mapping[str, Place]"
) -> None:
    from retainkit.checking.ci.github import SUMMARY_ROOM, commands, summary

    path = summary_file(os.environ)
    if path is not None:
        try:
            taken = path.stat().st_size if path.exists() else 0
            text = summary(result, SUMMARY_ROOM - taken)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\n{text}" if taken else text)
        except OSError as error:
            say(f"The job's summary cannot be written to {path}: {error.strerror}.")
    for line in commands(found, places):
        typer.echo(line, err=True)
