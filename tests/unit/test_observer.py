"""From what the engine commits to what Prometheus is told."""

from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerEntered,
    DrainBegun,
    ExitFound,
    NotConnected,
    NumberLookedUp,
    Withdraw,
)
from component.domain.model import Caller, Leg
from component.domain.words import Outcome
from component.http import Status
from component.metrics import OUTCOMES, Metrics
from component.observer import ConnectionObserver, asterisk_observer
from component.ports import Changes, Committed, Outgoing
from component.pubsub.crowd import Kind, Limit
from component.pubsub.model import ItemRetracted, Notification
from component.telephony.errors import AriError, AriUnreachableError
from tests.unit.observed import ObservedCentre

pytestmark = pytest.mark.unit


# Calls. ------------------------------------------------------------------------------------------


def test_an_answered_call_is_counted_with_its_wait_ring_and_talk() -> None:
    centre = ObservedCentre()
    centre.log_on("1000")
    call = centre.enter()
    centre.after(4)
    centre.talk(call, seconds=50)

    assert centre.support("ivr_calls_total", outcome="completed") == 1
    assert centre.support("ivr_offers_total", result="answered") == 1
    assert centre.support("ivr_wait_seconds_sum", result="answered") == 4
    assert centre.support("ivr_ring_seconds_sum") == 4
    assert centre.support("ivr_talk_seconds_sum") == 50
    assert centre.support("ivr_wait_seconds_count", result="abandoned") == 0


def test_the_wait_of_an_answered_call_is_counted_when_it_is_answered() -> None:
    centre = ObservedCentre()
    centre.log_on("1000")
    centre.answer(centre.enter())

    assert centre.support("ivr_wait_seconds_count", result="answered") == 1
    assert centre.support("ivr_calls_total", outcome="completed") == 0


def test_an_abandoned_call_is_no_talk() -> None:
    centre = ObservedCentre(joinempty=frozenset(), leavewhenempty=frozenset())
    call = centre.enter()
    centre.after(7)
    centre.hang_up(call)

    assert centre.support("ivr_calls_total", outcome="abandoned") == 1
    assert centre.support("ivr_wait_seconds_sum", result="abandoned") == 7
    assert centre.support("ivr_talk_seconds_count") == 0


@pytest.mark.parametrize(("wait", "in_time"), [(25, 1), (26, 0)])
def test_the_bucket_at_the_service_level_agrees_with_what_is_counted_as_in_time(
    wait: int, in_time: int
) -> None:
    centre = ObservedCentre(servicelevel=timedelta(seconds=25), timeout=timedelta(seconds=60))
    centre.log_on("1000")
    call = centre.enter()
    centre.after(wait)
    centre.answer(call)

    assert centre.support("ivr_servicelevel_seconds") == 25
    assert centre.support("ivr_answered_in_time_total") == in_time
    assert centre.support("ivr_wait_seconds_bucket", result="answered", le="25.0") == in_time


def test_a_call_that_is_passed_on_waits_once_and_talks_twice() -> None:
    centre = ObservedCentre()
    centre.log_on("1000")
    call = centre.enter()
    centre.after(4)
    centre.answer(call)
    centre.after(20)
    centre.take(BlindTransfer(centre.call(call).leg, "2000", "phones"))
    centre.after(3)
    centre.talk(call, seconds=30)

    assert centre.support("ivr_wait_seconds_sum", result="answered") == 4
    assert centre.support("ivr_wait_seconds_count", result="answered") == 1
    assert centre.support("ivr_offers_total", result="answered") == 2
    assert centre.support("ivr_ring_seconds_sum") == 4 + 3
    assert centre.support("ivr_talk_seconds_count") == 2
    assert centre.support("ivr_talk_seconds_sum") == 20 + 30
    assert centre.support("ivr_calls_total", outcome="completed") == 1


def test_a_caller_who_takes_the_place_of_who_asked_in_the_queue_talks_on() -> None:
    centre = ObservedCentre()
    centre.log_on("1000", "2000")
    for seconds in (4, 5):
        call = centre.enter()
        centre.after(seconds)
        centre.answer(call)
    centre.after(10)
    leg, asked = Leg("call1", 1), centre.call(call).leg
    centre.take(AttendedTransfer(leg, "PJSIP/2000", "PJSIP/2000-1", consult="channel2"))
    centre.leg_ends(leg)
    centre.after(30)
    centre.leg_ends(asked)

    assert centre.support("ivr_offers_total", result="answered") == 2
    assert centre.support("ivr_wait_seconds_sum", result="answered") == 4 + 5
    assert centre.support("ivr_talk_seconds_sum") == (5 + 10) + (10 + 30)
    assert centre.support("ivr_talk_seconds_count") == 2
    assert centre.support("ivr_calls_total", outcome="completed") == 2


