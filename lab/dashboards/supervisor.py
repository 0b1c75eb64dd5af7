"""The dashboard of who leads a team of agents."""

from lab.dashboards.definitions import (
    SELECTED,
    abandonment,
    handle_time,
    occupancy,
    service_level,
    speed_of_answer,
)
from lab.dashboards.grafana import Dashboard, Panel, Query

SHOWN = "$__range"
"""All that is shown."""
RECENT = "$__rate_interval"

NOW = (
    Panel(
        "Callers waiting",
        "Not connected yet, those at a ringing phone too.",
        [Query(f"sum(ivr_callers_waiting{{{SELECTED}}})")],
        "short", "stat", amber_from=3, red_from=10,
    ),
    Panel(
        "Longest wait",
        "Of a caller who still waits.",
        [Query(f"max(ivr_longest_wait_seconds{{{SELECTED}}})")],
        "s", "stat", amber_from=60, red_from=120,
    ),
    Panel(
        "Agents available",
        "Logged on, not paused, no call, and the phone can be rung.",
        [Query(f'sum(ivr_agents{{{SELECTED}, state="available"}})')],
        "short", "stat", green_from=1,
    ),
    Panel(
        "Service level",
        "Answered within the queue's service level, of all who were answered or hung up, in the "
        "time shown.",
        [Query(service_level(SHOWN))],
        "percentunit", "stat", green_from=0.8, most=1,
    ),
    Panel(
        "Abandonment",
        "Hung up before they were answered, of all who were answered or hung up, in the time "
        "shown.",
        [Query(abandonment(SHOWN))],
        "percentunit", "stat", amber_from=0.05, red_from=0.1, most=1,
    ),
    Panel(
        "Speed of answer",
        "How long answered callers waited, on average, in the time shown.",
        [Query(speed_of_answer(SHOWN))],
        "s", "stat", amber_from=30, red_from=60,
    ),
)  # fmt: skip

OVER_TIME = (
    Panel(
        "Callers waiting",
        "Not connected yet, by queue.",
        [Query(f"sum by (queue) (ivr_callers_waiting{{{SELECTED}}})", "{{queue}}")],
        "short", amber_from=3, red_from=10,
    ),
    Panel(
        "Longest wait",
        "Of a caller who still waits, by queue; and the service level that is aimed at.",
        [
            Query(f"max by (queue) (ivr_longest_wait_seconds{{{SELECTED}}})", "{{queue}}"),
            Query(f"max by (queue) (ivr_servicelevel_seconds{{{SELECTED}}})", "{{queue}}: aim"),
        ],
        "s",
    ),
    Panel(
        "Calls",
        "Calls that are over, by how they ended.",
        [Query(
            f"sum by (outcome) (increase(ivr_calls_total{{{SELECTED}}}[{RECENT}])) > 0",
            "{{outcome}}",
        )],
        "short", stacked=True,
    ),
    Panel(
        "Agents",
        "Members by what they do.",
        [Query(
            f'sum by (state) (ivr_agents{{{SELECTED}, state!="logged_off"}})', "{{state}}"
        )],
        "short", stacked=True,
    ),
    Panel(
        "Service level",
        "Answered within the queue's service level, of all who were answered or hung up.",
        [Query(service_level(RECENT, "queue"), "{{queue}}")],
        "percentunit", green_from=0.8, most=1,
    ),
    Panel(
        "Occupancy",
        "Of the time in which agents had a call or were free for one: the share with a call, "
        "ringing and wrap-up included.",
        [Query(occupancy(RECENT, "queue"), "{{queue}}")],
        "percentunit", amber_from=0.85, red_from=0.95, most=1,
    ),
    Panel(
        "Wait of answered callers",
        "Half, nine in ten and 99 in 100 of them were answered within this time.",
        [
            Query(
                f"histogram_quantile({share}, sum by (le) (rate(ivr_wait_seconds_bucket{{"
                f'{SELECTED}, result="answered"}}[{RECENT}])))',
                legend,
            )
            for share, legend in ((0.5, "half"), (0.9, "90 %"), (0.99, "99 %"))
        ],
        "s",
    ),
    Panel(
        "Handle time and speed of answer",
        "Talk and wrap-up of an answered call; and the wait before it, on average.",
        [
            Query(handle_time(RECENT), "handle time"),
            Query(speed_of_answer(RECENT), "speed of answer"),
        ],
        "s",
    ),
    Panel(
        "Offers",
        "What became of calls that rang at an agent.",
        [Query(
            f"sum by (result) (increase(ivr_offers_total{{{SELECTED}}}[{RECENT}])) > 0",
            "{{result}}",
        )],
        "short", stacked=True,
    ),
)  # fmt: skip

TABLE = Panel(
    "Queues",
    "Now: who waits and who is there. In the time shown: how it went.",
    [
        Query(f"sum by (queue) (ivr_callers_waiting{{{SELECTED}}})", "Waiting"),
        Query(f"max by (queue) (ivr_longest_wait_seconds{{{SELECTED}}})", "Longest wait", "s"),
        Query(f"sum by (queue) (ivr_members_logged_on{{{SELECTED}}})", "Logged on"),
        Query(service_level(SHOWN, "queue"), "Service level", "percentunit"),
        Query(abandonment(SHOWN, "queue"), "Abandonment", "percentunit"),
        Query(speed_of_answer(SHOWN, "queue"), "Speed of answer", "s"),
        Query(handle_time(SHOWN, "queue"), "Handle time", "s"),
        Query(occupancy(SHOWN, "queue"), "Occupancy", "percentunit"),
    ],
    "short", "table",
)  # fmt: skip

SUPERVISOR = Dashboard(
    "supervisor",
    "Call queues",
    "Who waits, who answers, and how well it goes.",
    "queue",
    [*NOW, *OVER_TIME, TABLE],
)
