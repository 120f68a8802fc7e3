"""`ltv`: what buyers will order and bring, by models of when they buy, stop and how much."""

from retainkit.metrics.base import Metric
from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.ltv.roster import ROSTER
from retainkit.metrics.ltv.summary import TABLES, summarise
from retainkit.metrics.ltv.survey import SURVEY
from retainkit.metrics.ltv.tally import MEASURES, needs, tally

LTV = Metric(
    command="ltv",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
    survey=SURVEY,
    roster=ROSTER,
    reads=LtvParams.cost_files,
)

__all__ = ["LTV", "LtvParams"]
