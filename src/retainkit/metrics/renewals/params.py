"""What `renewals` can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from retainkit.choices import DatePeriod
from retainkit.errors import UsageError, check_kinds
from retainkit.metrics.churn import ChurnParams
from retainkit.stats.betageometric import BetaGeometric

MOST_RENEWALS = 1000  # of a horizon or a holdout
_RANGE = (1e-6, 1e6)  # of the parameters; what is fitted lies well within


@dataclass(frozen=True, kw_only=True)
class RenewalsParams:
    """The parameters of `renewals`; DEFINITIONS: docs/renewals.md.

    horizon: renewals ahead of the last one seen. holdout: the last ones of each contract, which
    the model does not see. parameters (alpha, beta): of a model that was fitted before; fitted
    to the data where they are not given.
    """

    leave_event: str | None = None
    return_event: str | None = None
    period: DatePeriod = "month"
    horizon: int = 12
    holdout: int = 0
    parameters: tuple[float, ...] = ()
    by: tuple[str, ...] = ()
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        _ = self.stays
        for option, many, least in (("--horizon", self.horizon, 1), ("--holdout", self.holdout, 0)):
            if not least <= many <= MOST_RENEWALS:
                raise UsageError(
                    f"{option}: name a number of renewals from {least} to {MOST_RENEWALS:,}, "
                    f"not {many:,}."
                )
        low, high = _RANGE
        given = self.parameters
        if given and not (len(given) == 2 and all(low <= value <= high for value in given)):
            raise UsageError(
                "--parameters: name alpha and beta, 2 positive numbers (a millionth to a million), "
                f"not {', '.join(f'{value:g}' for value in given)}."
            )

    @cached_property
    def stays(self) -> ChurnParams:
        """How members' stays are told: as `churn` does where leaving is what ends them."""
        return ChurnParams(
            definition="leave",
            leave_event=self.leave_event,
            return_event=self.return_event,
            period=self.period,
            by=self.by,
            confidence=self.confidence,
        )

    @property
    def model(self) -> BetaGeometric | None:
        """The model that was given."""
        return BetaGeometric(*self.parameters) if self.parameters else None
