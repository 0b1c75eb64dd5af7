"""An agent asks in a queue before he passes a call on: the caller takes his place there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain import sticky
from component.domain.announcements import THANKS
from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Command,
    Connect,
    Display,
    EndCall,
    HangUpLeg,
    Hold,
    Hush,
    Part,
    Release,
    Say,
    ShowCall,
    WakeAt,
)
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerLeft,
    ConnectDue,
    LegAnswered,
    NotConnected,
    QueueRemoved,
    StickyOver,
)
from component.domain.hold_times import HoldTime
from component.domain.model import Caller, Leg, Spoke, Transfer
from component.domain.queue import AnnounceHoldTime
from component.domain.words import AgentState, CallState, LegEnd, Outcome, QueueStatus
from tests.unit.domain.call_centre import COMPANY_1, CallCentre, of_kind
from tests.unit.domain.transfers import FIRST, moved_item, talking

pytestmark = pytest.mark.unit

ASKED = Leg("call2", 1)
REFUSED = [AnswerTransfer(FIRST, accepted=False)]


def asking(*there: str, **settings: object) -> CallCentre:
    """1000 talks with a customer, and has called the queue on channel2, where these are there."""
    centre = talking(*there, **settings)
    centre.state.calls.put("call1", replace(centre.call("call1"), customer=COMPANY_1))
    centre.enter()
    centre.after(5)
    return centre


def having_asked(**settings: object) -> CallCentre:
    """The same, and 2000 has answered."""
    centre = asking("2000", **settings)
    centre.answer("call2")
    centre.after(10)
    return centre


def pass_on(centre: CallCentre, consult: str = "channel2") -> list[Command]:
    """Who answered has a leg of ours; who has not is known by nothing but the second call."""
    if centre.call("call2").state is CallState.ANSWERED:
        peer = ("PJSIP/2000", "PJSIP/2000-00000007")
        return centre.take(AttendedTransfer(FIRST, *peer, consult))
    return centre.take(BlindTransfer(FIRST, "s", "ivr-support", consult))


def test_who_answered_in_the_queue_talks_with_the_caller() -> None:
    centre = having_asked()
    commands = pass_on(centre)

    assert [c for c in commands if isinstance(c, Part | Connect)] == [
        Part("call2", talk_bridge(FIRST, "channel1"), connected_by="call1"),
        Part("call2", talk_bridge(ASKED, "channel2")),  # who asked is not to hear them
        Connect(ASKED, "channel1"),
    ]
    call = centre.call("call2")
    assert (call.state, call.extension, call.channel) == (CallState.ANSWERED, "2000", "channel1")
    assert of_kind(centre.leg_ends(ASKED), EndCall) == [
        EndCall("call2", "channel1", talk_bridge(ASKED, "channel1"))
    ]
    assert centre.call("call2").outcome is Outcome.COMPLETED
    assert centre.agent("2000").calls_taken == 1


def test_the_phone_of_who_was_asked_displays_the_caller() -> None:
    centre = having_asked()
    assert of_kind(pass_on(centre), Display) == [Display(ASKED, Caller("5550101", "Company 1"))]


def test_a_phone_that_rang_for_who_asks_displays_the_caller_once_it_is_answered() -> None:
    centre = asking("2000")
    assert of_kind(pass_on(centre), Display) == []
    assert of_kind(centre.answer("call2"), Display) == [
        Display(ASKED, Caller("5550101", "Company 1"))
    ]


def test_a_phone_that_rings_for_the_caller_displays_him_already() -> None:
    centre = asking()
    pass_on(centre)
    centre.log_on("2000")
    assert of_kind(centre.answer("call2"), Display) == []


def test_the_item_of_the_first_extension_goes_and_that_of_the_other_tells_of_the_caller() -> None:
    centre = having_asked()
    was, (extension, call) = moved_item(pass_on(centre))

    assert (was, extension) == (("1000", "call1"), "2000")
    assert (call.id, call.state, call.revision) == ("call2", CallState.ANSWERED, 3)
    assert (call.customer, call.caller) == (COMPANY_1, Caller("5550101", "Caller"))
    assert call.transfers == (Transfer("1000", centre.now, attended=True),)


def test_the_first_agent_is_let_go_and_his_phone_leaves_the_queue() -> None:
    centre = having_asked()
    commands = pass_on(centre)

    told = commands.index(AnswerTransfer(FIRST, accepted=True))
    assert told < commands.index(HangUpLeg(FIRST))
    [end] = of_kind(commands, EndCall)
    assert (end.call_id, end.channel) == ("call1", "channel2")
    assert centre.call("call1").outcome is Outcome.COMPLETED
    centre.leg_ends(FIRST)
    assert centre.agent("1000").state is AgentState.AVAILABLE
    assert centre.take(CallerLeft("channel2")) == [], "that is no caller any more"


def test_who_hangs_up_ends_the_talk() -> None:
    centre = having_asked()
    pass_on(centre)
    commands = centre.take(CallerLeft("channel1"))

    assert of_kind(commands, HangUpLeg) == [HangUpLeg(ASKED)]
    assert centre.call("call2").outcome is Outcome.COMPLETED
    assert list(centre.state.passed_on) == []


def test_who_wished_to_go_on_when_the_agent_hangs_up_does_so_from_the_other_one_too() -> None:
    centre = having_asked()
    call = centre.call("call1")
    terms = replace(call.terms, continues=True)
    centre.state.calls.put("call1", replace(call, terms=terms))
    pass_on(centre)

    [release] = of_kind(centre.leg_ends(ASKED), Release)
    assert (release.channel, release.status) == ("channel1", QueueStatus.CONTINUE)


def test_who_cannot_be_connected_waits_in_that_queue_before_all_who_came_later() -> None:
    centre = having_asked()
    centre.after(300)
    pass_on(centre)
    commands = centre.take(NotConnected(ASKED))

    assert centre.call("call2").state is CallState.WAITING
    assert [hold.channel for hold in of_kind(commands, Hold)] == ["channel1"]
    centre.leg_ends(ASKED)
    centre.pause("1000")
    centre.pause("2000")
    centre.after(60)
    assert centre.all(Release) == [Release("call2", "channel1", QueueStatus.TIMEOUT)]


def test_where_it_still_rings_it_rings_for_the_caller() -> None:
    centre = asking("2000")
    commands = pass_on(centre)

    assert centre.call("call2").state is CallState.OFFERED
    assert [(s.extension, s.call.customer) for s in of_kind(commands, ShowCall)] == [
        ("2000", COMPANY_1)
    ]
    # The first is for Asterisk: who leaves call2 would take what rings for it along.
    assert [(h.call_id, h.channel) for h in of_kind(commands, Hold)] == [
        ("call1", "channel2"),
        ("call2", "channel1"),
    ]
    assert of_kind(centre.answer("call2"), Connect) == [Connect(ASKED, "channel1")]


def test_where_nobody_is_free_the_caller_waits_in_the_place_of_who_asked() -> None:
    centre = asking()
    later = centre.enter()
    pass_on(centre)

    assert [call.id for call in centre.state.waiting("support")] == ["call2", later]
    centre.log_on("2000")
    assert of_kind(centre.answer("call2"), Connect) == [Connect(ASKED, "channel1")]


def test_what_the_agent_hears_in_the_queue_is_cut_off_before_his_phone_is_the_other_call_s() -> (
    None
):
    centre = asking(announce_frequency=timedelta(seconds=30))
    centre.after(30)
    assert centre.call("call2").told.speaking
    commands = pass_on(centre)

    [hush] = of_kind(commands, Hush)
    assert hush == Hush("call2", centre.call("call2").told.number, before="call1")
    [of_the_phone, _] = of_kind(commands, Hold)
    assert of_the_phone.channel == "channel2"
    assert commands.index(hush) < commands.index(of_the_phone)


def test_the_caller_hears_the_agent_no_more_before_he_is_spoken_to() -> None:
    centre = asking()
    commands = pass_on(centre)

    [part] = of_kind(commands, Part)
    assert part == Part("call2", talk_bridge(FIRST, "channel1"), connected_by="call1")
    [_, of_the_caller] = of_kind(commands, Hold)
    assert of_the_caller.channel == "channel1"
    assert commands.index(part) < commands.index(of_the_caller)


def test_the_caller_is_told_the_position_that_the_phone_had_been_told() -> None:
    """And the hold time, even if that is said once."""
    centre = asking(
        announce_frequency=timedelta(seconds=60), announce_holdtime=AnnounceHoldTime.ONCE
    )
    centre.state.holdtimes.put("support", (HoldTime("before", 300),))
    pass_on(centre)
    centre.leg_ends(FIRST)
    centre.pause("1000")

    centre.decided = [c for c in centre.decided if not isinstance(c, Say)]
    centre.said("call2")
    [said] = centre.all(Say)
    assert said.channel == "channel1"
    assert said.sounds == ("queue-youarenext", "queue-holdtime", 5, "queue-minutes", THANKS)


def test_who_asked_is_asked_last() -> None:
    centre = asking()
    pass_on(centre)
    centre.leg_ends(FIRST)
    assert centre.ringing() == []
    centre.after(5)

    assert centre.ringing() == ["1000"]


def test_the_caller_waits_for_as_long_as_one_who_has_just_come() -> None:
    centre = asking()
    centre.after(50)
    pass_on(centre)
    centre.after(59)
    assert centre.all(Release) == []
    centre.after(1)

    assert centre.all(Release) == [Release("call2", "channel1", QueueStatus.TIMEOUT)]


def test_an_agent_who_hears_silence_first_hears_the_caller_then() -> None:
    centre = asking("2000", memberdelay=timedelta(seconds=20))
    centre.take(ConnectDue(FIRST))
    centre.answer("call2")
    assert centre.call("call2").state is CallState.CONNECTING
    pass_on(centre)

    assert of_kind(centre.take(ConnectDue(ASKED)), Connect) == [Connect(ASKED, "channel1")]


@pytest.mark.parametrize(("known_to", "preferred"), [("2000", "2000"), ("1000", None)])
def test_the_caller_may_wait_for_who_knows_the_customer_if_that_is_not_who_asked(
    known_to: str, preferred: str | None
) -> None:
    minutes = timedelta(minutes=5)
    centre = asking(sticky=minutes * 12, sticky_wait=minutes, max_wait=minutes * 3)
    centre.state.spoke.put(1, Spoke(1, known_to, centre.now - minutes))
    pass_on(centre)

    assert sticky.preferred(centre.state, centre.call("call2")) == preferred
    assert StickyOver("call2") in [timer.event for timer in of_kind(centre.decided, WakeAt)]


def test_the_call_may_be_passed_on_again() -> None:
    centre = having_asked()
    pass_on(centre)
    centre.take(BlindTransfer(ASKED, "3000", "from-phones"))

    assert centre.ringing() == ["3000"]
    assert [t.extension for t in centre.call("call2").transfers] == ["1000", "2000"]


@pytest.mark.parametrize("why", ["removed", "his own phone", "to be called back", "gone"])
def test_where_the_caller_cannot_take_the_place_the_talk_goes_on(why: str) -> None:
    centre = having_asked()
    call = centre.call("call2")
    match why:
        case "removed":
            centre.take(QueueRemoved("support"))
        case "his own phone":
            offers = (replace(call.offers[0], extension="1000"),)
            centre.state.calls.put("call2", replace(call, offers=offers))
        case "to be called back":
            centre.state.calls.put("call2", replace(call, state=CallState.AWAY, offers=()))
        case "gone":  # then it is an agent who has no free hand, or is nobody's phone
            centre.state.calls.put("call2", replace(call, channel="channel9"))
    before = centre.call("call1")

    assert pass_on(centre) == REFUSED
    assert centre.call("call1") == before


def test_the_queue_log_tells_that_who_asked_has_left() -> None:
    centre = having_asked()
    pass_on(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(ASKED)

    rows = [(callid, agent, event) for callid, agent, event, _ in centre.logged()]
    assert [row for row in rows if row[0] != "NONE"] == [
        ("channel1", "NONE", "ENTERQUEUE"),
        ("channel1", "1000", "CONNECT"),
        ("channel2", "NONE", "ENTERQUEUE"),
        ("channel2", "2000", "CONNECT"),
        ("channel1", "1000", "ATTENDEDTRANSFER"),
        ("channel2", "2000", "COMPLETECALLER"),
    ]


def test_the_queue_log_tells_that_the_caller_has_come_into_the_line() -> None:
    centre = asking("2000")
    pass_on(centre)
    centre.leg_ends(FIRST)
    centre.leg_ends(ASKED, LegEnd.BUSY)

    assert [row for row in centre.logged() if row[0] != "NONE"][-4:] == [
        ("channel1", "1000", "BLINDTRANSFER", ("s", "ivr-support", "3", "25", "1")),
        ("channel2", "NONE", "WITHDRAW", ("1", "1", "5", "taken over by channel1")),
        ("channel1", "NONE", "ENTERQUEUE", ("", "5550101", "1")),
        ("channel1", "2000", "RINGNOANSWER", ("5000",)),
    ]


def test_the_queue_log_tells_nothing_more_of_a_second_call_that_was_passed_on() -> None:
    centre = having_asked()
    centre.take(BlindTransfer(ASKED, "3000", "from-phones"))
    centre.leg_ends(ASKED)
    passed_on = centre.call("call2").leg
    centre.take(LegAnswered(passed_on))
    centre.take(AttendedTransfer(FIRST, "PJSIP/3000", "PJSIP/3000-00000008", "channel2"))
    centre.leg_ends(passed_on)

    events = [event for callid, _, event, _ in centre.logged() if callid == "channel2"]
    assert events == ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"]
