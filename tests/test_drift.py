"""One name, one default, one meaning: command line, parameters and Python say the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from unittest import mock

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import retainkit
from retainkit import answers
from retainkit.cli import app
from retainkit.cli.check import check as check_command
from retainkit.cli.churn import churn as churn_command
from retainkit.cli.cohort import cohort as cohort_command
from retainkit.cli.funnel import funnel as funnel_command
from retainkit.cli.ingest import ingest as ingest_command
from retainkit.cli.inspect import inspect as inspect_command
from retainkit.cli.ltv import ltv as ltv_command
from retainkit.cli.options import EngineFlags, SourceFlags
from retainkit.cli.orders import orders as orders_command
from retainkit.cli.paths import paths as paths_command
from retainkit.cli.renewals import renewals as renewals_command
from retainkit.cli.report import report as report_command
from retainkit.cli.retention import retention as retention_command
from retainkit.cli.rfm import rfm as rfm_command
from retainkit.cli.snapshot import snapshot as snapshot_command
from retainkit.engine import EngineOptions
from retainkit.metrics.churn import ChurnParams
from retainkit.metrics.cohort import CohortParams
from retainkit.metrics.funnel import FunnelParams
from retainkit.metrics.ltv import LtvParams
from retainkit.metrics.orders import OrdersParams
from retainkit.metrics.paths import PathsParams
from retainkit.metrics.renewals import RenewalsParams
from retainkit.metrics.retention import RetentionParams
from retainkit.metrics.rfm import RfmParams
from retainkit.sources import SourceOptions

# One value that is no default for every parameter: as flags say it, and as Python does.
COHORT: dict[str, tuple[list[str], Any]] = {
    "period": (["--period", "week"], "week"),
    "mode": (["--mode", "within"], "within"),
    "clock": (["--clock", "elapsed"], "elapsed"),
    "brackets": (["--brackets", "1-3,4"], ["1-3", "4"]),
    "cohorts": (["--cohorts", "recurring"], "recurring"),
    "min_occurrences": (["--min-occurrences", "2"], 2),
    "measure": (["--measure", "orders"], "orders"),
    "start_event": (["--start-event", "join"], "join"),
    "return_event": (["--return-event", "pay|visit"], "pay|visit"),
    "by": (["--by", "channel", "--by", "tier"], ["channel", "tier"]),
    "lookback": (["--lookback", "7d"], "7d"),
    "horizon": (["--horizon", "3"], 3),
    "confidence": (["--confidence", "0.9"], 0.9),
}
RETENTION: dict[str, tuple[list[str], Any]] = {
    "days": (["--days", "2,14"], [2, 14]),
    "mode": (["--mode", "on", "--mode", "within"], ["on", "within"]),
    "cohort": (["--cohort", "week"], "week"),
    **{name: COHORT[name] for name in ("clock", "start_event", "return_event", "by")},
    **{name: COHORT[name] for name in ("lookback", "confidence")},
}
CHURN: dict[str, tuple[list[str], Any]] = {
    "definition": (["--definition", "leave"], "leave"),
    "period": (["--period", "week"], "week"),
    "inactive_days": (["--inactive-days", "20"], 20),
    "leave_event": (["--leave-event", "leave|quit"], "leave|quit"),
    "taxonomy": (["--taxonomy", "reasons.toml"], "reasons.toml"),
    "paths": (["--paths"], True),
    "last": (["--last", "2"], 2),
    "roster": (["--roster", "lost.csv"], "lost.csv"),
    "hash_key": (["--hash-key", "RETAINKIT_TEST_KEY"], "RETAINKIT_TEST_KEY"),
    **{name: COHORT[name] for name in ("return_event", "by", "confidence")},
}
FUNNEL: dict[str, tuple[list[str], Any]] = {
    "steps": (["--steps", "visit > pay[amount > 1]"], ["visit", "pay[amount > 1]"]),
    "order": (["--order", "any"], "any"),
    "window": (["--window", "7d"], "7d"),
    "step_window": (["--step-window", "12h"], "12h"),
    "attempt": (["--attempt", "first"], "first"),
    "exclude": (["--exclude", "leave", "--exclude", "refund"], ["leave", "refund"]),
    "include_open": (["--include-open"], True),
    "target": (["--target", "2=0.5"], "2=0.5"),
    "min_members": (["--min-members", "5"], 5),
    "compare": (["--compare", "channel=a,b"], "channel=a,b"),
    "trend": (["--trend", "week"], "week"),
    "dropoffs": (["--dropoffs"], True),
    **{name: COHORT[name] for name in ("by", "confidence")},
}
PATHS: dict[str, tuple[list[str], Any]] = {
    "from_": (["--from", "visit|join"], "visit|join"),
    "to": (["--to", "pay[amount > 1]"], "pay[amount > 1]"),
    "window": FUNNEL["window"],
    "ignore": (["--ignore", "beat", "--ignore", "ping"], ["beat", "ping"]),
    "keep_repeats": (["--keep-repeats"], True),
    "include_open": FUNNEL["include_open"],
    "depth": (["--depth", "4"], 4),
    "top": (["--top", "7"], 7),
    **{name: COHORT[name] for name in ("by", "confidence")},
}
ORDERS: dict[str, tuple[list[str], Any]] = {
    "order_event": (["--order-event", "pay"], "pay"),
    "visit_event": (["--visit-event", "visit"], "visit"),
    "first_days": (["--first-days", "2,5"], [2, 5]),
    "repeat_days": (["--repeat-days", "10"], 10),
    "clock": (["--clock", "calendar"], "calendar"),
    "merge_days": (["--merge-days"], True),
    "horizon": (["--horizon", "30"], 30),
    "period": (["--period", "week"], "week"),
    "costs": (["--costs", "costs.csv"], "costs.csv"),
    "margin": (["--margin", "0.4"], 0.4),
    "by": (["--by", "channel"], "channel"),
    **{name: COHORT[name] for name in ("start_event", "lookback", "confidence")},
}
RFM: dict[str, tuple[list[str], Any]] = {
    "order_event": ORDERS["order_event"],
    "merge_days": ORDERS["merge_days"],
    "r_cuts": (["--r-cuts", "7,30,90,180"], [7, 30, 90, 180]),
    "f_cuts": (["--f-cuts", "1,2,3,5"], [1, 2, 3, 5]),
    "m_cuts": (["--m-cuts", "9.5,20,50,100"], [9.5, 20, 50, 100]),
    "compare_to": (["--compare-to", "2024-01-01"], "2024-01-01"),
    "roster": (["--roster", "buyers.csv"], "buyers.csv"),
    "hash_key": CHURN["hash_key"],
    **{name: COHORT[name] for name in ("by", "confidence")},
}
LTV: dict[str, tuple[list[str], Any]] = {
    "order_event": ORDERS["order_event"],
    "model": (["--model", "mbg"], "mbg"),
    "horizon": (["--horizon", "26w"], "26w"),
    "holdout": (["--holdout", "30d"], "30d"),
    "orders_only": (["--orders-only"], True),
    "parameters": (["--parameters", "0.2,4,0.8,2.4"], [0.2, 4, 0.8, 2.4]),
    "spend": (["--spend", "6,3.7,15"], [6, 3.7, 15]),
    **{name: ORDERS[name] for name in ("period", "costs", "margin")},
    "roster": (["--roster", "buyers.csv"], "buyers.csv"),
    "hash_key": CHURN["hash_key"],
    **{name: COHORT[name] for name in ("by", "confidence")},
}
RENEWALS: dict[str, tuple[list[str], Any]] = {
    "leave_event": CHURN["leave_event"],
    "period": (["--period", "year"], "year"),
    "horizon": (["--horizon", "5"], 5),
    "holdout": (["--holdout", "2"], 2),
    "parameters": (["--parameters", "0.7,1.2"], [0.7, 1.2]),
    **{name: COHORT[name] for name in ("return_event", "by", "confidence")},
}
# What a parameter makes sense with only.
TOGETHER = {
    "costs": {"by": ORDERS["by"]},  # as the file has it
    "margin": {"costs": ORDERS["costs"], "by": ORDERS["by"]},
    "inactive_days": {"definition": (["--definition", "inactivity"], "inactivity")},
    "hash_key": {"roster": CHURN["roster"]},
}
SOURCE: dict[str, tuple[list[str], Any]] = {
    **{
        f"{role}_col": ([f"--{role}-col", "x"], "x")
        for role in (
            *("member", "time", "event", "amount", "order"),
            *("joined", "left", "reason"),
        )
    },
    "nobody": (["--nobody", "test", "--nobody", "9"], ["test", "9"]),
    "normalize_ids": (["--normalize-ids"], True),
    "members": (["--members", "members.csv"], "members.csv"),
    "where": (["--where", "x > 1"], "x > 1"),
    "dedupe": (["--dedupe", "exact"], "exact"),
    "since": (["--since", "2024-01-01"], "2024-01-01"),
    "until": (["--until", "2024-02-01"], "2024-02-01"),
    "as_of": (["--as-of", "2024-03-01"], "2024-03-01"),
    "tz": (["--tz", "Asia/Shanghai"], "Asia/Shanghai"),
    "week_start": (["--week-start", "sunday"], "sunday"),
    "naive_tz": (["--naive-tz", "UTC"], "UTC"),
    "day_first": (["--month-first"], False),
    "time_format": (["--time-format", "%Y", "--time-format", "%m"], ["%Y", "%m"]),
    "encoding": (["--encoding", "gb18030"], "gb18030"),
    "member_encoding": (["--member-encoding", "big5"], "big5"),
    "separator": (["--separator", "tab"], "tab"),
    "header": (["--no-header"], False),
    "sheet": (["--sheet", "2024"], "2024"),
    "max_columns": (["--max-columns", "50"], 50),
    "max_line": (["--max-line", "1MB"], "1MB"),
    "max_unpacked": (["--max-unpacked", "1GB"], "1GB"),
    "verify": (["--verify"], True),
    "max_rejects": (["--max-rejects", "0.1"], 0.1),
    "rejects": (["--rejects", "refused.csv"], "refused.csv"),
}


ENGINE: dict[str, tuple[list[str], Any]] = {
    "engine": (["--engine", "spark"], "spark"),
    "spark_master": (["--spark-master", "local[2]", "--engine", "spark"], "local[2]"),
    "memory": (["--memory", "2GB"], "2GB"),
    "temp_dir": (["--temp-dir", "."], "."),
}


FRAMES = {"pd": pd, "pl": pl, "pa": pa}  # what annotations of inputs name


class Asked(Exception):  # noqa: N818 - carries what would have been run
    """What reached the engine."""

    def __init__(
        self, params: object, inputs: object, options: SourceOptions, engine: EngineOptions
    ) -> None:
        self.params, self.inputs, self.options = params, inputs, options
        self.engine = engine


@dataclass(frozen=True)
class Twin:
    """A command and its Python function."""

    command: Callable[..., None]
    function: Callable[..., object]
    params: type
    values: dict[str, tuple[list[str], Any]]
    steps: str | None = None  # what a funnel cannot do without
    other_flags: frozenset[str] = frozenset()

    def default(self) -> Any:
        return self.params(**({} if self.steps is None else {"steps": ("a", "b")}))

    @property
    def name(self) -> str:
        return self.function.__name__

    def by_flags(self, flags: list[str]) -> Asked:
        if self.steps is not None and "--steps" not in flags:
            flags = [*flags, "--steps", self.steps]
        with stopped_at_the_engine():
            done = CliRunner().invoke(app, [self.name, "events.csv", *flags])
        assert isinstance(done.exception, Asked), done.output
        return done.exception

    def by_keywords(self, **keywords: Any) -> Asked:
        if self.steps is not None:
            keywords = {"steps": self.steps, **keywords}
        with stopped_at_the_engine(), pytest.raises(Asked) as asked:
            self.function("events.csv", **keywords)
        return asked.value


TWINS = (
    Twin(cohort_command, retainkit.cohort, CohortParams, COHORT),
    Twin(churn_command, retainkit.churn, ChurnParams, CHURN),
    Twin(
        *(funnel_command, retainkit.funnel, FunnelParams, FUNNEL),
        steps="a > b",
        other_flags=frozenset({"step"}),
    ),
    Twin(orders_command, retainkit.orders, OrdersParams, ORDERS),
    Twin(paths_command, retainkit.paths, PathsParams, PATHS),
    Twin(ltv_command, retainkit.ltv, LtvParams, LTV),
    Twin(renewals_command, retainkit.renewals, RenewalsParams, RENEWALS),
    Twin(rfm_command, retainkit.rfm, RfmParams, RFM),
    Twin(retention_command, retainkit.retention, RetentionParams, RETENTION),
)
BOTH = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
EACH = pytest.mark.parametrize(
    ("twin", "name"),
    [(twin, name) for twin in TWINS for name in {**twin.values, **SOURCE}],
    ids=lambda value: getattr(value, "name", value),
)


@pytest.fixture(autouse=True)
def what_parameters_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put in place the file and the key that parameters name."""
    monkeypatch.chdir(tmp_path)
    taxonomy = '[[category]]\nname = "cost"\nkeywords = ["price"]\n'
    Path("reasons.toml").write_text(taxonomy, encoding="utf-8")
    Path("costs.csv").write_text("period,channel,cost\n2024-01,a,5\n", encoding="utf-8")
    monkeypatch.setenv("RETAINKIT_TEST_KEY", "0123456789abcdef")


