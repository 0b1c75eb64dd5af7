"""A supervisor moves a caller who waits: within the line, or to another queue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import Announce, Hold, Hush, Release, Say, SeekExit
from component.domain.errors import NotWaitingError, QueueRefusesError, UnknownQueueError
from component.domain.events import DigitPressed, ExitFound, MoveCaller, QueueChanged
from component.domain.model import Member
from component.domain.terms import Need, Terms
from component.domain.words import CallState, DeviceState, Outcome, Place, QueueStatus
from tests.unit.domain.call_centre import SUPPORT, CallCentre, of_kind
from tests.unit.domain.callbacks import TERMS

pytestmark = pytest.mark.unit


@pytest.fixture
def centre() -> CallCentre:
    """1000 serves support and talks; 2000 serves sales, where nobody is let wait if he is gone."""
    centre = CallCentre(extensions=("1000",))
    sales = replace(SUPPORT, name="sales", max_wait=timedelta(seconds=300), musicclass="jazz")
    centre.state.put_queue(sales)
    agent = replace(centre.agent("1000"), extension="2000", device="PJSIP/2000")
    centre.state.agents.put("2000", agent)
    centre.state.members.put(("sales", "2000"), Member("sales", "2000"))
    centre.log_on("1000")
    centre.answer(centre.enter())
    return centre


def line(centre: CallCentre, queue: str = "support") -> list[str]:
    return [call.id for call in centre.state.waiting(queue)]


def test_to_the_front_and_to_the_back(centre: CallCentre) -> None:
    calls = [centre.enter() for _ in range(3)]
    assert line(centre) == calls
    centre.take(MoveCaller(calls[2], place=Place.FRONT))
    assert line(centre) == [calls[2], calls[0], calls[1]]
    centre.take(MoveCaller(calls[1], place=Place.FRONT))
    assert line(centre) == [calls[1], calls[2], calls[0]]
    centre.take(MoveCaller(calls[1], place=Place.BACK))
    assert line(centre) == [calls[2], calls[0], calls[1]]
    newest = centre.enter()
    assert line(centre) == [calls[2], calls[0], newest, calls[1]]


def test_who_is_in_front_stays_there(centre: CallCentre) -> None:
    first, second = centre.enter(), centre.enter()
    for _ in range(2):
        centre.take(MoveCaller(first, place=Place.FRONT))
    assert line(centre) == [first, second]
    assert centre.call(first).priority == 1


def test_by_a_priority(centre: CallCentre) -> None:
    first, second = centre.enter(), centre.enter()
    centre.take(MoveCaller(second, place=5))
    assert line(centre) == [second, first]
    assert centre.call(second).priority == 5


def test_to_another_queue_by_its_settings(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    centre.device("2000", DeviceState.INUSE)
    call = centre.enter()
    centre.after(50)
    commands = centre.take(MoveCaller(call, "sales"))
    assert line(centre) == []
    assert line(centre, "sales") == [call]
    assert [(c.musicclass, c.at_most) for c in of_kind(commands, Hold)] == [
        ("jazz", timedelta(seconds=330))
    ]
    assert [c.extensions for c in of_kind(commands, Announce)] == [("2000",)]
    centre.after(299)
    assert centre.call(call).state is CallState.WAITING
    centre.after(1)
    assert centre.call(call).state is CallState.ENDED
    assert [r.status for r in centre.all(Release)] == [QueueStatus.TIMEOUT]


def test_who_was_moved_waits_for_as_long_as_that_queue_then_allows(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    centre.device("2000", DeviceState.INUSE)
    usual, patient = centre.enter(), centre.enter(terms=Terms(timeout=timedelta(seconds=200)))
    centre.after(50)
    for call in (usual, patient):
        centre.take(MoveCaller(call, "sales"))
    centre.after(20)
    shorter = replace(centre.state.queues["sales"], max_wait=timedelta(seconds=100))
    commands = centre.take(QueueChanged(shorter))

    assert [c.at_most for c in of_kind(commands, Hold)] == [
        timedelta(seconds=80 + 30),
        timedelta(seconds=180 + 30),
    ]
    centre.after(79)
    assert centre.call(usual).state is CallState.WAITING
    centre.after(1)
    assert centre.call(usual).outcome is Outcome.TIMEOUT
    centre.after(99)
    assert centre.call(patient).state is CallState.WAITING
    centre.after(1)
    assert centre.call(patient).outcome is Outcome.TIMEOUT


def test_what_is_being_said_is_cut_off_before_the_wait_begins_anew(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    centre.device("2000", DeviceState.INUSE)
    centre.state.put_queue(replace(SUPPORT, announce_frequency=timedelta(seconds=30)))
    call = centre.enter()
    assert centre.call(call).told.speaking
    commands = centre.take(MoveCaller(call, "sales"))
    assert [type(c) for c in commands if isinstance(c, Hush | Hold)] == [Hush, Hold]


def test_who_was_being_asked_where_to_call_back_is_told_the_position_there(
    centre: CallCentre,
) -> None:
    """What he was asked was cut off, and the other queue may call nobody back."""
    centre.log_on_to("sales", "2000")
    centre.device("2000", DeviceState.INUSE)
    centre.state.put_queue(replace(SUPPORT, callback=TERMS))
    sales = centre.state.queues["sales"]
    told = replace(sales, announce_frequency=timedelta(seconds=30), context="exits")
    centre.state.put_queue(told)
    call = centre.enter()
    channel = centre.call(call).channel
    centre.take(DigitPressed(channel, TERMS.key))
    centre.take(MoveCaller(call, "sales"))

    said = of_kind(centre.said(call), Say)
    assert [say.sounds for say in said] == [("queue-youarenext", "queue-thankyou")]
    assert of_kind(centre.take(DigitPressed(channel, "1")), SeekExit) != []


def test_what_was_keyed_in_the_one_queue_begins_no_exit_of_the_other(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    centre.device("2000", DeviceState.INUSE)
    for queue in ("support", "sales"):
        centre.state.put_queue(replace(centre.state.queues[queue], context=f"exits-of-{queue}"))
    call = centre.enter()
    channel = centre.call(call).channel
    centre.take(DigitPressed(channel, "1"))
    centre.take(MoveCaller(call, "sales"))

    assert centre.take(DigitPressed(channel, "2")) == [
        SeekExit(call, channel, "exits-of-sales", "2")
    ]
    assert centre.take(ExitFound(call, "1", "exits-of-support")) == [], "found too late"


def test_who_was_tried_there_is_not_tried_again_as_soon_as_he_would_be_here(
    centre: CallCentre,
) -> None:
    """The pause that began in the one queue is none of the other's."""
    centre.log_on_to("sales", "2000")
    centre.leg_ends(centre.call("call1").leg)
    call = centre.enter()
    centre.reject(call)
    centre.after(4)
    centre.take(MoveCaller(call, "sales"))
    centre.reject(call)

    centre.after(2)
    assert centre.ringing() == []
    centre.after(3)
    assert centre.ringing() == ["2000"]


