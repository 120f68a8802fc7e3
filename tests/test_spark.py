"""Spark gives the Result of one machine, to the last digit. Runs real PySpark where Java is."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from retainkit.demo.write import write_demo
from retainkit.engine import EngineOptions, Journal, Request, run
from retainkit.engine.spark.ledger import Ledger
from retainkit.engine.spark.session import session
from retainkit.engine.spark.tasks import Count, Shipment
from retainkit.engine.spark.travel import arrived, outward
from retainkit.errors import RetainkitError, UsageError
from retainkit.metrics.base import Metric, Summary
from retainkit.metrics.churn import CHURN, ChurnParams
from retainkit.metrics.cohort import COHORT, CohortParams
from retainkit.metrics.retention import RETENTION, RetentionParams
from retainkit.periods import Calendar, Window
from retainkit.results import Result
from retainkit.selectors import ANY
from retainkit.sources import Input, SourceOptions
from retainkit.timeline import Needs, Packing, Timeline, first_of_each
from test_engine import REQUESTS, Watch, shop
from test_online_retail import CDNOW, COMMITS, RETAIL

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ABSENT = [
    *(["Java"] if shutil.which("java") is None else []),
    *(["PySpark"] if importlib.util.find_spec("pyspark") is None else []),
]
pytestmark = pytest.mark.skipif(
    bool(ABSENT), reason=f"Spark is not tested: no {' and no '.join(ABSENT)}"
)

SPARK = EngineOptions(engine="spark")
SUFFIXES = [("csv", True), ("parquet", False)]
WEEKS = [Request(COHORT, CohortParams(period="week"))]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with session("local[2]") as own:
        yield own


@pytest.fixture(autouse=True)
def shared(spark: SparkSession) -> None:
    """Runs use the session that is there."""


def both(
    inputs: Sequence[Input],
    options: SourceOptions | None = None,
    requests: Sequence[Request] = WEEKS,
    **how: Any,
) -> list[Result]:
    """Return the Results of one machine, which are those of Spark."""
    options = options or SourceOptions()
    local = run(requests, inputs, options)
    for one, other in zip(local, run(requests, inputs, options, engine=SPARK, **how), strict=True):
        for field in fields(Result):
            if field.name not in ("tables", "notes"):
                assert getattr(one, field.name) == getattr(other, field.name), field.name
        assert one.notes == other.notes
        for name in one.tables:
            assert one.tables[name].equals(other.tables[name]), (one.command, name)
    return local


def faults(
    inputs: Sequence[Input], requests: Sequence[Request] = WEEKS, **stated: Any
) -> list[str]:
    """Return what one machine and Spark have to say of a source that cannot be used."""
    said = []
    for engine in (EngineOptions(), SPARK):
        with pytest.raises(RetainkitError) as told:
            run(requests, inputs, SourceOptions(**stated), engine=engine)
        said.append(str(told.value))
    return said


@pytest.mark.parametrize(
    ("suffix", "text", "each"),
    [
        *(pytest.param(*asked, 1, marks=pytest.mark.long) for asked in SUFFIXES),
        (*SUFFIXES[0], 6),
    ],
)
def test_a_shop_with_a_member_table(tmp_path: Path, suffix: str, text: bool, each: int) -> None:
    events, members = shop(7, text)
    path, table = tmp_path / f"events.{suffix}", tmp_path / f"members.{suffix}"
    for frame, at in ((events, path), (members, table)):
        frame.write_parquet(at) if suffix == "parquet" else frame.write_csv(at)
    journal, watch = Journal(), Watch()
    options = SourceOptions(members=table, tz="Asia/Shanghai")
    results = both([path], options, REQUESTS[::each], journal=journal, partitions=5, progress=watch)
    assert watch.seen == events.height
    assert journal.facts["partitions"] == "5 of members"
    assert any(note.startswith("Member table") for note in results[0].notes)


@pytest.mark.long
def test_a_parameter_is_found_in_the_data(tmp_path: Path) -> None:
    events, members = shop(19, True)
    events.write_parquet(tmp_path / "events.parquet")
    request = Request(CHURN, ChurnParams(definition="inactivity", by=("tier",)))
    (result,) = both([tmp_path / "events.parquet"], SourceOptions(members=members), [request])
    assert isinstance(result.params["inactive_days"], int)
    assert any("was found in the data" in note for note in result.notes)


def test_a_roster_is_written_by_one_machine() -> None:
    request = Request(CHURN, ChurnParams(roster="lost.csv"))
    with pytest.raises(UsageError, match="--roster is for --engine local"):
        run([request], [shop(7, True)[0]], SourceOptions(), engine=SPARK)


@pytest.mark.long
def test_files_that_differ_are_one_export(tmp_path: Path) -> None:
    folder = tmp_path / "渠道=微信 [a]*"
    folder.mkdir()
    chinese = {"用户ID": ["1", "2", "", "无"], "时间": ["2024-03-01 08:00:00"] * 4}
    pl.DataFrame({**chinese, "渠道": ["b", None, "b", "c"]}).write_csv(tmp_path / "1.csv")
    pl.DataFrame({**chinese, "金额": ["1.5", "", "x", "2"]}).select(
        "金额", "时间", "用户ID"
    ).write_csv(folder / "2.csv", separator=";", quote_style="always")
    pl.DataFrame(
        {"时间": ["2024-03-09", "nie"], "用户ID": [1, 3], "ID": [1, 2], "id": [3, 4]}
    ).write_parquet(tmp_path / "3.parquet")
    pl.DataFrame({"时间": ["2024-03-20"], "用户ID": [1.0], "金额": [None]}).write_parquet(
        folder / "4.parquet"
    )
    params = CohortParams(period="week", measure="amount", by=("渠道",))
    (result,) = both([tmp_path], SourceOptions(max_rejects=1.0), [Request(COHORT, params)])
    assert result.data.refused == {"no member": 4, "unreadable time": 1}
    assert result.data.rows_read == 11


CELLS = {
    "plain": "ann,2024-03-01,a\nbob,2024-03-08,\n\n",
    "lines": 'ann,2024-03-09,"a\nb"\nbob,2024-03-10,"c\r\nd"\ncy,2024-03-11,"e ""f"""\n',
    "blanks": "  \nann,2024-03-01, a \n , , \n",
    "windows": 'ann,2024-03-02,"a"\r\n\r\n"bob",2024-03-17,b\r\n',
    "return": "ann,2024-03-02,a\rb\nbob,2024-03-18,c\n",
    "short": "ann\nann,2024-03-02\nann,2024-03-03,a,,\n,,\n",
    "quotes": 'ann,2024-03-02,a "b" c\n"",2024-03-02,"#"\n',
    "sign": "#ann,2024-03-02,\ufffd\n",
    "no end": "ann,2024-03-12,\\",
}


