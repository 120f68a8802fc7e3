"""Pictures of tables: each is a Vega-Lite specification made here, drawn by vl-convert.

One file a command. Whatever comes out of the data stands in a specification as JSON data, never
in an expression, and nothing in one is ever fetched. vl-convert is the extra [charts] and is
imported when a picture is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from retainkit.errors import UsageError
from retainkit.render.charts import (
    churn,
    cohort,
    funnel,
    ltv,
    orders,
    paths,
    renewals,
    retention,
    rfm,
    trend,
)
from retainkit.render.charts.convert import check_extra, converted
from retainkit.render.charts.spec import Spec
from retainkit.results import Result

__all__ = ["PICTURES", "check_picture", "converted", "spec_of", "table_of"]

PICTURES: Mapping[str, Mapping[str, Callable[[Result], Spec]]] = {
    "churn": churn.PICTURES,
    "cohort": cohort.PICTURES,
    "funnel": funnel.PICTURES,
    "ltv": ltv.PICTURES,
    "orders": orders.PICTURES,
    "paths": paths.PICTURES,
    "renewals": renewals.PICTURES,
    "retention": retention.PICTURES,
    "rfm": rfm.PICTURES,
}

_DRAWN = {**PICTURES, "trend": trend.PICTURES}  # of a section of reports, which is no command


def check_picture(command: str, table: str) -> None:
    """Raise UsageError where a table has no picture, OutputError where the extra is missing."""
    tables = _DRAWN.get(command, {})
    if not tables:
        known = (f"{name} ({', '.join(tables)})" for name, tables in PICTURES.items())
        raise UsageError(f"{command} has no picture. These have: {', '.join(known)}.")
    if table not in tables:
        raise UsageError(
            f"{command} has no picture of its table '{table}'; it has them of {', '.join(tables)}.",
            "Name one of these with --table, or write another format.",
        )
    check_extra()


def table_of(command: str, table: str | None) -> str:
    """Return which table a picture is of: by default `main`, or the first that has one."""
    tables = PICTURES.get(command, {})
    return table or ("main" if "main" in tables else next(iter(tables), "main"))


def spec_of(result: Result) -> Spec:
    """Return the specification of the picture of a Result's first table; raises UsageError."""
    table = next(iter(result.tables))
    check_picture(result.command, table)
    return _DRAWN[result.command][table](result)
