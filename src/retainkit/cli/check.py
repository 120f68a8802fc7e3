"""`retainkit check`: retention as a gate. Its Python twin is `retainkit.check`."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from retainkit.checking.ci.systems import system_of
from retainkit.choices import CiSystem, UndecidedAs
from retainkit.cli.answer import answer
from retainkit.cli.ci import Ci
from retainkit.cli.command import Computing, Output, Source
from retainkit.cli.declared import declared
from retainkit.cli.output import say_how
from retainkit.errors import UsageError

if TYPE_CHECKING:
    from retainkit.results import Result
    from retainkit.sources import SourceOptions
    from retainkit.sources.stream import Progress


def check(
    source: Source,
    how: Computing,
    out: Output,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help='Like "retention day=7 mode=on >= 0.25"; repeatable.'),
    ] = None,
    undecided: Annotated[
        UndecidedAs, typer.Option(help="What a rule does that cannot be decided.")
    ] = "fail",
    fdr: Annotated[
        float | None,
        typer.Option(metavar="RATE", help="Hold the false discovery rate of confident rules."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A snapshot: its complete cells are compared."),
    ] = None,
    definition_lock: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Fail where named metrics mean something else."),
    ] = None,
    junit: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the verdicts there as JUnit XML, too.")
    ] = None,
    ci: Annotated[
        CiSystem, typer.Option(help="Tell it to a CI system, too: found by its variables.")
    ] = "auto",
) -> None:
    """Hold the rules of the settings, and those given, against the data."""
    from retainkit.checking.running import Check, checked
    from retainkit.checking.summary import code_of
    from retainkit.cli.allocator import keep_freed_memory
    from retainkit.engine import EngineOptions, Journal

    settings = declared(source.settings, baseline)
    asked = Check.of(rule or [], settings, lock=definition_lock, fdr=fdr)
    if not asked.rules:
        raise UsageError(
            "check: there is no rule.",
            'Name one with --rule "retention day=7 mode=on >= 0.25", or a [[rules]] in '
            "retainkit.toml.",
        )
    keep_freed_memory()
    engine, journal = EngineOptions(**how.options), Journal()

    def compute(options: "SourceOptions", progress: "Progress | None") -> "Result":
        return checked(
            asked,
            source.sources,
            options,
            engine=engine,
            progress=progress,
            journal=journal,
            excel_safe=out.excel_safe,
        )

    own = [each.name for each in asked.rules[: len(settings.rules)]]
    others = Ci(junit, system_of(ci, os.environ), undecided, source.settings, own)
    result = answer(
        "check", source, out, compute, writes=others.writes, reads=asked.reads, also=others.tell
    )
    say_how(how, journal)
    code = code_of(result, undecided)
    if code:
        raise typer.Exit(code)