@pytest.mark.long
def test_cells_of_any_kind(tmp_path: Path) -> None:
    folder = tmp_path / "a%20 b [微]"
    folder.mkdir()
    for name, rows in CELLS.items():
        (folder / f"{name}.csv").write_bytes(f"user_id,event_time,channel\n{rows}".encode())
    (folder / "top.csv").write_bytes(b"  \n\nuser_id,event_time\nann,2024-05-01\n")
    (folder / "mark.csv").write_bytes(b"\xef\xbb\xbfuser_id,event_time\nann,2024-04-01\n")
    request = Request(COHORT, CohortParams(period="day", by=("channel",)))
    both([tmp_path], SourceOptions(max_rejects=1.0), [request])


def test_a_text_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "events.tsv"
    path.write_text("ann\t2024-03-01\t1\nbob\t2024-03-09\n\nann\t2024-03-20\t,\n")
    named = SourceOptions(header=False, member_col="column_1", time_col="column_2")
    (result,) = both([path], named)
    assert result.data.rows == 3


@pytest.mark.long
def test_cells_are_not_read_with_more_patience_than_elsewhere(tmp_path: Path) -> None:
    for rows in ('ann,"2024-03-01"x\n', "ann,\udcff\n"):
        path = tmp_path / "events.csv"
        path.write_bytes(b"user_id,event_time\n" + b"bob,2024-03-01\n" * 100_000)
        with path.open("ab") as file:
            file.write(rows.encode(errors="surrogateescape"))
        local, spark = faults([path])
        assert re.sub(", line [0-9,]+", "", local) == re.sub(", line [0-9,]+", "", spark)


def test_what_is_no_row_is_none_on_spark(tmp_path: Path) -> None:
    rows = b"user_id,event_time\n" + b"bob,2024-03-01\nann\n" * 1_000
    for name, data in (
        ("a.csv", rows),
        ("b.csv", rows + b"bob,2024-03-02,x\n"),
        ("c.csv", b"An export\n\n" + rows + b"Total rows: 7\n"),
        ("d.csv", b"sep=;\n" + rows.replace(b",", b";") + b'"ann\nx";2024-03-02\n'),
    ):
        (tmp_path / name).write_bytes(data)
    (told,) = both(sorted(tmp_path.iterdir()), SourceOptions(max_rejects=1))
    assert told.data.refused == {"long row": 1, "footer": 1, "no time": 4_000}
    assert sum("cells than the header" in note for note in told.notes) == 2


