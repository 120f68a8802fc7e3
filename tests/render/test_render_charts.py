"""Pictures: what is in them, that data stays data, and what is said where there is none."""

from __future__ import annotations

import json
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import churn_samples
import funnel_samples
import orders_samples
import paths_samples
import polars as pl
import pytest
import render_samples as samples
import renewals_samples
import trend_samples
import vl_convert

from retainkit.errors import OutputError, UsageError
from retainkit.render import render_bytes, render_chart, render_text
from retainkit.render.charts import PICTURES, check_picture, spec_of
from retainkit.render.charts.convert import converted
from retainkit.results import Result

NAMES = (*samples.HOSTILE, "q\"uo'te\\", "${x}", "datum.x", "https://example.com/a.png")
LONG = "very long " * 200
ONE = {
    "churn": churn_samples.churn(people=200),
    "cohort": samples.plain_cohort(),
    "funnel": funnel_samples.funnel(["app", "web"], people=4_000),
    "paths": paths_samples.paths(["app", "web"], people=400),
    "orders": orders_samples.orders(),
    "ltv": orders_samples.ltv(),
    "rfm": orders_samples.rfm(),
    "renewals": renewals_samples.renewals(),
    "retention": samples.retention(),
    "trend": trend_samples.trend(),
}
BY_SEGMENT = {
    "churn": churn_samples.churn(NAMES, people=60),
    "cohort": samples.segment_cohort(NAMES),
    "funnel": funnel_samples.funnel(NAMES, people=4_000),
    "paths": paths_samples.paths(NAMES, people=300),
    "orders": orders_samples.orders(NAMES),
    "ltv": orders_samples.ltv(NAMES),
    "rfm": orders_samples.rfm(NAMES),
    "renewals": renewals_samples.renewals(NAMES, holdout=2),
    "retention": samples.retention(NAMES),
    "trend": trend_samples.trend(NAMES),
}
EACH = [(command, table) for command, tables in PICTURES.items() for table in tables]
EACH.append(("trend", "main"))  # of a section of reports
EACH_PICTURE = pytest.mark.parametrize(("command", "table"), EACH)
# Where Vega keeps what it computes, rather than what it shows.
COMPUTED = {"signal", "expr", "test", "update", "init", "on", "as", "field", "groupby", "sort"}


def narrowed(result: Result, table: str) -> Result:
    return replace(result, tables={table: result.tables[table]})


def svg(result: Result, table: str = "main") -> ElementTree.Element:
    return ElementTree.fromstring(render_text(result, "svg", table=table))


