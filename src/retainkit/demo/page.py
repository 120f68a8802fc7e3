"""TRUTHS.md: the list of planted truths as a page."""

from __future__ import annotations

from collections.abc import Mapping

from retainkit.demo import plan
from retainkit.demo.measure import Sizes
from retainkit.demo.shop import MEMBER_COLUMNS
from retainkit.demo.truths import TRUTHS, Truth


def truths_page(members: int, seed: int, measured: Mapping[str, Sizes]) -> str:
    """Return the Markdown of TRUTHS.md."""
    parts = [_head(members, seed, measured["shop"])]
    parts += [
        _section(number, truth, measured[truth.name]) for number, truth in enumerate(TRUTHS, 1)
    ]
    return "\n\n".join([*parts, _background(), _sample()]) + "\n"


def _head(members: int, seed: int, shop: Sizes) -> str:
    return f"""# What is planted in this shop

An invented community shop, {plan.OPENED} to {plan.LAST_DAY}, drawn with seed {seed} for
{members:,} members. Nobody in it is real. The same list for machines is `truths.json`.

Each truth below states what was put in (*planted*) and how large it came out in this very shop
(*measured*, counted straight from the rows; a dash where there was nobody to count). The default
of 5,000 members is enough for each to stand out; a few hundred are not.

| file | what |
|---|---|
| `events.parquet` | one row an event, by time: user_id, event, event_time, order_id, amount, page |
| `members.csv` | one row a member: {_columns()} |
| `events_sample.csv` | some of the events as a platform exports them, in Chinese and with dirt |

Times are local times in {plan.ZONE}, written without an offset. Amounts are exact to the cent. Use
`--return-event visit` where leaving or a refund must not count as coming back.

Measured for all members:

{_table(shop)}"""


def _columns() -> str:
    return ", ".join(MEMBER_COLUMNS)


def _section(number: int, truth: Truth, measured: Sizes) -> str:
    metrics = "; ".join(f"`{metric}`" for metric in truth.metrics)
    commands = "\n".join(truth.commands)
    return f"""## {number}. {truth.title}

{truth.story}

Planted: {_listed(truth.planted)}.

{_table(measured)}

Found by: {metrics}.

```sh
{commands}
```"""


def _listed(sizes: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in sizes.items())


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {_shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return " / ".join(_shown(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(measured: Sizes) -> str:
    rows = [
        f"| {name} | {'–' if size is None else _shown(size)} |" for name, size in measured.items()
    ]
    return "\n".join(["| measured | size |", "|---|---|", *rows])


def _background() -> str:
    reasons = [f"| {reason} | {kind} |" for reason, (kind, _) in plan.REASONS.items()]
    seasons = [
        f"| {name} | {first} | {last} | {factor} |" for name, first, last, factor in plan.SEASONS
    ]
    return "\n".join(
        [
            "## The background",
            "",
            "The same for everyone: weekends are busier, evenings busiest; interest fades fast at"
            " first and slowly later; activity is heavy-tailed.",
            f"{plan.NEVER_SHARE:.0%} do nothing after joining, {plan.GUEST_SHARE:.1%} looked around"
            f" before, {plan.RETURN_SHARE:.0%} of the silent who stay come back once,"
            f" {plan.REFUNDS:.1%} of orders are refunded in full.",
            "Besides what is listed above, nothing differs between channels, groups, tiers, clients"
            " or cities.",
            "",
            "| season | from | to | visits and joins times |",
            "|---|---|---|---|",
            *seasons,
            "",
            f"Leave reasons ({plan.NO_REASON_SHARE:.0%} of leavers give none) and their class:",
            "",
            "| leave_reason | class |",
            "|---|---|",
            *reasons,
        ]
    )


def _sample() -> str:
    return """## The dirty export

`events_sample.csv` has Chinese headers, rows without a member, times nobody can read, and a total
at its end. `truths.json` says how many of each; this shows what becomes of them:

```sh
retainkit inspect events_sample.csv
```"""
