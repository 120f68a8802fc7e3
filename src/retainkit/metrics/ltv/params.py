"""What `ltv` can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from retainkit.choices import DatePeriod, LtvModel
from retainkit.errors import UsageError, check_choice, check_kinds, check_once
from retainkit.metrics.costs import CostsParams
from retainkit.metrics.listing import ListingParams
from retainkit.metrics.purchases import order_selector
from retainkit.periods import DAY, duration
from retainkit.selectors import Selector
from retainkit.stats.buytilldie import BuyTillDie
from retainkit.stats.intervals import quantile

if TYPE_CHECKING:
    from retainkit.metrics.ltv.found import Models
    from retainkit.stats.gammagamma import GammaGamma

_OF_CONTRACTS = "Contracts, which end by leaving and not by silence, have a command: renewals."


@dataclass(frozen=True, kw_only=True)
class LtvParams(ListingParams, CostsParams):
    """The parameters of `ltv`; DEFINITIONS: docs/ltv.md.

    parameters (r, alpha in weeks, a, b), spend (p, q, v): of models that were fitted before;
    fitted to the data where they are not given.
    """

    order_event: str | None = None
    model: LtvModel = "bg"
    horizon: str = "52w"
    holdout: str | None = None
    orders_only: bool = False
    parameters: tuple[float, ...] = ()
    spend: tuple[float, ...] = ()
    period: DatePeriod = "month"
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        check_choice("--model", self.model, get_args(LtvModel), _OF_CONTRACTS)
        check_choice("--period", self.period, get_args(DatePeriod))
        quantile(self.confidence)
        check_once("--by", self.by)
        self.check_listing()
        for option, text in (("--horizon", self.horizon), ("--holdout", self.holdout)):
            if text is not None and _days(option, text) < 1:
                raise UsageError(f"{option}: '{text}' is shorter than a day.")
        _check_model("--parameters", "r, alpha, a and b", 4, self.parameters)
        _check_model("--spend", "p, q and v", 3, self.spend)
        if self.orders_only and self.spend:
            raise UsageError("--spend is for money, which --orders-only leaves out.")
        if self.orders_only and self.costs is not None:
            raise UsageError("--costs are for money, which --orders-only leaves out.")
        self.check_costs()
        _ = self.order

    @cached_property
    def order(self) -> Selector:
        """What is an order."""
        return order_selector(self.order_event)

    @property
    def merge_days(self) -> bool:
        """Orders of one date are one: the models know no two at one time."""
        return True

    @property
    def horizon_days(self) -> int:
        """How far the forecast reaches."""
        return _days("--horizon", self.horizon)

    @property
    def holdout_days(self) -> int:
        """How many days at the end are kept from the model."""
        return 0 if self.holdout is None else _days("--holdout", self.holdout)

    @property
    def models(self) -> Models | None:
        """The models, where they were fitted before these params were settled."""
        return getattr(self, "_models", None)

    def with_models(self, models: Models) -> LtvParams:
        """Return the same params with models that were fitted to the data."""
        settled = replace(self)
        object.__setattr__(settled, "_models", models)  # found, not asked for: no field
        return settled

    @property
    def buying(self) -> BuyTillDie | None:
        """The model of purchases that was given, or found."""
        if self.models is not None:
            return self.models.buying
        if not self.parameters:
            return None
        r, alpha, a, b = self.parameters
        return BuyTillDie(r, alpha, a, b, modified=self.model == "mbg")

    @property
    def spending(self) -> GammaGamma | None:
        """The model of spend that was given, or found."""
        if self.models is not None:
            return self.models.spend
        if not self.spend:
            return None
        from retainkit.stats.gammagamma import GammaGamma  # imports SciPy

        return GammaGamma(*self.spend)


def _days(option: str, text: str) -> int:
    length = duration(text, option)
    if length % DAY:
        raise UsageError(f"{option}: '{text}' is not a whole number of days.")
    return length // DAY


def _check_model(option: str, names: str, many: int, values: Sequence[float]) -> None:
    if values and (len(values) != many or min(values) <= 0):
        raise UsageError(
            f"{option}: name {names}, {many} positive numbers, not "
            f"{', '.join(f'{value:g}' for value in values)}."
        )