def test_who_is_passed_on_by_the_dialplan_waits_in_both_queues() -> None:
    centre = ObservedCentre()
    centre.log_on("1000")
    call = centre.enter()
    centre.after(4)
    leg = centre.call(call).leg
    centre.answer(call)
    centre.after(20)
    centre.take(NumberLookedUp(leg, "5000", "phones", exists=True))
    centre.after(60)
    centre.take(CallerEntered("again", "support", "channel1", Caller("5550101")))
    centre.after(7)
    centre.leg_ends(leg)
    centre.after(5)
    centre.talk(call, seconds=30)

    assert centre.support("ivr_wait_seconds_sum", result="answered") == 4 + 12
    assert centre.support("ivr_wait_seconds_count", result="answered") == 2
    assert centre.support("ivr_talk_seconds_sum") == 20 + 30
    assert centre.support("ivr_talk_seconds_count") == 2
    assert centre.support("ivr_calls_total", outcome="transferred") == 1


def test_a_caller_who_is_not_let_in_is_released() -> None:
    centre = ObservedCentre()
    centre.enter()

    assert centre.support("ivr_calls_total", outcome="joinempty") == 1
    assert centre.support("ivr_wait_seconds_count", result="released") == 1


def test_a_caller_who_cannot_be_held_is_counted() -> None:
    centre = ObservedCentre()
    assert centre.observer is not None
    centre.observer.turned_away("support")

    assert centre.support("ivr_calls_total", outcome="unavailable") == 1


def test_who_cannot_be_held_and_came_to_no_queue_is_counted_without_a_label_of_its_own() -> None:
    centre = ObservedCentre()
    assert centre.observer is not None
    centre.observer.turned_away("suport")

    assert centre.value("ivr_calls_total", queue="", outcome="no_such_queue") == 1
    assert "suport" not in generate_latest(centre.metrics.registry).decode()


def test_callers_who_come_while_it_drains_are_counted() -> None:
    centre = ObservedCentre()
    assert centre.support("ivr_calls_total", outcome="draining") == 0
    centre.take(DrainBegun())
    centre.enter()

    assert centre.support("ivr_calls_total", outcome="draining") == 1
    assert centre.support("ivr_wait_seconds_count", result="released") == 1


def test_callers_of_queues_that_there_are_not_are_counted_without_a_label_of_each() -> None:
    centre = ObservedCentre()
    assert centre.value("ivr_calls_total", queue="", outcome="no_such_queue") == 0
    for queue in ("suport", "slaes"):
        centre.take(CallerEntered(f"call to {queue}", queue, queue, Caller("5550101")))

    assert centre.value("ivr_calls_total", queue="", outcome="no_such_queue") == 2
    assert "suport" not in generate_latest(centre.metrics.registry).decode()


def test_an_offer_that_is_not_taken_is_counted_with_its_ringing() -> None:
    centre = ObservedCentre()
    centre.log_on("1000", "2000")
    call = centre.enter()
    centre.after(3)
    centre.reject(call)

    assert centre.support("ivr_offers_total", result="rejected") == 1
    assert centre.support("ivr_ring_seconds_sum") == 3


@pytest.mark.parametrize("left", ["by a key", "withdrawn"])
def test_an_offer_of_which_nothing_comes_as_the_caller_leaves_is_no_timeout(left: str) -> None:
    centre = ObservedCentre(context="exits")
    centre.log_on("1000")
    call = centre.enter()
    if left == "by a key":
        centre.take(ExitFound(call, "0", "exits"))
    else:
        centre.take(Withdraw(call))

    assert centre.support("ivr_offers_total", result="caller_left") == 1
    assert centre.support("ivr_offers_total", result="timeout") == 0


@pytest.mark.parametrize("end", ["talks", "hangs up"])
def test_the_wait_of_who_could_not_be_connected_is_counted_once(end: str) -> None:
    centre = ObservedCentre("1000", "2000")
    centre.log_on("1000", "2000")
    call = centre.enter()
    centre.after(4)
    centre.answer(call)
    centre.take(NotConnected(centre.call(call).leg))
    centre.after(5)
    if end == "talks":
        centre.talk(call)
    else:
        centre.hang_up(call)

    waits = ("answered", "abandoned", "released")
    found = [centre.support("ivr_wait_seconds_count", result=result) for result in waits]
    assert found == [1, 0, 0]