def stopped_at_the_engine() -> ExitStack:
    def run(
        requests: Any, inputs: Any, options: SourceOptions, *, engine: EngineOptions, **_: Any
    ) -> None:
        raise Asked(requests[0].params, list(inputs), options, engine)

    stack = ExitStack()
    stack.enter_context(mock.patch("retainkit.engine.run", run))
    stack.enter_context(mock.patch("retainkit.answers.run", run))
    return stack


def names(items: Any) -> set[str]:
    return {item.name for item in fields(items)}


def choices(hint: Any) -> frozenset[Any]:
    """Return the words that a type lets one choose from, also in lists and options."""
    if get_origin(hint) is Literal:
        return frozenset(get_args(hint))
    return frozenset(word for part in get_args(hint) for word in choices(part))


def offered(flag: Any) -> frozenset[Any]:
    """Return the words that a flag lets one choose from: by its type, or as its help says."""
    hint, option = get_args(flag)
    said = (option.metavar or "").split("|")
    return choices(hint) or frozenset(said if len(said) > 1 else ())


def own_parameters(function: Callable[..., object], shared: set[str]) -> set[str]:
    return set(inspect.signature(function).parameters) - shared


@BOTH
def test_flags_parameters_and_keywords_have_the_same_names(twin: Twin) -> None:
    assert own_parameters(
        twin.command, {"source", "how", "out", "chart", *twin.other_flags}
    ) == names(twin.params)
    assert own_parameters(twin.function, {"events", "source"}) == names(twin.params)
    assert set(twin.values) == names(twin.params)


