import re

import pytest
from prometheus_client import generate_latest

from component.metrics import LookupResult, Metrics, OfferResult, Outcome, Peer

pytestmark = pytest.mark.unit


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_calls_are_counted_by_queue_and_outcome(metrics: Metrics) -> None:
    metrics.call_left("support", Outcome.COMPLETED, waited=3.0)
    metrics.call_left("support", Outcome.COMPLETED, waited=30.0)
    metrics.call_left("support", Outcome.ABANDONED, waited=7.0)
    assert value(metrics, "ivr_calls_total", queue="support", outcome="completed") == 2
    assert value(metrics, "ivr_calls_total", queue="support", outcome="abandoned") == 1


def test_waiting_times_fall_into_buckets(metrics: Metrics) -> None:
    metrics.call_left("support", Outcome.COMPLETED, waited=3.0)
    metrics.call_left("support", Outcome.TIMEOUT, waited=60.0)
    assert value(metrics, "ivr_wait_seconds_bucket", queue="support", le="5.0") == 1
    assert value(metrics, "ivr_wait_seconds_bucket", queue="support", le="60.0") == 2
    assert value(metrics, "ivr_wait_seconds_sum", queue="support") == 63


def test_offers_are_counted_by_result(metrics: Metrics) -> None:
    metrics.offer_ended("support", OfferResult.NO_ANSWER)
    assert value(metrics, "ivr_offers_total", queue="support", result="no_answer") == 1


def test_queues_show_their_callers_and_members(metrics: Metrics) -> None:
    metrics.queues(waiting={"support": 4}, members={"support": 2})
    metrics.queues(waiting={"support": 3}, members={"support": 2})
    assert value(metrics, "ivr_callers_waiting", queue="support") == 3
    assert value(metrics, "ivr_members_logged_on", queue="support") == 2


def test_lookups_are_counted_and_timed(metrics: Metrics) -> None:
    metrics.customer_looked_up(LookupResult.FOUND, 0.004)
    assert value(metrics, "ivr_customer_lookups_total", result="found") == 1
    assert value(metrics, "ivr_customer_lookups_total", result="timeout") == 0
    assert value(metrics, "ivr_customer_lookup_seconds_bucket", le="0.005") == 1


def test_the_engine_shows_its_batches(metrics: Metrics) -> None:
    metrics.committed(events=7, seconds=0.02)
    metrics.outbox(12)
    metrics.notified(3)
    assert value(metrics, "ivr_engine_batch_events_sum") == 7
    assert value(metrics, "ivr_engine_commit_seconds_count") == 1
    assert value(metrics, "ivr_outbox_messages") == 12
    assert value(metrics, "ivr_notifications_total") == 3


def test_a_peer_is_down_until_said_otherwise(metrics: Metrics) -> None:
    assert [value(metrics, "ivr_up", peer=peer) for peer in Peer] == [0, 0, 0]
    metrics.up(Peer.XMPP, up=True)
    metrics.reconnected(Peer.XMPP)
    assert value(metrics, "ivr_up", peer="xmpp") == 1
    assert value(metrics, "ivr_reconnects_total", peer="xmpp") == 1
    assert value(metrics, "ivr_reconnects_total", peer="asterisk") == 0


def test_the_build_is_named(metrics: Metrics) -> None:
    assert value(metrics, "ivr_build_info", version="1.2.3") == 1


def test_two_services_in_one_process_do_not_share_metrics(metrics: Metrics) -> None:
    Metrics("other").notified(1)
    assert value(metrics, "ivr_notifications_total") == 0


def test_names_follow_the_conventions(metrics: Metrics) -> None:
    own = [
        family
        for family in metrics.registry.collect()
        if not family.name.startswith(("process_", "python_gc_"))
    ]
    assert len(own) > 10
    for family in own:
        assert re.fullmatch(r"ivr_[a-z]+(_[a-z]+)*", family.name)
        assert family.documentation
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_events"))


def test_the_process_is_measured_too(metrics: Metrics) -> None:
    assert b"process_cpu_seconds_total" in generate_latest(metrics.registry)
