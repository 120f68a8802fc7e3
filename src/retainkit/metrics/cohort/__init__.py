"""`cohort`: who started in a period, and which share of them came back at each age."""

from retainkit.metrics.base import Metric
from retainkit.metrics.cohort.params import CohortParams
from retainkit.metrics.cohort.summary import summarise
from retainkit.metrics.cohort.tally import MEASURES, needs, tally

COHORT = Metric("cohort", ("main", "pooled"), MEASURES, needs, tally, summarise)

__all__ = ["COHORT", "CohortParams"]
