"""A check from rules to its Result: one scan for all rules, then their verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from retainkit.checking.comparing import check_lock, compared, saved_results
from retainkit.checking.definitions import definition_of, hash_of
from retainkit.checking.judging import judge
from retainkit.checking.parsing import Given, named_requests, read_rules
from retainkit.checking.restated import SCHEMA, restated
from retainkit.checking.restated import told as restated_notes
from retainkit.checking.rules import Definitions, Rule
from retainkit.checking.summary import DEFINITIONS, definition, main_table, notes
from retainkit.engine import EngineOptions, Journal, Request, run
from retainkit.errors import UsageError
from retainkit.results import Result
from retainkit.sources import Input, SourceOptions
from retainkit.sources.params import source_params
from retainkit.sources.quality import BAD_AMOUNT
from retainkit.sources.stream import Progress


@dataclass(frozen=True, kw_only=True)
class Check:
    """Rules, and what they are held against.

    metrics: requests of the named metrics. baseline: a snapshot (or Result) that complete cells
    are compared with, and changes that name nothing else. lock: the definitions that named
    metrics must have. fdr: the false discovery rate over confident rules.
    """

    rules: Sequence[Rule]
    metrics: Mapping[str, Request] = field(default_factory=dict)
    baseline: str | None = None
    lock: str | None = None
    fdr: float | None = None

    @classmethod
    def of(
        cls,
        texts: Sequence[str | Given],
        settings: Definitions,
        *,
        lock: str | None = None,
        fdr: float | None = None,
    ) -> Check:
        """Return the check of the rules of settings and those given beside, and named metrics.

        Raises UsageError for what is wrong with any of them.
        """
        metrics = named_requests(settings)
        rules = read_rules(texts, settings)
        return cls(rules=rules, metrics=metrics, baseline=settings.baseline, lock=lock, fdr=fdr)

    @property
    def reads(self) -> list[str]:
        """The files that it reads beside the sources."""
        requests = [*self.metrics.values(), *(rule.request for rule in self.rules)]
        named = [self.baseline, self.lock, *(rule.baseline for rule in self.rules)]
        told = [path for path in named if path is not None]
        for request in requests:
            if request.metric.reads is not None:
                told += request.metric.reads(request.params)
        return told

    def __post_init__(self) -> None:
        if self.fdr is not None and not 0 < self.fdr < 1:
            raise UsageError(f"--fdr: {self.fdr} does not lie between 0 and 1, e.g. 0.1.")


@dataclass(frozen=True)
class Prepared:
    """A check whose definitions were held against what was saved, before data is read.

    saved: what changes are measured against, by the names of rules. base: the metrics of the
    baseline that are named now, and what was saved of them.
    """

    check: Check
    options: SourceOptions
    saved: Mapping[str, Result]
    base: Sequence[tuple[str, Request, Result]]

    @classmethod
    def of(cls, check: Check, options: SourceOptions) -> Prepared:
        """Return a check that is ready; raises UsageError where a definition differs."""
        saved = saved_results(check.rules, options)
        if check.lock is not None:
            check_lock(check.lock, check.metrics, options)
        base = [] if check.baseline is None else compared(check.baseline, check.metrics, options)
        return cls(check, options, saved, base)

    @property
    def requests(self) -> list[Request]:
        """What has to be counted."""
        return once(
            [rule.request for rule in self.check.rules] + [each for _, each, _ in self.base]
        )

    def verdicts(
        self, requests: Sequence[Request], found: Sequence[Result], inputs: Sequence[Input]
    ) -> Result:
        """Return the verdicts; found: the Result of each of `requests`, which may be more."""
        check = self.check
        results = [found[requests.index(rule.request)] for rule in check.rules]
        judged = judge(check.rules, results, self.saved, check.fdr)
        changes = [
            restated(name, request, before, found[requests.index(request)])
            for name, request, before in self.base
        ]
        again = pl.concat(changes) if changes else pl.DataFrame(schema=SCHEMA)
        own = [found[requests.index(request)] for request in self.requests]
        return Result(
            command="check",
            definition=definition(judged, check.fdr),
            params={
                "rules": [rule.said or rule.name for rule in check.rules],
                "fdr": check.fdr,
                "baseline": check.baseline,
                "definition_lock": check.lock,
                **source_params(inputs, self.options),
            },
            data=found[0].data,
            tables={
                "main": main_table(judged),
                "definitions": _definitions(check, results, self.options),
                "restated": again,
            },
            notes=(*restated_notes(again), *notes(judged, own)),
        )


def checked(
    check: Check,
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    engine: EngineOptions | None = None,
    progress: Progress | None = None,
    journal: Journal | None = None,
    excel_safe: bool = False,
) -> Result:
    """Return the verdicts: `main` (a row a verdict), `definitions`, `restated` (with a baseline).

    Definitions are compared before data is read. excel_safe: as for `run`. Raises UsageError
    where one differs from that of the baseline or the lock, and what `run` raises.
    """
    prepared = Prepared.of(check, options)
    requests = prepared.requests
    found = results_of(requests, inputs, options, engine, progress, journal, excel_safe, unfit=True)
    return prepared.verdicts(requests, found, inputs)


def once(requests: Sequence[Request]) -> list[Request]:
    """Return requests, each once: two rules on one metric share its counts."""
    told: list[Request] = []
    for request in requests:
        if request not in told:
            told.append(request)
    return told


def results_of(
    requests: Sequence[Request],
    inputs: Sequence[Input],
    options: SourceOptions,
    engine: EngineOptions | None,
    progress: Progress | None,
    journal: Journal | None,
    excel_safe: bool = False,
    *,
    unfit: bool = False,
) -> list[Result]:
    """Return the Result of each request from one scan.

    Metrics of money refuse rows whose amount cannot be read, others do not: where there are such
    rows, the others are counted by themselves, so that each number is that of its own command.
    unfit: as for `run`.
    """

    def scan(some: Sequence[Request]) -> list[Result]:
        return run(
            some,
            inputs,
            options,
            engine=engine,
            progress=progress,
            journal=journal,
            excel_safe=excel_safe,
            unfit=unfit,
        )

    found = scan(requests)
    paid = [_needs_money(request) for request in requests]
    if all(paid) or not any(paid) or not found[0].data.refused.get(BAD_AMOUNT):
        return found
    others = iter(scan([each for each, money in zip(requests, paid, strict=True) if not money]))
    return [result if money else next(others) for result, money in zip(found, paid, strict=True)]


def _needs_money(request: Request) -> bool:
    needs = request.needs(False)
    return needs.amount or needs.priced


def _definitions(check: Check, results: Sequence[Result], options: SourceOptions) -> pl.DataFrame:
    """Return what the metrics of rules mean, each once."""
    rows = {
        (rule.metric, result.definition, hash_of(definition_of(rule.request, options)))
        for rule, result in zip(check.rules, results, strict=True)
    }
    return pl.DataFrame(sorted(rows), schema=DEFINITIONS, orient="row")