def test_inspect_takes_the_same_by_flag_and_by_keyword() -> None:
    flags, keywords = (
        inspect.signature(each).parameters for each in (inspect_command, retainkit.inspect)
    )
    assert set(flags) - {"source", "out"} == set(keywords) - {"events", "source"} == {"top"}
    assert flags["top"].default == keywords["top"].default


PLACES = {"lock_timeout", "follow_symlinks"}  # of files that a shell names


def test_check_and_snapshot_take_the_same_by_flag_and_by_keyword() -> None:
    for command, function, of_the_command, of_python in (
        (check_command, retainkit.check, {"how", "out", "undecided", "junit", "ci"}, {"metrics"}),
        (snapshot_command, retainkit.snapshot, {"how", "quiet"} | PLACES, {"metrics"}),
        (report_command, retainkit.report, {"how", "quiet", "undecided"} | PLACES, {"metrics"}),
    ):
        flags, keywords = (inspect.signature(each).parameters for each in (command, function))
        own = set(flags) - {"source"} - of_the_command
        assert own == set(keywords) - {"events", "source"} - of_python
        for name in own - {"rule", "metric", "by", "output"}:
            assert flags[name].default == keywords[name].default


def test_ingest_takes_the_same_by_flag_and_by_keyword() -> None:
    flags, keywords = (
        inspect.signature(each).parameters for each in (ingest_command, retainkit.ingest)
    )
    own = set(flags) - {"source", "quiet"} - PLACES
    assert own == set(keywords) - {"events", "source"} == {"output", "snapshots", "rebuild"}
    for name in own - {"output"}:
        assert flags[name].default == keywords[name].default


