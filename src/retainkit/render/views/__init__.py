"""How each command's Result becomes a Document: one file a command, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from retainkit.render.view import Document
from retainkit.render.views import (
    check,
    churn,
    cohort,
    funnel,
    inspect,
    ltv,
    orders,
    paths,
    plain,
    renewals,
    retention,
    rfm,
    trend,
)
from retainkit.render.views.facts import facts
from retainkit.results import Result

View = Callable[[Result], Document]

VIEWS: Mapping[str, View] = {
    "check": check.view,
    "churn": churn.view,
    "cohort": cohort.view,
    "funnel": funnel.view,
    "inspect": inspect.view,
    "ltv": ltv.view,
    "orders": orders.view,
    "paths": paths.view,
    "renewals": renewals.view,
    "retention": retention.view,
    "rfm": rfm.view,
    "trend": trend.view,
}


def document_of(result: Result, table: str | None = None) -> Document:
    """Return `result` as people read it, or one `table` of it as it stands.

    A view gives title and blocks; the definition, the data window and the notes are the same
    everywhere and are added here. Raises UsageError for a table the result does not have.
    """
    if table is None:
        document = VIEWS.get(result.command, plain.view)(result)
    else:
        document = plain.table_view(result, table)
    return replace(document, facts=document.facts + facts(result), notes=result.notes)
