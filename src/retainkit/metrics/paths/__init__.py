"""`paths`: what members do from one event to another, by path and by position."""

from retainkit.metrics.base import Metric
from retainkit.metrics.paths.params import PathsParams
from retainkit.metrics.paths.summary import TABLES, summarise
from retainkit.metrics.paths.tally import MEASURES, needs, tally

PATHS = Metric(
    command="paths",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
)

__all__ = ["PATHS", "PathsParams"]
