"""Results of checks, of the invented shop of the orders samples."""

from __future__ import annotations

from collections.abc import Sequence

from orders_samples import shop

from retainkit.checking.parsing import read_rules
from retainkit.checking.rules import Definitions
from retainkit.checking.running import Check, checked
from retainkit.results import Result
from retainkit.sources import SourceOptions

RULES = (
    "cohort age=1 by=channel >= 0.3",
    "cohort age=1 by=channel channel=worst max_drop=10% previous=2 decide=confident owner=feed",
    "orders days=7 >= 0.9 message='Look at the second order.'",
    "orders table=value value=sales >= 100 min_members=5",
    "retention day=300 mode=on >= 0.1",
    "churn <= 1",
)


def check(names: Sequence[str | None] = ("ads", "search"), people: int = 600) -> Result:
    """Return the verdicts of RULES, by channel."""
    events, members = shop(tuple(names), people)
    asked = Check(rules=read_rules(RULES, Definitions()), fdr=0.1)
    return checked(asked, [events], SourceOptions(members=members))
