"""`rfm`: how recently, how often and for how much members order, and whom to look after."""

from retainkit.metrics.base import Metric
from retainkit.metrics.rfm.params import RfmParams
from retainkit.metrics.rfm.roster import ROSTER
from retainkit.metrics.rfm.summary import TABLES, summarise
from retainkit.metrics.rfm.survey import SURVEY
from retainkit.metrics.rfm.tally import MEASURES, needs, tally

RFM = Metric(
    command="rfm",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
    survey=SURVEY,
    roster=ROSTER,
)

__all__ = ["RFM", "RfmParams"]
