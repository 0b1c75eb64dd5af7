import contextlib
import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerLeft,
    CallerReplaced,
    CustomerAnswered,
    DeviceStateChanged,
    DigitPressed,
    LegAnswered,
    LegEnded,
    Said,
)
from component.domain.model import Caller, Leg
from component.domain.terms import Need, Terms
from component.domain.words import DeviceState, LegEnd
from component.ports import WaitingChannel
from component.telephony.errors import MalformedEventError
from component.telephony.translate import TransferTold, translate, waiting_channel
from tests.unit.telephony.recorded import ANSWERED_ATTEMPT, CALL_ID, CALLER_CHANNEL, EVENTS

pytestmark = pytest.mark.unit

CUSTOMER = "ivrcallback-c1.2"


def test_a_caller_enters_with_queue_and_digits() -> None:
    assert translate(EVENTS["caller_enters"]) == WaitingChannel(
        channel=CALLER_CHANNEL,
        queue="support",
        digits="1111",
        caller_number="caller",
        caller_name="",
        created_at=datetime(2026, 11, 23, 1, 21, 49, 114000, tzinfo=UTC),
    )


def test_a_caller_may_have_keyed_nothing() -> None:
    waiting = translate({**EVENTS["caller_enters"], "args": ["support"]})
    assert isinstance(waiting, WaitingChannel)
    assert waiting.digits == ""


@pytest.mark.parametrize("arguments", [[], [""], ["", "1111"]])
def test_a_caller_for_whom_the_dialplan_names_no_queue_enters_none(arguments: list[str]) -> None:
    waiting = translate({**EVENTS["caller_enters"], "args": arguments})
    assert isinstance(waiting, WaitingChannel)
    assert waiting.queue == ""


def test_a_caller_leaves() -> None:
    assert translate(EVENTS["caller_leaves"]) == CallerLeft(CALLER_CHANNEL)


def test_a_leg_that_enters_the_application_was_answered() -> None:
    assert translate(EVENTS["leg_answers"]) == LegAnswered(Leg(CALL_ID, ANSWERED_ATTEMPT))


def test_a_leg_that_leaves_the_application_has_ended_even_if_it_lives_on() -> None:
    left = translate(EVENTS["leg_leaves"])
    assert left == LegEnded(Leg(CALL_ID, ANSWERED_ATTEMPT), LegEnd.HUNG_UP)


def test_a_channel_that_asterisk_puts_in_the_place_of_a_callers_is_no_new_caller() -> None:
    event = EVENTS["caller_enters"]
    local = {**event["channel"], "id": "local"}
    replaced = {**event, "args": [], "channel": local, "replace_channel": event["channel"]}
    assert translate(replaced) == CallerReplaced(CALLER_CHANNEL, "local", Caller("caller"))


def to_customer(event: dict[str, Any]) -> dict[str, Any]:
    """The same event of a channel to a customer who is called back."""
    return {**event, "channel": {**event["channel"], "id": CUSTOMER}}


def test_a_channel_to_a_customer_that_enters_the_application_was_answered() -> None:
    answered = translate({**to_customer(EVENTS["leg_answers"]), "args": ["customer"]})
    assert answered == CustomerAnswered("c1", CUSTOMER)


def test_a_customer_who_was_passed_on_and_comes_to_a_queue_by_that_is_a_caller() -> None:
    waiting = translate(to_customer(EVENTS["caller_enters"]))
    assert isinstance(waiting, WaitingChannel)
    assert (waiting.channel, waiting.queue) == (CUSTOMER, "support")


def test_a_customer_who_leaves_is_on_the_line_no_more() -> None:
    assert translate(to_customer(EVENTS["leg_leaves"])) == CallerLeft(CUSTOMER)


