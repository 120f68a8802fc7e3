"""`churn`: who is lost, when, why, and on which path; one meaning of three, and who may return."""

from retainkit.metrics.base import Metric
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.roster import ROSTER
from retainkit.metrics.churn.summary import TABLES, summarise
from retainkit.metrics.churn.survey import SURVEY
from retainkit.metrics.churn.tally import MEASURES, needs, tally

CHURN = Metric(
    command="churn",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
    survey=SURVEY,
    roster=ROSTER,
    reads=lambda params: () if params.taxonomy is None else (params.taxonomy,),
)

__all__ = ["CHURN", "ChurnParams"]