def test_every_outcome_of_the_domain_is_known_from_the_start() -> None:
    assert {*Outcome} < {*OUTCOMES}


def test_callers_who_wait_are_counted_and_the_longest_wait_is_told() -> None:
    centre = ObservedCentre(joinempty=frozenset(), leavewhenempty=frozenset())
    centre.enter()
    centre.after(5)
    centre.enter()
    centre.after(2)

    assert centre.support("ivr_callers_waiting") == 2
    assert centre.support("ivr_longest_wait_seconds") == 7


def test_nobody_waits_for_no_time() -> None:
    assert ObservedCentre().support("ivr_longest_wait_seconds") == 0


# Messages. ---------------------------------------------------------------------------------------


def test_notifications_are_counted_by_kind_and_recipient() -> None:
    centre = ObservedCentre()
    assert centre.observer is not None
    told = Notification("ext1000", "ivr.example.com", ("a@b", "c@d"), ItemRetracted("call1"))
    centre.observer.committed(Committed(1, [], [told], Changes(), timedelta(0)))

    assert centre.value("ivr_notifications_total", kind="item_retracted") == 2


def test_whom_limits_keep_out_is_counted() -> None:
    centre = ObservedCentre()
    assert centre.observer is not None
    refusals = {(Kind.NODE, Limit.ACCOUNT): 3}
    centre.observer.committed(Committed(1, [], [], Changes(), timedelta(0), refusals))

    assert centre.value("ivr_limit_refusals_total", kind="node", limit="account") == 3
    assert centre.value("ivr_limit_refusals_total", kind="presence", limit="total") == 0


def test_announcements_are_counted_by_member() -> None:
    centre = ObservedCentre()
    centre.log_on("1000", "2000")
    centre.enter()

    assert centre.value("ivr_notifications_total", kind="announcement") == 2


def test_the_outbox_shows_its_depth_and_the_age_of_the_oldest() -> None:
    centre = ObservedCentre()
    assert centre.value("ivr_outbox_oldest_seconds") == 0
    for _ in range(2):
        seq = centre.outbox.next_seq(centre.now)
        message = Outgoing(seq, "ivr.example.com", ("a@b",), "headline", "<event/>")
        centre.outbox.committed(Changes(outgoing=[message]))
        centre.after(30)

    assert centre.value("ivr_outbox_messages") == 2
    assert centre.value("ivr_outbox_oldest_seconds") == pytest.approx(60)


def test_a_message_is_timed_until_it_is_handed_to_the_stream() -> None:
    centre = ObservedCentre()
    assert centre.observer is not None
    seq = centre.outbox.next_seq(centre.now)
    centre.after(0.02)
    centre.observer.handed_over([seq])

    assert centre.value("ivr_notification_handover_seconds_count") == 1
    assert centre.value("ivr_notification_handover_seconds_sum") == pytest.approx(0.02, abs=1e-5)


# Peers and the engine. ---------------------------------------------------------------------------


def test_commits_are_timed_and_events_that_share_one_counted() -> None:
    centre = ObservedCentre()
    centre.log_on("1000")

    assert centre.value("ivr_engine_batch_events_sum") == 1
    assert centre.value("ivr_engine_commit_seconds_sum") == pytest.approx(0.003)


def test_a_connection_that_comes_back_is_counted() -> None:
    metrics = Metrics("1.2.3")
    observer = ConnectionObserver(metrics)
    for ready in (False, True, False, True):
        observer.refresh({"xmpp": Status(ready, "")})

    assert metrics.registry.get_sample_value("ivr_up", {"peer": "xmpp"}) == 1
    assert metrics.registry.get_sample_value("ivr_reconnects_total", {"peer": "xmpp"}) == 1


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (AriUnreachableError("timeout"), "no_answer"),
        (AriError(404, "no such channel"), "refused"),
        (AriError(500, "allocation failed"), "failed"),
    ],
)
def test_requests_to_asterisk_are_timed_and_their_errors_told_apart(
    error: AriError, word: str
) -> None:
    metrics = Metrics("1.2.3")
    asked = asterisk_observer(metrics)
    asked("channels.get", 0.1, None)
    asked("channels.get", 0.2, error)

    labels = {"operation": "channels.get"}
    read = metrics.registry.get_sample_value
    assert read("ivr_ari_request_seconds_count", labels) == 2
    assert read("ivr_ari_errors_total", {**labels, "error": word}) == 1
