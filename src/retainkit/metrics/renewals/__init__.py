"""`renewals`: how many contracts are renewed, and how many will be, by a model of who leaves."""

from retainkit.metrics.base import Metric
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.metrics.renewals.summary import TABLES, summarise
from retainkit.metrics.renewals.tally import MEASURES, needs, tally

RENEWALS = Metric(
    command="renewals",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
)

__all__ = ["RENEWALS", "RenewalsParams"]
