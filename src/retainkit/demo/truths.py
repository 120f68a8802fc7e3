"""The list of what is planted: for people as Markdown, for tests as JSON-ready data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retainkit.demo import plan
from retainkit.demo.measure import Sizes

FORMAT = "retainkit-demo/1"


@dataclass(frozen=True)
class Truth:
    """One planted fact: what was put in, which metric must find it, and how to see it now.

    name: the key of its measured sizes. planted: parameters of the model, shares from 0 to 1.
    commands: run in the demo's folder.
    """

    name: str
    title: str
    story: str
    planted: Mapping[str, object]
    metrics: tuple[str, ...]
    commands: tuple[str, ...]


_EVENTS = "events.parquet"
_BOTH = f"{_EVENTS} --members members.csv"
_VISITS = "--return-event visit"

TRUTHS = (
    Truth(
        name="campaign-leaves",
        title="A campaign brings people who leave",
        story=f"People join through `{plan.CAMPAIGN}` only in bursts (618 in June, Double 11 in"
        " November). They lose interest within days and leave more often, mostly because they came"
        " for the offer only. Cohorts of those months look worse for no other reason.",
        planted={
            "channel": plan.CAMPAIGN,
            "bursts": [
                {"first_day": str(day), "days": days, "share": share}
                for day, days, share in plan.BURSTS
            ],
            "share_of_members": plan.CHANNELS[plan.CAMPAIGN],
            "leave_share": plan.CAMPAIGN_LEAVES,
            "leave_share_others": plan.LEAVES,
        },
        metrics=("cohort by channel", "retention by channel", "churn: leave, reasons"),
        commands=(
            f"retainkit cohort {_BOTH} {_VISITS} --by channel --horizon 3",
            f"retainkit retention {_BOTH} {_VISITS} --by channel --days 1,7,30",
            f"retainkit churn {_BOTH} --definition leave --by channel",
        ),
    ),
    Truth(
        name="broken-checkout",
        title="The checkout breaks for one client",
        story=f"From {plan.BROKEN_FROM} client `{plan.BROKEN_CLIENT}` checks out on page"
        f" `{plan.BROKEN_PAGE}`, where payment fails more often than not. A failure there ends"
        " the interest of some, most of whom leave within a week and say that payment fails.",
        planted={
            "from": str(plan.BROKEN_FROM),
            "client": plan.BROKEN_CLIENT,
            "page": plan.BROKEN_PAGE,
            "coefficient_intact": plan.PAYS,
            "coefficient_broken": plan.PAYS_BROKEN,
            "quit_share_of_failures": plan.QUITS_BROKEN,
            "leave_share_of_quitters": plan.QUITTERS_LEAVE,
        },
        metrics=("funnel: checkout > pay by client", "churn: paths, reasons"),
        commands=(
            f"retainkit cohort {_EVENTS} --since {plan.BROKEN_FROM} --period day --horizon 0"
            f" --start-event \"checkout[page = '{plan.BROKEN_PAGE}']\" --return-event pay",
            f"retainkit cohort {_EVENTS} --since {plan.BROKEN_FROM} --period day --horizon 0"
            " --start-event \"checkout[page = 'checkout']\" --return-event pay",
            f"retainkit funnel {_BOTH} --since {plan.BROKEN_FROM} --by client --window 1d"
            ' --steps "add_to_cart > checkout > pay"',
            f"retainkit churn {_BOTH} --since {plan.BROKEN_FROM} --definition leave --table paths"
            " --last 1 --event-col \"event || ' ' || page\" --leave-event '\"leave settings\"'",
        ),
    ),
    Truth(
        name="silent-group",
        title="A group falls silent",
        story=f"The keeper of `{plan.SILENT_GROUP}` leaves on {plan.SILENT_FROM}. Nobody joins the"
        " group from then on, its members come a tenth as often, and many of those who were still"
        " interested leave because nobody answers.",
        planted={
            "from": str(plan.SILENT_FROM),
            "group": plan.SILENT_GROUP,
            "activity_factor": plan.SILENT_ACTIVITY,
            "leave_share_of_interested": plan.SILENT_LEAVES,
        },
        metrics=("cohort by group", "churn by group", "group vital signs"),
        commands=(
            f"retainkit cohort {_BOTH} --by group --cohorts recurring --start-event visit"
            f" {_VISITS} --horizon 1",
            f"retainkit churn {_BOTH} --definition leave --by group --since {plan.SILENT_FROM}",
        ),
    ),
    Truth(
        name="falling-channel",
        title="A channel dries up",
        story=f"Channel `{plan.FALLING_CHANNEL}` brings fewer people every month, down to a"
        " trickle. Those who come are like anyone else.",
        planted={
            "channel": plan.FALLING_CHANNEL,
            "monthly_factor": plan.FALLING_FACTOR,
            "share_of_members": plan.CHANNELS[plan.FALLING_CHANNEL],
        },
        metrics=("cohort by channel (sizes)", "channel trends"),
        commands=(f"retainkit cohort {_BOTH} --by channel --period quarter --horizon 0",),
    ),
    Truth(
        name="fast-tier",
        title="One tier buys again sooner",
        story=f"Tier `{plan.FAST_TIER}` needs more after half the time. Tiers are given at random"
        " on joining, so it is the tier that does it. Its members visit a little more because of"
        " it; whether they ever buy, and how much, is the same in all tiers.",
        planted={
            "tier": plan.FAST_TIER,
            "need_days": list(plan.NEED_DAYS_FAST),
            "need_days_others": list(plan.NEED_DAYS),
        },
        metrics=("orders: repurchase and cycle by tier",),
        commands=(
            f"retainkit retention {_BOTH} --start-event pay --return-event pay --by tier"
            " --days 14,30",
        ),
    ),
    Truth(
        name="message-fatigue",
        title="The same campaign twice numbs",
        story=f"The message `{plan.BLAST_PAGE}` is sent to everyone twice, two weeks apart."
        " Of the second, a third as many members read and come.",
        planted={
            "page": plan.BLAST_PAGE,
            "sent": [str(day) for day, _ in plan.BLASTS],
            "response_factors": [factor for _, factor in plan.BLASTS],
            "response_interested": plan.READS,
            "response_lapsed": plan.READS_LAPSED,
        },
        metrics=("campaign response", "group vital signs"),
        commands=(f"retainkit inspect {_EVENTS} --where \"page = '{plan.BLAST_PAGE}'\"",),
    ),
    Truth(
        name="city-control",
        title="The city does nothing (control)",
        story="Cities are given at random and nothing depends on them: differences between them"
        " are chance, and whoever finds one has found noise.",
        planted={"column": "city", "effect": 0},
        metrics=("every metric by city finds nothing",),
        commands=(f"retainkit retention {_BOTH} {_VISITS} --by city --days 1,7,30",),
    ),
)


def truths_data(
    members: int, seed: int, files: Mapping[str, object], measured: Mapping[str, Sizes]
) -> dict[str, object]:
    """Return the content of truths.json; `files` maps names to what is known of each."""
    return {
        "format": FORMAT,
        "members": members,
        "seed": seed,
        "tz": plan.ZONE,
        "first_day": str(plan.OPENED),
        "last_day": str(plan.LAST_DAY),
        "as_of": str(plan.CLOSED),
        "files": dict(files),
        "shop": measured["shop"],
        "truths": [
            {
                "name": truth.name,
                "title": truth.title,
                "planted": truth.planted,
                "measured": measured[truth.name],
                "metrics": list(truth.metrics),
                "commands": list(truth.commands),
            }
            for truth in TRUTHS
        ],
        "leave_reasons": {reason: kind for reason, (kind, _) in plan.REASONS.items()},
        "seasons": [
            {"name": name, "first_day": str(first), "last_day": str(last), "factor": factor}
            for name, first, last, factor in plan.SEASONS
        ],
    }
