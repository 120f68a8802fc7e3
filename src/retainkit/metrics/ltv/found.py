"""The models that a forecast is made with, however they were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retainkit.stats.buytilldie import BuyTillDie
from retainkit.stats.likelihood import Fit

if TYPE_CHECKING:
    from retainkit.stats.gammagamma import GammaGamma


@dataclass(frozen=True, eq=False)
class Models:
    """The models; fits are None where parameters were given. spend: None without amounts."""

    buying: BuyTillDie
    buying_fit: Fit[BuyTillDie] | None
    spend: GammaGamma | None
    spend_fit: Fit[GammaGamma] | None
    correlation: float | None