def test_why_a_customer_was_not_reached_is_told() -> None:
    busy = translate(to_customer(EVENTS["leg_busy"]))
    assert busy == CallerLeft(CUSTOMER, LegEnd.BUSY)


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        ("leg_busy", LegEnd.BUSY),
        ("leg_busy_everywhere", LegEnd.BUSY),
        ("leg_declined", LegEnd.REJECTED),
        ("leg_temporarily_unavailable", LegEnd.NO_ANSWER),
        ("leg_request_timeout", LegEnd.NO_ANSWER),
        ("leg_rang_out", LegEnd.NO_ANSWER),
        ("leg_not_found", LegEnd.UNAVAILABLE),
        ("leg_taken_down", LegEnd.HUNG_UP),
        ("leg_hangs_up", LegEnd.HUNG_UP),
    ],
)
def test_why_a_leg_ended(happened: str, reason: LegEnd) -> None:
    ended = translate(EVENTS[happened])
    assert isinstance(ended, LegEnded)
    assert ended.leg.call_id == CALL_ID
    assert ended.reason is reason


def test_an_agent_passes_the_call_on() -> None:
    leg = Leg(CALL_ID, 1)
    assert translate(EVENTS["agent_transfers"]) == BlindTransfer(leg, "0000", "from-phones")


def test_an_agent_passes_the_call_on_to_who_was_asked() -> None:
    asked = translate(EVENTS["agent_transfers_after_consultation"])
    phone = ("PJSIP/2000", "PJSIP/2000-00000007")
    assert asked == AttendedTransfer(Leg(CALL_ID, 1), *phone, consult="1795659494.6")


def test_an_agent_passes_the_call_on_to_who_has_not_answered_yet() -> None:
    asked = translate(EVENTS["agent_transfers_during_consultation"])
    assert asked == BlindTransfer(Leg(CALL_ID, 1), "2000", "from-phones", consult="1795686050.4")


def test_who_was_fetched_from_another_talk_passes_the_call_on_in_the_name_of_the_leg() -> None:
    event = copy.deepcopy(EVENTS["agent_transfers"])
    referred_by = event["referred_by"]
    phone = referred_by["source_channel"]
    leg = phone["id"]
    phone["id"] = "1795694503.6"
    phone["dialplan"] |= {"context": "ivr-fetched", "exten": "0000001f-from-phones"}
    assert translate(event) is None, "it may be any phone"
    referred_by["connected_channel"] = {**phone, "id": f"{leg};2"}
    assert translate(event) == BlindTransfer(Leg(CALL_ID, 1), "0000", "from-phones")
    referred_by["connected_channel"]["id"] = "1795694503.7"
    assert translate(event) is None


def test_a_transfer_to_a_call_that_asterisk_does_not_know_is_one_to_nobody() -> None:
    event = copy.deepcopy(EVENTS["agent_transfers_after_consultation"])
    refer_to = event["refer_to"]
    event["refer_to"] = {"requested_destination": refer_to["requested_destination"]}
    asked = translate(event)
    assert isinstance(asked, BlindTransfer)
    assert asked.number == ""


def test_that_the_agent_is_told_of_the_transfer_is_no_transfer() -> None:
    told = translate(EVENTS["agent_is_told_of_the_transfer"])
    assert told == TransferTold(Leg(CALL_ID, 1))


def test_a_leg_that_was_answered_was_hung_up_whatever_the_cause() -> None:
    event = copy.deepcopy(EVENTS["leg_hangs_up"])
    event["cause"] = 38  # network out of order
    ended = translate(event)
    assert isinstance(ended, LegEnded)
    assert ended.reason is LegEnd.HUNG_UP


def test_the_sip_status_tells_where_the_cause_does_not() -> None:
    ended = translate({**EVENTS["leg_busy"], "cause": 127})
    assert isinstance(ended, LegEnded)
    assert ended.reason is LegEnd.BUSY


def test_a_caller_presses_a_key() -> None:
    event = {"type": "ChannelDtmfReceived", "digit": "#", "channel": {"id": "1.1"}}
    assert translate(event) == DigitPressed("1.1", "#")


def test_what_agents_key_is_not_for_us() -> None:
    event = {"type": "ChannelDtmfReceived", "digit": "#", "channel": {"id": "ivr-c1.1"}}
    assert translate(event) is None


