"""`orders`: first order, repurchase, the golden windows, and what sales are made of."""

from retainkit.metrics.base import Metric
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.orders.summary import TABLES, summarise
from retainkit.metrics.orders.tally import MEASURES, needs, tally

ORDERS = Metric(
    command="orders",
    tables=TABLES,
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
    reads=OrdersParams.cost_files,
)

__all__ = ["ORDERS", "OrdersParams"]
