"""`funnel`: every node of a path, coefficient times coefficient, and the node to mend."""

from retainkit.metrics.base import Metric
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.metrics.funnel.summary import TABLES, summarise
from retainkit.metrics.funnel.tally import MEASURES, needs, tally

FUNNEL = Metric(
    command="funnel",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
)

__all__ = ["FUNNEL", "FunnelParams"]
