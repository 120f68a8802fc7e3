"""`cohort`: who started in a period, and which share of them came back at each age."""

from retainkit.metrics.base import Metric
from retainkit.metrics.cohort.params import CohortParams
from retainkit.metrics.cohort.summary import period_at_age, summarise
from retainkit.metrics.cohort.tally import MEASURES, needs, tally

COHORT = Metric(
    command="cohort",
    tables=("main", "pooled"),
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
)

__all__ = ["COHORT", "CohortParams", "period_at_age"]
