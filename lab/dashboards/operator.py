"""The dashboard of who runs the service."""

from lab.dashboards.grafana import Dashboard, Panel, Query

HERE = 'instance=~"$instance"'
RECENT = "$__rate_interval"


def _rate(metric: str, by: str = "", more: str = "") -> str:
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (rate({metric}{{{HERE}{more}}}[{RECENT}]))"


def _quantiles(metric: str) -> list[Query]:
    """The time within which half, and 99 of 100, were done."""
    buckets = _rate(f"{metric}_bucket", "le")
    return [
        Query(f"histogram_quantile({share}, {buckets})", legend)
        for share, legend in ((0.5, "half"), (0.99, "99 %"))
    ]


def _mean(metric: str, by: str) -> str:
    return f"{_rate(f'{metric}_sum', by)} / ({_rate(f'{metric}_count', by)} > 0)"


def _peer(peer: str, name: str) -> Panel:
    return Panel(
        name,
        f"1 if the connection to {name} works.",
        [Query(f'min(ivr_up{{{HERE}, peer="{peer}"}})')],
        "short", "stat", green_from=1,
    )  # fmt: skip


NOW = (
    _peer("asterisk", "Asterisk"),
    _peer("xmpp", "XMPP server"),
    _peer("database", "Database"),
    Panel(
        "Messages owed",
        "Not confirmed by the XMPP server yet.",
        [Query(f"sum(ivr_outbox_messages{{{HERE}}})")],
        "short", "stat", amber_from=100, red_from=1000,
    ),
    Panel(
        "Oldest message owed",
        "For how long the XMPP server has not confirmed it.",
        [Query(f"max(ivr_outbox_oldest_seconds{{{HERE}}})")],
        "s", "stat", amber_from=2, red_from=10,
    ),
    Panel(
        "Running for",
        "Since the service was started.",
        [Query(f'min(time() - process_start_time_seconds{{{HERE}, job="ivr-pubsub"}})')],
        "s", "stat",
    ),
)  # fmt: skip

OVER_TIME = (
    Panel(
        "Connections",
        "1 while the connection to a peer works.",
        [Query(f"min by (peer) (ivr_up{{{HERE}}})", "{{peer}}")],
        "short", most=1,
    ),
    Panel(
        "Reconnects",
        "Connections that were lost and made again.",
        [Query(f"sum by (peer) (increase(ivr_reconnects_total{{{HERE}}}[{RECENT}]))", "{{peer}}")],
        "short",
    ),
    Panel(
        "Event loop lag",
        "How much later than due a timer goes off: the service is busy, or the machine is.",
        _quantiles("ivr_event_loop_lag_seconds"),
        "s", amber_from=0.05, red_from=0.25,
    ),
    Panel(
        "Commit",
        "Duration of a transaction. Every offer waits for its own.",
        _quantiles("ivr_engine_commit_seconds"),
        "s", amber_from=0.05, red_from=0.1,
    ),
    Panel(
        "Events",
        "What happens: facts that entered the engine, and transactions that they shared.",
        [
            Query(_rate("ivr_engine_batch_events_sum"), "events"),
            Query(_rate("ivr_engine_batch_events_count"), "transactions"),
        ],
        "ops",
    ),
    Panel(
        "Backlog",
        "Events that wait to be decided on, and messages that are owed.",
        [
            Query(f"sum(ivr_engine_inbox_events{{{HERE}}})", "events"),
            Query(f"sum(ivr_outbox_messages{{{HERE}}})", "messages"),
        ],
        "short", amber_from=100, red_from=1000,
    ),
    Panel(
        "Publish",
        "From the decision to publish until the message is in the stream to the XMPP server.",
        _quantiles("ivr_notification_handover_seconds"),
        "s", amber_from=0.1, red_from=1,
    ),
    Panel(
        "Messages",
        "To subscribers and members, by what they tell; and those that came back.",
        [
            Query(f"{_rate('ivr_notifications_total', 'kind')} > 0", "{{kind}}"),
            Query(_rate("ivr_bounced_messages_total"), "came back"),
        ],
        "ops",
    ),
    Panel(
        "Requests by XMPP",
        "How long it took to answer them.",
        _quantiles("ivr_xmpp_request_seconds"),
        "s", amber_from=0.1, red_from=1,
    ),
    Panel(
        "Requests refused",
        "Answered by an error, turned down as there were too many at once, or not to be answered.",
        [
            Query(_rate("ivr_xmpp_requests_refused_total"), "refused"),
            Query(_rate("ivr_xmpp_requests_declined_total"), "too many"),
            Query(_rate("ivr_xmpp_requests_unanswered_total"), "not answered"),
        ],
        "ops",
    ),
    Panel(
        "Requests to Asterisk",
        "How long they took, on average, by operation.",
        [Query(_mean("ivr_ari_request_seconds", "operation"), "{{operation}}")],
        "s", amber_from=0.1, red_from=1,
    ),
    Panel(
        "Asterisk's errors",
        "Refusals are mostly normal: a channel is just gone.",
        [Query(_rate("ivr_ari_errors_total", "error"), "{{error}}")],
        "ops",
    ),
    Panel(
        "Look-ups",
        "Customer codes, by what they led to.",
        [Query(_rate("ivr_customer_lookups_total", "result"), "{{result}}")],
        "ops", stacked=True,
    ),
    Panel(
        "Duration of look-ups",
        "The caller waits for this.",
        _quantiles("ivr_customer_lookup_seconds"),
        "s", amber_from=0.1, red_from=1,
    ),
    Panel(
        "Transactions that came to nothing",
        "The database was away, or refused them.",
        [Query(_rate("ivr_engine_commit_errors_total", "error"), "{{error}}")],
        "ops",
    ),
    Panel(
        "Processor",
        "Share of one core.",
        [Query(_rate("process_cpu_seconds_total", "instance", ', job="ivr-pubsub"'),
               "{{instance}}")],
        "percentunit", amber_from=0.5, red_from=0.8,
    ),
    Panel(
        "Memory",
        "Resident.",
        [Query(f'process_resident_memory_bytes{{{HERE}, job="ivr-pubsub"}}', "{{instance}}")],
        "bytes",
    ),
    Panel(
        "Open files",
        "Sockets included.",
        [Query(f'process_open_fds{{{HERE}, job="ivr-pubsub"}}', "{{instance}}")],
        "short",
    ),
)  # fmt: skip

TABLE = Panel(
    "Versions",
    "Which version runs where.",
    [Query(f"max by (instance, version) (ivr_build_info{{{HERE}}})", "Runs")],
    "short", "table",
)  # fmt: skip

OPERATOR = Dashboard(
    "operator",
    "ivr-pubsub",
    "Whether the service, Asterisk, the XMPP server and the database do their work.",
    "instance",
    [*NOW, *OVER_TIME, TABLE],
)
