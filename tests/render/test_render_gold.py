"""Every format on a handful of results, as it was last looked at.

After a wanted change: RETAINKIT_UPDATE_GOLD=1 pytest tests/render/test_render_gold.py, then read
the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import check_samples
import churn_samples
import funnel_samples
import orders_samples
import paths_samples
import pytest
import render_samples as samples
import renewals_samples
import trend_samples

from retainkit.render import FORMATS, RenderOptions, render_bytes
from retainkit.results import Result

GOLD = Path(__file__).parent / "gold"
CASES: dict[str, Callable[[], Result]] = {
    "cohort": samples.plain_cohort,
    "brackets": samples.bracket_cohort,
    "segments": samples.segment_cohort,
    "amount": samples.amount_cohort,
    "empty": samples.empty_cohort,
    "retention": samples.retention,
    "plain": samples.timed,
    "churn": churn_samples.churn,
    "churn_inactivity": lambda: churn_samples.churn(definition="inactivity"),
    "churn_segments": lambda: churn_samples.churn(samples.HOSTILE[:3], people=400),
    "funnel": funnel_samples.funnel,
    "orders": orders_samples.orders,
    "orders_segments": lambda: orders_samples.orders(samples.HOSTILE[:3]),
    "ltv": orders_samples.ltv,
    "ltv_segments": lambda: orders_samples.ltv(samples.HOSTILE[:3], holdout=None),
    "check": check_samples.check,
    "check_segments": lambda: check_samples.check(samples.HOSTILE[:3]),
    "rfm": lambda: orders_samples.rfm(compare_to="2024-04-01"),
    "rfm_segments": lambda: orders_samples.rfm(samples.HOSTILE[:3]),
    "renewals": lambda: renewals_samples.renewals(holdout=3, parameters=renewals_samples.GIVEN),
    "renewals_segments": lambda: renewals_samples.renewals(
        samples.HOSTILE[:3], horizon=6, parameters=renewals_samples.GIVEN
    ),
    "orders_nobody": orders_samples.nobody,
    "funnel_any": funnel_samples.any_order,
    "paths": paths_samples.paths,
    "paths_on_and_on": paths_samples.on_and_on,
    "paths_segments": lambda: paths_samples.paths(samples.HOSTILE[:4], people=500),
    "trend": trend_samples.trend,
    "funnel_segments": lambda: funnel_samples.funnel(samples.HOSTILE[:3]),
}
TEXTS = [name for name, known in FORMATS.items() if not (known.binary or known.picture)]


def check(name: str, suffix: str, rendered: bytes) -> None:
    path = GOLD / f"{name}{suffix}"
    if os.environ.get("RETAINKIT_UPDATE_GOLD"):
        path.write_bytes(rendered)
    assert rendered.decode() == path.read_bytes().decode()


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without the extra [charts]: pictures hang on its version and on the fonts there are."""
    monkeypatch.setattr("retainkit.render.charts.convert.find_spec", lambda _: None)


@pytest.mark.parametrize("format_name", TEXTS)
@pytest.mark.parametrize("case", CASES)
def test_text_is_as_it_was_last_read(case: str, format_name: str) -> None:
    check(case, FORMATS[format_name].suffixes[0], render_bytes(CASES[case](), format_name))


def test_coloured_triangle_is_as_it_was_last_read() -> None:
    options = RenderOptions(width=100, color=True)
    check("cohort", ".ansi", render_bytes(samples.plain_cohort(), "table", options))
