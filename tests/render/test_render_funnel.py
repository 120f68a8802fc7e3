"""The view of funnel: what is on the screen, which step it names, and what is not shown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import funnel_samples
import polars as pl
import pytest
import render_samples as samples
from screens import flat, row_of, shown, with_main, with_params, with_tables

ONE = funnel_samples.funnel()
BARE = funnel_samples.funnel(more=False)
NAMES = ["app", "web", None]
SEVERAL = funnel_samples.funnel(NAMES)


def number(text: str) -> float:
    return float(text.replace(",", "").rstrip("%"))


def test_members_less_dropped_and_share_times_coefficient_read_down_the_columns() -> None:
    lines = shown(BARE).splitlines()[2:12]
    assert lines[0].split() == ["step", "members", "share", "95%", "interval", "median"]
    steps = [line.split() for line in lines[1::2]]
    assert [" ".join(words[:2]) for words in steps[:2]] == ["1 visit", "2 view_item"]
    for (above, below), line in zip(pairwise(lines[1::2]), lines[2::2], strict=True):
        dropped, _, coefficient, _, *_ = line.replace("» bottleneck", "").split()
        shares = [number(words.split()[-1]) for words in (above, below)]
        members = [number(words.split()[-3]) for words in (above, below)]
        assert members[0] + number(dropped) == members[1]
        assert shares[0] * number(coefficient) / 100 == pytest.approx(shares[1], abs=0.1)
    assert all(line.index("%") == lines[1].index("%") for line in lines[2:])


def test_everything_fits_80_columns_and_the_bottleneck_is_a_word() -> None:
    text = shown(ONE)
    assert "not fit" not in text
    assert text.count("» bottleneck") == 1
    assert row_of(text, "  » bottleneck")[2:] == ["-2,260", "×", "17.0%", "15.7–18.5%", "5.2", "d"]
    narrow = shown(ONE, 46)
    assert "columns bar, median do not fit in 46 columns" in narrow.replace("\n", " ")
    assert "  » bottlen" in narrow


def test_the_bar_is_the_share_of_the_first_step() -> None:
    bars = [line.count("█") for line in shown(BARE).splitlines()[3:12:2]]
    assert bars == [16, 7, 3, 2, 0]


@pytest.mark.parametrize(
    ("target", "by", "said"),
    [
        ((), (), "Mend step 5, review: if all went on there instead of 17.0%, 1.40 times as many"),
        (("5=0.24",), (), "lifted from 17.0% to its target of 23.8%, 1.40 times as many (+186)"),
        ("5=0.24", (), "lifted from 17.0% to its target of 23.8%, 1.40 times as many (+186)"),
        (("4=0.9",), ("channel",), "lifted from 17.0% to the best segment's 23.8%, 1.40 times"),
    ],
)
def test_one_sentence_names_the_step_to_mend(target: object, by: object, said: str) -> None:
    at_last = pl.when(pl.col("step") == 5).then(0.4).otherwise(0.01)
    made = with_params(with_main(BARE, leverage=at_last), target=target, by=by)
    assert said in flat(made)
    assert "would get to the end, the other steps being as they are." in flat(made)
    assert flat(made).count("Mend step") == 1


def test_a_small_gain_is_a_percentage_and_none_is_not_told() -> None:
    assert "6.3% more (+29) would get" in flat(with_main(BARE, leverage=0.063))
    assert ", 0.1% more would get" in flat(with_main(BARE, leverage=0.001))
    for leverage in (0.0, -0.2, None):
        text = shown(with_main(BARE, leverage=pl.lit(leverage, pl.Float64)))
        assert "end" not in text
        assert "»" not in text


def test_a_step_that_nobody_took_is_the_one_to_mend() -> None:
    after = pl.col("step") > 3
    made = with_main(
        BARE,
        members=pl.when(after).then(0).otherwise("members"),
        overall=pl.when(after).then(0.0).otherwise("overall"),
        coefficient=pl.when(pl.col("step") == 4).then(0.0).when(~after).then("coefficient"),
        ci_low=pl.when(~after).then("ci_low"),
        ci_high=pl.when(~after).then("ci_high"),
        median_seconds=pl.when(~after).then("median_seconds"),
        leverage=pl.when(~after).then("leverage"),
        dropped=pl.when(pl.col("step") < 5).then("dropped").otherwise(0),
    )
    text = shown(made)
    assert "Mend step 4, pay[amount > 0]: nobody took it." in text
    assert text.splitlines()[10].split() == ["0", "×", "–", "–", "–"]


def test_in_any_order_the_steps_are_counted_and_not_numbered() -> None:
    text = shown(funnel_samples.any_order())
    assert text.startswith("funnel · in any order within 30d")
    assert "\n1 of 5 steps" in text
    assert 'Mend "5 of 5 steps": ' in text


@pytest.mark.parametrize(
    ("params", "title"),
    [
        ({}, "visit to review, one after the other within 30d"),
        ({"order": "strict"}, "visit to review, one directly after the other within 30d"),
        ({"window": None}, "visit to review, one after the other"),
    ],
)
def test_the_title_says_which_funnel(params: dict[str, object], title: str) -> None:
    assert shown(with_params(BARE, **params)).startswith(f"funnel · {title}\n")


def test_as_many_steps_as_there_may_be() -> None:
    text = shown(funnel_samples.long_funnel())
    assert len([line for line in text.splitlines() if "×" in line]) == 20  # and in the legend
    assert max(map(len, text.splitlines())) <= 80
    assert "funnel · step number 1 of a long way to step number 20 of a long way" in text


def test_segments_share_one_grid_with_signs_and_what_they_mean() -> None:
    text = shown(SEVERAL)
    header = row_of(text, "channel")
    assert header[:5] == ["channel", "entered", "overall", "2", "view_it…"]
    assert row_of(text, "app")[:3] == ["app", "18,000", "2.6%"]
    assert " ".join(row_of(text, "(none)")[3:6]) == "» ↓ 37.0%"
    assert "in full: 2 view_item, 3 add_to_cart, 4 pay[amount > 0]" in text
    for sign in ("↑ ↓ really higher, lower than", "» lifting this one to the best segment's"):
        assert sign in text
    assert "» bottleneck" not in text
    assert "(Holm's p < 0.05)" in flat(SEVERAL)
    assert flat(SEVERAL).count("mend step") == 1  # where a step is really lower
    assert "In (none), mend step 2" in flat(SEVERAL)


def test_segments_with_most_to_gain_are_told_first() -> None:
    params = {**SEVERAL.params, "target": ("2=0.9", "3=0.9", "4=0.9")}
    text = flat(replace(SEVERAL, params=params))
    assert text.count("mend step") == 3
    gains = [int(part.split(")")[0]) for part in text.split("(+")[1:]]
    assert gains == sorted(gains, reverse=True)


def test_signs_stand_only_where_something_is_real() -> None:
    unreal = SEVERAL.tables["segments"].with_columns(real=False)
    text = shown(with_tables(SEVERAL, segments=unreal))
    assert "↑" not in text
    assert "↓" not in text
    without = {name: frame for name, frame in SEVERAL.tables.items() if name != "segments"}
    assert "↓" not in shown(replace(SEVERAL, tables=without))
    assert "(Holm's p < 0.1)" in flat(with_params(SEVERAL, confidence=0.9))


def test_one_segment_is_a_funnel_with_its_name() -> None:
    text = shown(funnel_samples.funnel(["only"]))
    assert "\nchannel: only\nstep " in text
    assert "the column of a step" in text  # under the trend


def test_many_segments_are_the_largest_ones_and_the_rest_is_counted() -> None:
    text = shown(funnel_samples.funnel([f"s{n}" for n in range(24)], people=50_000))
    assert "Shown are the 20 largest of 24 segments; all: --table main." in text
    assert "Shown are the last 3 of 6 months of the 4 largest segments" in text
    assert "Shown are the 3 largest of 24 segments; all: --table dropoffs." in text
    assert len(text.splitlines()) < 110


def test_open_members_are_told() -> None:
    assert "Open: the attempts of 450 members are not over yet: they are not counted." in shown(ONE)
    one = with_main(BARE, open=pl.when(pl.col("step") == 1).then(1))
    assert "Open: the attempt of 1 member is not over yet: it is not counted." in shown(one)
    assert "Open" not in shown(with_main(BARE, open=pl.when(pl.col("step") == 1).then(0)))
    nobody = shown(with_main(BARE, members=0))
    assert "No attempt is over yet." in nobody
    assert "450 members" in nobody


def test_nobody_is_said() -> None:
    assert "Nobody took the first step." in shown(funnel_samples.empty_funnel())
    none = with_main(BARE, members=0, open=pl.when(pl.col("step") == 1).then(0))
    assert "Nobody took the first step." in shown(none)


def test_names_that_polars_takes_for_patterns_are_names() -> None:
    made = funnel_samples.funnel(samples.HOSTILE)
    tables = {
        name: frame.rename({"channel": "*"}) if "channel" in frame.columns else frame
        for name, frame in made.tables.items()
    }
    assert "私域社群" in shown(replace(made, tables=tables), 120)