def test_shared_flags_options_and_keywords_have_the_same_names() -> None:
    flags = set(SourceFlags.__annotations__) - {"sources"}
    assert (
        flags == names(SourceOptions) == set(answers.SourceKeywords.__annotations__) == set(SOURCE)
    )


def test_engine_flags_options_and_keywords_have_the_same_names() -> None:
    flags = set(EngineFlags.__annotations__) - {"verbose"}
    keywords = set(answers.Keywords.__annotations__) - set(answers.SourceKeywords.__annotations__)
    assert flags == names(EngineOptions) == keywords == set(ENGINE)


@BOTH
def test_defaults_are_the_same(twin: Twin) -> None:
    by_flags, by_keywords = twin.by_flags([]), twin.by_keywords()
    assert by_flags.params == by_keywords.params == twin.default()
    assert by_flags.options == by_keywords.options == SourceOptions()
    assert by_flags.engine == by_keywords.engine == EngineOptions()
    assert by_flags.inputs == by_keywords.inputs == ["events.csv"]


@EACH
def test_a_flag_and_a_keyword_ask_the_same(twin: Twin, name: str) -> None:
    flags, value = {**SOURCE, **twin.values}[name]
    more = {also: its for also, its in TOGETHER.get(name, {}).items() if also in twin.values}
    flags = [*flags, *(flag for also, _ in more.values() for flag in also)]
    keywords = {also: its for also, (_, its) in more.items()}
    by_flags, by_keywords = twin.by_flags(flags), twin.by_keywords(**{name: value, **keywords})
    assert by_flags.params == by_keywords.params
    assert by_flags.options == by_keywords.options
    assert (by_flags.params, by_flags.options) != (twin.default(), SourceOptions())


@pytest.mark.parametrize("name", ENGINE)
@BOTH
def test_an_engine_flag_and_a_keyword_ask_the_same(twin: Twin, name: str) -> None:
    flags, value = ENGINE[name]
    more = {"engine": "spark"} if name == "spark_master" else {}
    by_flags, by_keywords = twin.by_flags(flags), twin.by_keywords(**{name: value, **more})
    assert by_flags.engine == by_keywords.engine != EngineOptions()
    assert (by_flags.params, by_flags.options) == (twin.default(), SourceOptions())


@BOTH
def test_choices_are_the_same(twin: Twin) -> None:
    flags = get_type_hints(twin.command, include_extras=True)
    keywords = get_type_hints(twin.function, localns=FRAMES)
    for name, hint in get_type_hints(twin.params).items():
        assert choices(hint) == choices(keywords[name]) == offered(flags[name]), name


def test_shared_choices_are_the_same() -> None:
    options, keywords = (
        get_type_hints(kind, localns=FRAMES) for kind in (SourceOptions, answers.SourceKeywords)
    )
    flags = get_type_hints(SourceFlags, include_extras=True)
    for name, hint in options.items():
        assert choices(hint) == choices(keywords[name]) == offered(flags[name]), name