def test_a_cluster_does_not_go_through_lines_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retainkit.engine.spark.session.is_here", lambda master: False)
    path = tmp_path / "events.csv"
    path.write_bytes(b"user_id,event_time\n" + b"bob,2024-03-01\nann\n" * 1_000)
    (told,) = run(WEEKS, [path], SourceOptions(max_rejects=1), engine=SPARK)
    assert sum("The lines of CSV were not gone through" in note for note in told.notes) == 1
    path.write_bytes(path.read_bytes() + b"bob,2024-03-02,x\n")
    with pytest.raises(RetainkitError, match="more cells than"):
        run(WEEKS, [path], SourceOptions(max_rejects=1), engine=SPARK)


@pytest.mark.long
def test_what_spark_reads_only_from_a_copy(tmp_path: Path) -> None:
    rows = {"user_id": ["ann", "bob"], "event_time": ["2024-03-01", "2024-03-20"]}
    frame = pl.DataFrame(rows)
    frame.write_ndjson(tmp_path / "a.ndjson")
    frame.write_csv(tmp_path / "_b.csv")
    frame.write_csv(tmp_path / "c.csv.gz.txt")
    (tmp_path / "d.txt").write_text(frame.write_csv(separator=" "), encoding="utf-16")
    (tmp_path / "c.csv.gz.txt").rename(tmp_path / "c.csv.gz")
    paths = [tmp_path / name for name in ("a.ndjson", "_b.csv", "c.csv.gz", "d.txt")]
    (result,) = both([*paths, frame, frame.lazy(), frame.to_arrow()])
    assert result.data.rows == 14


def test_remote_executors_are_sent_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retainkit.engine.spark.reading.is_local", lambda spark: False)
    (tmp_path / "a.ndjson").write_text('{"user_id": 1, "event_time": "2024-03-01"}\n')
    with pytest.raises(RetainkitError, match=r"a\.ndjson' is nothing that Spark"):
        run(WEEKS, [tmp_path / "a.ndjson"], SourceOptions(), engine=SPARK)


IDS = [pl.UInt8, pl.UInt32, pl.UInt64, pl.Int8, pl.Float32, pl.Categorical, pl.Decimal(9, 1)]
TIMES = [
    pl.Datetime("ns"),
    pl.Datetime("ms", "Asia/Shanghai"),
    pl.Datetime("ns", "UTC"),
    pl.Date,
    pl.Int64,
    pl.Datetime("us"),
    "INT96",
]


@pytest.mark.parametrize(("ids", "times"), list(zip(IDS, TIMES, strict=True)))
@pytest.mark.long
def test_types_of_parquet(tmp_path: Path, ids: Any, times: Any) -> None:
    import pyarrow.parquet as pq

    stamps = pl.Series([1_700_000_000_123_456, 1_702_000_000_000_000, None, -1]).cast(
        pl.Datetime("us")
    )
    if times == pl.Int64:
        stamps = stamps.dt.epoch("ms")
    old = times == "INT96"
    frame = pl.DataFrame({"user_id": [1, 2, 2, None]}).select(
        pl.col("user_id").cast(pl.String if ids == pl.Categorical else ids).cast(ids),
        time=stamps.cast(pl.Datetime("ns") if old else times),
        amount=pl.Series([1, 2, 3, 4], dtype=pl.UInt16),
        none=None,
        clock=pl.time(1, 2, 3),
    )
    path = tmp_path / "events.parquet"
    pq.write_table(frame.to_arrow(), path, use_deprecated_int96_timestamps=old, version="2.6")
    both([path], requests=[Request(COHORT, CohortParams(period="day", measure="amount"))])


@pytest.mark.long
def test_refused_and_left_out_rows_are_counted_alike(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "user_id,event_time\na,2024-01-02\n,2024-01-03\nb,never\nc,2024-02-01\nd,2023-01-01\n"
        "e,0000-00-00\nf,\n"
    )
    stated: dict[str, Any] = {"since": "2024-01-01", "as_of": "2024-02-01"}
    (result,) = both([path], SourceOptions(max_rejects=1.0, **stated))
    assert result.data.rows == 1
    assert sum(result.data.refused.values()) == 4
    local, spark = faults([path], **stated)
    assert "4 of 7 rows cannot be used" in local
    assert local == spark