def test_who_is_free_there_is_offered_the_call(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    call = centre.enter()
    centre.take(MoveCaller(call, "sales"))
    assert centre.call(call).extension == "2000"


def test_the_skills_that_are_asked_for_are_waived_as_long_after_entering_as_there(
    centre: CallCentre,
) -> None:
    """As after a restart: the time of entering stays."""
    sales = replace(centre.state.queues["sales"], skills_timeout=timedelta(seconds=20))
    centre.state.put_queue(sales)
    centre.log_on_to("sales", "2000")
    call = centre.enter(terms=Terms(Need(skills=frozenset({("french", 1)}))))
    centre.after(15)
    centre.take(MoveCaller(call, "sales"))
    centre.after(4.9)
    assert centre.ringing() == []
    centre.after(0.1)
    assert centre.ringing() == ["2000"]


def test_the_log_tells_of_both_queues(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    call = centre.enter()
    centre.after(5)
    centre.take(MoveCaller(call, "sales"))
    entries = [
        (e.queuename, e.event, e.data)
        for e in centre.state.queue_log.values()
        if e.callid == centre.call(call).channel
    ]
    assert entries[:3] == [
        ("support", "ENTERQUEUE", ("", "5550102", "1")),
        ("support", "WITHDRAW", ("1", "1", "5", "moved to sales")),
        ("sales", "ENTERQUEUE", ("", "5550102", "1")),
    ]


def test_what_cannot_be_done_changes_nothing(centre: CallCentre) -> None:
    call = centre.enter()
    before = centre.call(call)
    with pytest.raises(QueueRefusesError):
        centre.take(MoveCaller(call, "sales"))  # nobody is logged on there
    with pytest.raises(UnknownQueueError):
        centre.take(MoveCaller(call, "nowhere"))
    with pytest.raises(NotWaitingError):
        centre.take(MoveCaller("call1", "sales"))  # talks
    with pytest.raises(NotWaitingError):
        centre.take(MoveCaller("nobody"))
    assert centre.call(call) == before


def test_whose_phone_rings_stays_in_the_queue(centre: CallCentre) -> None:
    centre.log_on_to("sales", "2000")
    call = centre.enter()
    centre.leg_ends(centre.call("call1").leg)
    assert centre.call(call).state is CallState.OFFERED
    with pytest.raises(NotWaitingError):
        centre.take(MoveCaller(call, "sales"))
    centre.take(MoveCaller(call, place=Place.FRONT))
    assert centre.call(call).state is CallState.OFFERED