class Elements(HTMLParser):
    """The names of a page's elements and of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def texts(picture: ElementTree.Element) -> str:
    return " ".join(filter(None, (node.text for node in picture.iter())))


def computed(spec: Any) -> Iterator[str]:
    """Yield every text that Vega computes with."""
    items = spec.items() if isinstance(spec, dict) else enumerate(spec)
    for key, value in items:
        if key in COMPUTED:
            yield json.dumps(value, ensure_ascii=False)
        elif isinstance(value, dict | list) and key != "values":
            yield from computed(value)


@EACH_PICTURE
def test_a_picture_says_what_it_is_of(command: str, table: str) -> None:
    result = ONE[command]
    picture = svg(result, table)
    assert picture.tag.endswith("svg")
    said = texts(picture)
    assert f"{command} · " in said or f" {command} " in f" {said} "
    assert result.definition[:40] in said
    assert not {node.tag.rpartition("}")[2] for node in picture.iter()} & {"script", "image", "a"}


@EACH_PICTURE
def test_a_title_says_what_is_shown(command: str, table: str) -> None:
    spec = spec_of(narrowed(ONE[command], table))
    named, _, what = spec["title"]["text"].rpartition(" · ")
    assert named.startswith(command)
    assert " " in what
    assert what != table


@EACH_PICTURE
def test_a_picture_alone_is_one_page(command: str, table: str) -> None:
    result = BY_SEGMENT[command]
    page = render_chart(result, "html", table=table).decode()
    title = spec_of(narrowed(result, table))["title"]["text"]
    assert f"<h2>{title}</h2>" in page
    assert "<dt>definition</dt>" in page
    found = Elements()
    found.feed(page)
    assert found.tags.count("svg") == 1
    assert not {"script", "img", "image", "a", "link", "table", "iframe"} & set(found.tags)
    assert not {name for name in found.attributes if name in ("href", "src") or name[:2] == "on"}


@pytest.mark.parametrize(
    ("command", "table"),
    [
        *EACH[::5],
        *(pytest.param(*each, marks=pytest.mark.long) for each in EACH if each not in EACH[::5]),
    ],
)
def test_a_png_has_a_size(command: str, table: str) -> None:
    data = render_bytes(ONE[command], "png", table=table)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 400
    assert height > 200


@EACH_PICTURE
def test_names_out_of_the_data_are_drawn_and_computed_with_by_none(
    command: str, table: str
) -> None:
    result = narrowed(BY_SEGMENT[command], table)
    spec = spec_of(result)
    compiled = vl_convert.vegalite_to_vega(spec, vl_version="5.20")
    reckoned = "\n".join(computed(compiled))
    for text in ("</script>", "[red]", "私域社群", "uo'te", "example.com", "datum.x", "${x}"):
        assert text not in reckoned
    if (command, table) == ("ltv", "tracking"):  # is of all buyers: it has no name in it
        return
    shown = texts(svg(result, table))
    assert any(name in shown for name in ("[red]sale[/red]", "=1+1", "a|b`c`", "q\"uo'te\\"))


@EACH_PICTURE
@pytest.mark.parametrize(
    "name",
    [
        "\x1b]52;c;eA==\x07\x00",
        *(pytest.param(each, marks=pytest.mark.long) for each in (LONG, "*")),
    ],
)
def test_any_name_can_be_drawn(command: str, table: str, name: str) -> None:
    made = BY_SEGMENT[command]
    frame = made.tables[table].with_columns(channel=pl.lit(name))
    picture = svg(replace(made, definition=f"{name} </title>", tables={table: frame}), table)
    assert not set(texts(picture)) & set("\x1b\x07\x00")


def test_column_names_are_data_too() -> None:
    made = narrowed(BY_SEGMENT["churn"], "timing")
    named = {"timing": made.tables["timing"].rename({"channel": "');alert(1)//</script>"})}
    spec = spec_of(replace(made, tables=named))
    compiled = vl_convert.vegalite_to_vega(spec, vl_version="5.20")
    assert "alert" not in "\n".join(computed(compiled))
    assert "alert(1)" in texts(ElementTree.fromstring(converted(spec, "svg")))


def test_segments_that_look_alike_stay_apart() -> None:
    made = churn_samples.churn(["a\u200b", "a\u200c"], people=60)
    assert "a\ufffd (2)" in texts(svg(made, "timing"))


@EACH_PICTURE
def test_no_rows_are_a_picture_that_says_so(command: str, table: str) -> None:
    made = ONE[command]
    empty = replace(made, tables={table: made.tables[table].clear()})
    assert "There is nothing to draw" in texts(svg(empty, table))


def test_what_is_not_over_is_lighter() -> None:
    of_churn = (("churn", "main"), ("churn", "reasons_over_time"))
    for command, table in (*of_churn, ("cohort", "main"), ("funnel", "trend")):
        spec = spec_of(narrowed(ONE[command], table))
        assert {datum["strength"] for datum in spec["data"]["values"]} == {1, 0.45}
        assert any("not over yet" in line for line in spec["title"]["subtitle"])


def test_reasons_of_periods_that_are_over_are_not_lighter() -> None:
    made = narrowed(ONE["churn"], "reasons_over_time")
    for day, strengths in ((30, {1, 0.45}), (31, {1})):
        as_of = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(days=day - 1)
        spec = spec_of(replace(made, data=replace(made.data, as_of=as_of)))
        assert {datum["strength"] for datum in spec["data"]["values"]} == strengths


def test_churned_members_hang_below_the_line() -> None:
    values = spec_of(narrowed(ONE["churn"], "main"))["data"]["values"]
    assert all(
        (value["members"] <= 0) == (value["series"] == "churned") or not value["members"]
        for value in values
    )
    leave = spec_of(narrowed(churn_samples.churn(definition="leave", people=60), "main"))
    assert {value["series"] for value in leave["data"]["values"]} == {"joined", "churned"}


def test_between_the_bars_of_a_funnel_stand_its_coefficients() -> None:
    values = spec_of(narrowed(funnel_samples.funnel(), "main"))["data"]["values"]
    assert [value["kind"] for value in values] == ["step", *["node", "step"] * 4]
    assert values[1]["text"] == "× 46.5% (45.8–47.2%) · 9,632 dropped · half within 1.5 min"
    assert [value["slot"] for value in values if "bottleneck" in value["text"]] == ["× 5 review"]


def test_many_steps_in_panels_are_bars_alone() -> None:
    long = funnel_samples.long_funnel()
    one, two = (long.main.select(pl.lit(name).alias("channel"), pl.all()) for name in "ab")
    spec = spec_of(replace(long, tables={"main": pl.concat([one, two])}))
    assert {value["kind"] for value in spec["data"]["values"]} == {"step"}
    assert "bottleneck" not in " ".join(spec["title"]["subtitle"])
    alone = spec_of(long)["data"]["values"]
    assert sum("bottleneck" in value["text"] for value in alone) == 1


def test_the_curve_is_dashed_where_the_data_end_and_its_band_has_no_gap() -> None:
    made = narrowed(renewals_samples.renewals(holdout=3), "main")
    values = spec_of(made)["data"]["values"]
    kinds = {value["segment"] for value in values}
    assert kinds == {"seen", "expected", "forecast", "edge"}
    last = made.main["at_risk"].count()
    ages = {kind: [v["age"] for v in values if v["segment"] == kind] for kind in kinds}
    assert sorted(ages["edge"]) == [last - 3, last]
    assert ages["expected"] == ages["seen"] == list(range(last + 1))
    assert ages["forecast"] == list(range(last, last + 13))
    banded = [value["age"] for value in values if value.get("banded")]
    assert banded == list(range(last + 13))
    given = renewals_samples.renewals(parameters=renewals_samples.GIVEN)
    spec = spec_of(narrowed(given, "main"))
    assert not any(value.get("banded") for value in spec["data"]["values"])
    assert not any("Shaded" in line for line in spec["title"]["subtitle"])


def test_what_no_model_tells_is_drawn_as_seen() -> None:
    values = spec_of(narrowed(renewals_samples.without_a_model(), "main"))["data"]["values"]
    kinds = {(value["panel"], value["segment"]) for value in values}
    assert ("club", "forecast") in kinds
    assert {kind for panel, kind in kinds if panel == "gym"} == {"seen", "edge"}


def ticks(picture: ElementTree.Element) -> list[str]:
    """Return the labels of shares on the axes."""
    return [node.text for node in picture.iter() if node.text and node.text.endswith("%")]


@pytest.mark.parametrize("most", [0.0, 0.004, 0.03, 0.2])
def test_shares_that_are_small_stand_on_an_axis_from_0(most: float) -> None:
    made = narrowed(ONE["churn"], "winback")
    frame = made.tables["winback"].with_columns(returned_so_far=pl.lit(most))
    picture = svg(replace(made, tables={"winback": frame}), "winback")
    labels = ticks(picture)
    assert len(labels) == len(set(labels)) > 3
    assert labels[0] == "0%"
    (line,) = (n for n in picture.iter() if n.get("aria-roledescription") == "line mark")
    lowest = max(float(y) for y in re.findall(r"[ML][\d.]+,([\d.]+)", line.attrib["d"]))
    assert lowest == 320  # the height of a picture of one panel


def test_panels_odd_in_number_leave_no_axis_where_none_is() -> None:
    for names in (["a", "b"], ["a", "b", "c"]):
        axes = [node.text for node in svg(churn_samples.churn(names, people=200)).iter()]
        assert axes.count("month") == len(names)


def test_labels_are_measured_in_a_font_that_others_have_the_widths_of() -> None:
    (family,) = {node.get("font-family") for node in svg(ONE["funnel"]).iter()} - {None}
    assert family == "Liberation Sans, Arial, Helvetica, sans-serif"


def test_histograms_of_times_are_shares_of_each_step() -> None:
    spec = spec_of(narrowed(funnel_samples.funnel(), "durations"))
    shares: dict[str, float] = {}
    for value in spec["data"]["values"]:
        shares[value["panel"]] = shares.get(value["panel"], 0) + value["share"]
    assert list(shares) == ["first to last", "step 2", "step 3", "step 4", "step 5"]
    assert list(shares.values()) == pytest.approx([1] * 5)
    (layer,) = spec["spec"]["layer"]
    bins = layer["encoding"]["x"]["scale"]["domain"]
    assert [bins[n] for n in (0, 1, 5, 6)] == ["<1 s", "1–2 s", "30 s–1 min", "1–2 min"]


def test_each_number_of_a_trend_is_on_a_scale_of_its_own() -> None:
    spec = spec_of(trend_samples.trend())
    assert [panel["title"]["text"] for panel in spec["concat"]] == [*trend_samples.NAMES]
    formats = [panel["layer"][0]["encoding"]["y"]["axis"]["format"] for panel in spec["concat"]]
    assert formats == [",~r", ".1~%", ".1~%"]
    said = texts(svg(trend_samples.trend()))
    assert " 1,200 " in said
    assert " 34% " in said


def test_restated_numbers_of_a_trend_have_another_shape_and_lie_in_front() -> None:
    values = spec_of(trend_samples.trend())["data"]["values"]
    restated = [value for value in values if value["shape"] == "diamond"]
    assert [value["fill"] for value in restated] == ["white"]
    assert restated == values[-1:]
    assert restated[0]["said"] == "New members, as of 2025-04-01 00:00: 1,230, restated"
    assert "Hollow: restated." in spec_of(trend_samples.trend())["title"]["subtitle"]
    plain = spec_of(trend_samples.trend(restated=False))
    assert plain["title"]["subtitle"][1:] == ["Shaded: intervals."]


def test_what_is_not_told_of_a_trend_is_in_no_drawing_of_it() -> None:
    made = trend_samples.trend()
    hidden = made.main.with_columns(
        pl.when(~pl.col("restated")).then(pl.col(name)) for name in ("value", "low", "high")
    )
    masked = replace(made, tables={"main": hidden})
    assert "Hollow" not in " ".join(spec_of(masked)["title"]["subtitle"])
    assert 1_230 not in {value["value"] for value in spec_of(masked)["data"]["values"]}
    text = render_text(masked, "markdown")
    assert "1,230" not in text
    assert "↻" not in text.partition("| as of")[0]


def test_a_trend_has_a_gap_where_a_number_was_not_known() -> None:
    picture = svg(trend_samples.trend())
    marks = [node for node in picture.iter() if node.get("aria-roledescription") == "point"]
    assert len(marks) == 3 * trend_samples.RUNS - 1
    (broken,) = (
        node.attrib["d"]
        for node in picture.iter()
        if node.get("d", "").count("M") == 2 and node.get("stroke-width") == "2"
    )
    assert broken.count("L") == trend_samples.RUNS - 3


def test_the_days_of_a_trend_are_those_of_its_zone() -> None:
    spec = spec_of(trend_samples.trend())
    (first, *_) = spec["data"]["values"]
    assert datetime.fromtimestamp(first["run"] / 1000, UTC) == datetime(2025, 1, 1, tzinfo=UTC)
    assert "2025-01-01" in texts(svg(trend_samples.trend()))
    long = spec_of(trend_samples.trend(runs=90))
    assert {value["size"] for value in long["data"]["values"]} == {12, 70}
    values = long["concat"][0]["layer"][0]["encoding"]["x"]["axis"]["values"]
    assert len(values) == 4


def test_a_specification_names_nothing_to_fetch() -> None:
    for command, table in EACH:
        spec = spec_of(narrowed(ONE[command], table))
        assert "url" not in json.dumps(spec)
        assert "$schema" not in spec


def test_nothing_is_fetched() -> None:
    with pytest.raises(OutputError, match=r"cannot be drawn.*not allowed"):
        converted({"data": {"url": "https://example.com/a.csv"}, "mark": "bar"}, "svg")


def test_a_table_without_a_picture_is_answered_with_those_that_have_one() -> None:
    with pytest.raises(UsageError, match="'survival'; it has them of main, timing, second_life"):
        render_bytes(ONE["churn"], "svg", table="survival")
    with pytest.raises(UsageError, match=r"stock has no picture.*churn \(main, .*retention \(main"):
        render_bytes(samples.timed(), "png")


def test_without_the_extra_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for ask in (
        lambda: render_bytes(ONE["cohort"], "svg"),
        lambda: check_picture("cohort", "main"),
    ):
        with pytest.raises(OutputError, match="vl-convert, which is not installed") as told:
            ask()
        assert told.value.hint == "Install it: pip install 'retainkit[charts]'"