@pytest.mark.long
def test_row_groups_outside_the_window_are_counted_alike(tmp_path: Path) -> None:
    events, _ = shop(7, False)
    events.sort("time").write_parquet(tmp_path / "events.parquet", row_group_size=20)
    options = SourceOptions(since="2024-01-01", until="2024-02-01")
    (result,) = both([tmp_path / "events.parquet"], options)
    assert result.data.left_out.keys() == {"before --since", "at or after --until"}


def test_nothing_used_is_a_result_too(tmp_path: Path) -> None:
    events, members = shop(3, True)
    events.clear().write_parquet(tmp_path / "none.parquet")
    both([tmp_path / "none.parquet"], requests=REQUESTS[2:4])
    options = SourceOptions(until="2000-01-01", as_of="2024-01-01", members=members)
    both([events], options, REQUESTS[5:6])


def test_errors_of_tasks_are_those_of_one_machine(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    last = pl.row_index() == 2999
    times = pl.when(last).then(pl.lit("2024-01-01T00:00Z")).otherwise(pl.lit("2024-01-01"))
    ids = pl.when(last).then(pl.lit("x")).otherwise(pl.lit("1"))
    rows = pl.DataFrame({"order": range(3000)}).with_columns(
        event_time=pl.lit("2024-01-01"), user_id=pl.lit("1"), amount=1e14
    )
    rows.with_columns(event_time=times).write_parquet(path)
    local, spark = faults([path])
    assert re.sub(r" \(row [0-9,]+ is the first to differ\)", "", local) == spark
    rows.with_columns(user_id=ids).write_parquet(path)
    local, spark = faults([path], where="CAST(SUBSTR(user_id, 1) AS INT) > 0")
    assert local.partition(" for 1 ")[0] == spark.partition(" for 1 ")[0]
    rows.write_parquet(path)
    local, spark = faults([path], requests=[Request(COHORT, CohortParams(measure="amount"))])
    assert "too large" in local
    assert local == spark


@pytest.mark.parametrize("source", ["demo", "retail", "commits", "cdnow"])
@pytest.mark.long
def test_data_sets_of_the_repository(tmp_path: Path, source: str) -> None:
    requests = [
        Request(COHORT, CohortParams(period="month", mode="within")),
        Request(RETENTION, RetentionParams(days=(1, 7, 30), cohort="month")),
    ]
    spend = Request(COHORT, CohortParams(measure="amount"))
    if source == "demo":
        shop = write_demo(tmp_path, members=300)
        options = SourceOptions(members=shop.members, tz="Asia/Shanghai")
        both([shop.events], options, [*requests, spend])
    elif source == "retail":
        options = SourceOptions(amount_col="Quantity * UnitPrice", where="InvoiceNo NOT LIKE 'C%'")
        both([RETAIL], options, [*requests, spend])
    elif source == "commits":
        both([COMMITS], SourceOptions(time_col="author_time", tz="America/New_York"), requests)
    else:
        options = SourceOptions(
            header=False, member_col="column_1", time_col="column_3", amount_col="column_5"
        )
        both([CDNOW], options, [*requests, spend])


@pytest.mark.long
def test_a_new_metric_needs_its_tally_and_summary_only(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Nothing:
        pass

    def tally(timeline: Timeline, params: Nothing, window: Window) -> pl.DataFrame:
        new_day = first_of_each(timeline.owner, timeline.period_of(timeline.time, "day"))
        days = pl.DataFrame({"member": timeline.owner[new_day]}).group_by("member").len("days")
        return days.group_by("days").agg(pl.len().alias("members"))

    days = Metric(
        command="days",
        tables=("main",),
        measures=("members",),
        needs=lambda params, joined: Needs(grain="day", selectors=(ANY,)),
        tally=tally,
        summarise=lambda tally, params, window: Summary("Days.", {"main": tally.sort("days")}),
    )
    events, _ = shop(11, False)
    events.write_parquet(tmp_path / "events.parquet")
    both([tmp_path / "events.parquet"], requests=[Request(days, Nothing()), *WEEKS])


def test_a_partition_is_packed_again_where_its_ids_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pl.DataFrame(
        {
            "member": [f"u{i % 40}" for i in range(200)],
            "time": np.arange(200) * 86_400_000_000,
            "marks": pl.Series([1] * 200, dtype=pl.UInt32),
        }
    )
    window = Window(Calendar(), 0, 200 * 86_400_000_000, 201 * 86_400_000_000)
    count = Count(
        asked=tuple(request.asked for request in WEEKS),
        shipment=Shipment(dict(rows.schema), ()),
        needs=WEEKS[0].needs(False),
        calendar=Calendar(),
        window=window,
        listed=False,
        rows=200,
    )
    batches = outward(rows).to_batches(max_chunksize=30)
    tally, members = count.tallies(batches)
    assert members.row(0)[:3] == (0, 0, 40)
    real = Packing.keys

    def weak(packing: Packing, ids: pl.Series) -> Any:
        hashes = real(packing, ids)
        return hashes % np.uint64(4) << np.uint64(62) if packing.seed < 2 else hashes

    monkeypatch.setattr(Packing, "keys", weak)
    again, members = count.tallies(batches)
    assert members.row(0)[:3] == (0, 0, 40)
    assert tally.sort(tally.columns).equals(again.sort(tally.columns))


def test_a_ledger_keeps_tallies_apart() -> None:
    one = pl.DataFrame({"key": ["a", None], "n": pl.Series([2**100, 1], dtype=pl.Int128)})
    other = pl.DataFrame({"day": [1], "x": [2], "y": pl.Series([3], dtype=pl.UInt32)})
    ledger = Ledger.of([one, other], [("n",), ("x", "y")])
    travelled = [arrived(outward(ledger.entries(i, each))) for i, each in enumerate([one, other])]
    both = pl.concat(travelled)
    assert ledger.tally(0, both).equals(one)
    assert ledger.tally(1, both).select(other.columns).equals(other)
    with pytest.raises(TypeError, match="whole numbers"):
        Ledger.of([pl.DataFrame({"n": [1.5]})], [("n",)])


def test_what_spark_does_not_do_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    events, _ = shop(5, False)
    with pytest.raises(UsageError, match="--rejects is for --engine local"):
        run(WEEKS, [events], SourceOptions(rejects="r.csv"), engine=SPARK)
    with pytest.raises(UsageError, match="--dedupe is for --engine local"):
        run(WEEKS, [events], SourceOptions(dedupe="exact"), engine=SPARK)
    elsewhere = EngineOptions(engine="spark", spark_master="spark://nowhere:7077")
    with pytest.raises(UsageError, match="has a Spark session at 'local\\[2\\]' already"):
        run(WEEKS, [events], SourceOptions(), engine=elsewhere)
    monkeypatch.setattr("pyspark.SparkContext._active_spark_context", None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(RetainkitError, match="needs Java, and there is none"):
        run(WEEKS, [events], SourceOptions(), engine=SPARK)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(UsageError, match="pip install 'retainkit\\[spark\\]'"):
        run(WEEKS, [events], SourceOptions(), engine=SPARK)


@pytest.mark.long
def test_a_session_of_its_own_is_quiet(tmp_path: Path) -> None:
    events, _ = shop(5, True)
    events.write_csv(tmp_path / "events.csv")
    program = (
        "from test_spark import *\n"
        f"path = {str(tmp_path / 'events.csv')!r}\n"
        "master = EngineOptions(engine='spark', spark_master='local[1]')\n"
        "options = SourceOptions()\n"
        "(one,) = run(WEEKS, [path], options)\n"
        "(other,) = run(WEEKS, [path], options, engine=master)\n"
        "assert one.main.equals(other.main)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.long
def test_what_is_odd_about_times_and_ids_is_told_alike(tmp_path: Path) -> None:
    odd = ["2024-03-31 02:30", "2024-10-27 02:30", "2999-01-01 00:00", "2024-05-01"]
    rows = [f"u{i},{odd[i % 4]}" for i in range(70)]
    rows += ["till,2024-03-31 03:30"] * 30 + ["７７,2024-05-01", "77,2024-05-01", "pos,2024-05-01"]
    path = tmp_path / "odd.csv"
    path.write_text("user_id,event_time\n" + "\n".join(rows) + "\n", encoding="utf-8")
    stated = {"tz": "Europe/Berlin", "normalize_ids": True, "nobody": ("POS",)}
    (result,) = both([path], SourceOptions(**stated), WEEKS[:1])
    assert result.data.refused == {"no member": 1}
    notes = " ".join(result.notes)
    for words in ("do not exist in", "exist twice in", "lie after today", "One id has 29.4%"):
        assert words in notes