def test_what_a_caller_brings_along_comes_after_the_priority() -> None:
    arguments = ["support", "", "", "max_penalty=3", "options=c"]
    waiting = translate({**EVENTS["caller_enters"], "args": arguments})
    assert isinstance(waiting, WaitingChannel)
    assert waiting.terms == Terms(Need(max_penalty=3), continues=True)


def test_an_announcement_is_over() -> None:
    event = {"type": "PlaybackFinished", "playback": {"id": "ivr-c1.2", "state": "done"}}
    assert translate(event) == Said("c1", 2)
    assert translate({**event, "playback": {"id": "2f9c"}}) is None


def test_a_device_changes_its_state() -> None:
    changed = DeviceStateChanged("PJSIP/1000", DeviceState.NOT_INUSE)
    assert translate(EVENTS["device_not_in_use"]) == changed


@pytest.mark.parametrize("event", [EVENTS["dial"], {"type": "Unheard"}, {"type": 1}, {}])
def test_events_of_other_types_mean_nothing(event: dict[str, Any]) -> None:
    assert translate(event) is None


@pytest.mark.parametrize(
    "event",
    [
        {"type": "StasisStart"},
        {**EVENTS["caller_enters"], "args": "support"},
        {**EVENTS["caller_enters"], "args": [1, 2]},
        {"type": "StasisEnd", "channel": {"id": 7}},
        {"type": "ChannelDestroyed", "channel": []},
        {"type": "DeviceStateChanged", "device_state": {"name": "PJSIP/1000", "state": "ASLEEP"}},
    ],
)
def test_an_event_that_lacks_what_ari_promises_is_an_error(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedEventError):
        translate(event)


@pytest.mark.parametrize(
    "time", ["", "yesterday", "2026-11-23T01:21:49", "0001-01-01T00:00:00+2359"]
)
def test_a_channel_without_a_proper_creation_time_is_an_error(time: str) -> None:
    channel = {**EVENTS["caller_enters"]["channel"], "creationtime": time}
    with pytest.raises(MalformedEventError):
        waiting_channel(channel, ["support"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@st.composite
def damaged_events(draw: st.DrawFn) -> dict[str, Any]:
    """A recorded event, one part of which, at any depth, is replaced or missing."""
    event = copy.deepcopy(EVENTS[draw(st.sampled_from(sorted(EVENTS)))])
    part: Any = event
    while True:
        name = draw(st.sampled_from(sorted(part)))
        if not (isinstance(part[name], dict) and draw(st.booleans())):
            break
        part = part[name]
    if draw(st.booleans()):
        del part[name]
    else:
        part[name] = draw(json_values)
    return event


@given(damaged_events())
@example({"type": "ChannelDestroyed", "channel": {"id": "ivr-x.1", "state": "Down"}, "cause": []})
def test_no_event_makes_it_fail_otherwise(event: dict[str, Any]) -> None:
    with contextlib.suppress(MalformedEventError):
        translate(event)


@given(st.text(st.characters()), st.text(st.characters()))
def test_what_callers_say_of_themselves_is_printable(number: str, name: str) -> None:
    channel = EVENTS["caller_enters"]["channel"] | {"caller": {"number": number, "name": name}}
    waiting = waiting_channel(channel, ["support", number])
    for text in (waiting.caller_number, waiting.caller_name, waiting.digits):
        assert text.isprintable()
        text.encode()


@pytest.mark.parametrize(
    ("arguments", "priority"),
    [
        (["support"], 0),
        (["support", "1111", ""], 0),
        (["support", "1111", "5"], 5),
        (["support", "", "high"], 0),
        (["support", "", "-1"], -1),
        (["support", "", "-"], 0),
        (["support", "", "9" * 30], 0),
    ],
)
def test_the_third_argument_is_the_priority(arguments: list[str], priority: int) -> None:
    entered = {**EVENTS["caller_enters"], "args": arguments}
    waiting = translate(entered)

    assert isinstance(waiting, WaitingChannel)
    assert waiting.priority == priority
