"""JSON, CSV and Parquet: everything, to the last digit."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from pathlib import PurePath

import polars as pl
import pyarrow.parquet as pq
import pytest
import render_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retainkit.errors import UsageError
from retainkit.render import FORMATS, RenderOptions, format_of, render_bytes, render_text
from retainkit.render.views import VIEWS
from retainkit.results import Result

WRITTEN = [name for name, known in FORMATS.items() if not known.picture]
FLOATS = st.floats() | st.just(0.1 + 0.2) | st.none()


def with_main(main: pl.DataFrame) -> Result:
    return replace(samples.timed(), tables={"main": main})


def test_json_has_the_keys_of_retainkit_1() -> None:
    told = json.loads(render_text(samples.plain_cohort(), "json"))
    assert list(told) == ["format", "command", "definition", "params", "data", "notes", "tables"]
    assert told["format"] == "retainkit/1"
    assert told["params"] | {"period": "month", "by": [], "lookback": None} == told["params"]
    assert told["data"] == {
        "rows": 397_924,
        "members": 4_339,
        "first": "2010-12-01T08:26:00+00:00",
        "last": "2011-12-09T12:50:00+00:00",
        "as_of": "2011-12-10T00:00:00+00:00",
        "tz": "UTC",
        "refused": 135_080,
        "refused_by_reason": {"no member": 135_080},
        "left_out": {"--where": 8_905},
        "rows_read": 541_909,
    }
    assert list(told["tables"]) == ["main", "pooled"]
    assert list(told["tables"]["main"][0]) == samples.plain_cohort().main.columns
    assert told["tables"]["main"][0]["cohort"] == "2010-12-01"


def test_json_of_hours_and_odd_numbers() -> None:
    text = render_text(samples.timed(), "json")
    rows = json.loads(text)["tables"]["main"]
    assert rows[0]["at"] == "2024-02-29T08:30:00+08:00"
    assert [row["share"] for row in rows] == [0.1 + 0.2, None, None, 1e-7]
    assert rows[1]["day"] is None
    assert "é" in text
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")


def test_json_of_no_rows_is_empty_tables() -> None:
    told = json.loads(render_text(samples.empty_cohort(), "json"))
    assert told["tables"] == {"main": [], "pooled": []}
    assert told["data"]["first"] is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(), FLOATS, st.none() | st.integers(-(2**63), 2**63 - 1))))
def test_json_gives_back_every_value(rows: list[tuple[str, float | None, int | None]]) -> None:
    schema = {"text": pl.String, "share": pl.Float64, "count": pl.Int64}
    rows = [(text.encode(errors="replace").decode(), *rest) for text, *rest in rows]
    told = json.loads(render_text(with_main(pl.DataFrame(rows, schema, orient="row")), "json"))
    finite = [(t, s if s is not None and math.isfinite(s) else None, c) for t, s, c in rows]
    assert [tuple(row.values()) for row in told["tables"]["main"]] == finite


def test_json_tells_any_parameter_and_survives_names_that_are_not_text() -> None:
    params = {
        "since": date(2024, 1, 1),
        "as_of": datetime(2024, 1, 2, tzinfo=UTC),
        "nested": {"days": (1, 7)},
        "confidence": float("nan"),
        "path": PurePath("a") / "b",
    }
    made = replace(samples.timed(), params=params, notes=("file \udc80 read",))
    told = json.loads(render_bytes(made, "json"))
    assert told["params"] == {
        "since": "2024-01-01",
        "as_of": "2024-01-02T00:00:00+00:00",
        "nested": {"days": [1, 7]},
        "confidence": None,
        "path": "a/b",
    }
    assert told["notes"] == ["file ? read"]


def test_csv_is_plain_and_exact() -> None:
    assert render_text(samples.timed(), "csv").splitlines() == [
        "name,day,at,share,rows,kept",
        "=cmd,2024-02-29,2024-02-29T08:30:00+08:00,0.30000000000000004,1,true",
        "-2+3,,,,2000000,false",
        "plain,1999-12-31,,,,",
        ",2024-01-01,,1e-7,0,true",
    ]


def test_csv_gives_back_the_table() -> None:
    made = samples.segment_cohort()
    read = pl.read_csv(StringIO(render_text(made, "csv")), schema=made.main.schema)
    assert_frame_equal(read, made.main)


@pytest.mark.parametrize("format_name", WRITTEN)
def test_column_names_that_polars_takes_for_patterns_are_names(format_name: str) -> None:
    main = pl.DataFrame({"*": ["=a"], "^.*$": [math.nan], "at": [datetime(2024, 1, 1, tzinfo=UTC)]})
    rendered = render_bytes(with_main(main), format_name, RenderOptions(excel_safe=True))
    if format_name == "csv":
        assert rendered.decode() == "*,^.*$,at\n'=a,,2024-01-01T00:00:00+00:00\n"
    if format_name == "parquet":
        assert pl.read_parquet(BytesIO(rendered)).columns == main.columns


def test_csv_of_another_table() -> None:
    text = render_text(samples.plain_cohort(), "csv", table="pooled")
    assert text.startswith("age,cohorts,size,returned,rate,ci_low,ci_high\n")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_for_spreadsheets_defuses_formulas_in_text_only(start: str) -> None:
    made = with_main(pl.DataFrame({f"{start}name": [f"{start}1", "a=b"], "change": [-0.5, 0.5]}))
    rows = render_text(made, "csv", RenderOptions(excel_safe=True)).split("\n")
    cells = [row.replace('"', "") for row in rows]
    assert cells == [f"'{start}name,change", f"'{start}1,-0.5", "a=b,0.5", ""]


def test_parquet_holds_the_table_and_what_it_means() -> None:
    made = samples.timed()
    data = render_bytes(made, "parquet")
    read = pl.read_parquet(BytesIO(data))
    assert read.drop("share").equals(made.main.drop("share"))
    assert read["share"].to_list() == [0.1 + 0.2, None, None, 1e-7]
    metadata = pq.read_metadata(BytesIO(data))
    assert metadata.row_group(0).column(0).compression == "ZSTD"
    told = json.loads(metadata.metadata[b"retainkit"])
    assert told["definition"] == made.definition
    assert "tables" not in told


@pytest.mark.parametrize("format_name", ["parquet", "png"])
def test_bytes_are_not_text(format_name: str) -> None:
    with pytest.raises(UsageError, match=f"{format_name} is not text"):
        render_text(samples.plain_cohort(), format_name)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_table_that_is_not_there_is_named(format_name: str) -> None:
    with pytest.raises(UsageError, match=r"no table 'pooed'; it has main, pooled.*'pooled'"):
        render_bytes(samples.plain_cohort(), format_name, table="pooed")


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("csv", "csv"),
        ("out/report.MD", "markdown"),
        ("a.b.html", "html"),
        (PurePath("x.parquet"), "parquet"),
        ("x.txt", "table"),
        ("out/picture.SVG", "svg"),
        ("x.png", "png"),
    ],
)
def test_formats_go_by_name_or_suffix(name: str | PurePath, format_name: str) -> None:
    assert format_of(name) == format_name


def test_unknown_formats_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="Did you mean 'markdown'") as told:
        format_of("markdwon")
    assert ".parquet" in str(told.value)
    assert "html" in str(told.value)


def test_every_text_ends_with_one_newline() -> None:
    for name, known in FORMATS.items():
        if not known.binary:
            text = render_text(samples.plain_cohort(), name)
            assert text == text.rstrip("\n") + "\n"


def test_views_are_of_commands() -> None:
    assert {"churn", "cohort", "retention"} <= set(VIEWS)


def test_machines_pay_for_no_drawing() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import render_samples as s; "
        "from retainkit.render import render_text; made = s.plain_cohort(); "
        "render_text(made, 'json'); render_text(made, 'csv'); "
        "print(sorted({'rich', 'jinja2', 'pyarrow', 'vl_convert'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(PurePath(__file__).parent)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
