"""Who is told by message that a caller waits."""

import pytest

from component.domain.commands import Announce
from component.domain.events import BlindTransfer
from component.domain.queue import MessageTo
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit

EXTENSIONS = ("1000", "2000", "3000")


def told(centre: CallCentre) -> list[tuple[str, ...]]:
    return [message.extensions for message in centre.all(Announce)]


def test_all_members_who_are_logged_on_are_told_once() -> None:
    centre = CallCentre(EXTENSIONS)
    centre.log_on("1000", "2000")
    centre.reject(centre.enter())

    assert told(centre) == [("1000", "2000")]


def test_only_the_agent_is_told_whom_the_call_is_offered_to() -> None:
    centre = CallCentre(EXTENSIONS, message_to=MessageTo.AGENT)
    centre.log_on("1000", "2000")
    call = centre.enter()
    assert told(centre) == [("1000",)]

    centre.reject(call)
    assert told(centre) == [("1000",), ("2000",)]
    assert centre.all(Announce)[1].call == centre.call(call)


def test_a_caller_who_waits_is_told_of_to_nobody_until_the_call_is_offered() -> None:
    centre = CallCentre(["1000"], message_to=MessageTo.AGENT)
    centre.log_on("1000")
    centre.pause("1000")
    centre.enter()
    assert told(centre) == []

    centre.unpause("1000")
    assert told(centre) == [("1000",)]


def test_so_is_the_agent_whom_a_colleague_passes_the_call_on_to() -> None:
    centre = CallCentre(EXTENSIONS, message_to=MessageTo.AGENT)
    centre.log_on("1000")
    call = centre.enter()
    centre.answer(call)
    centre.take(BlindTransfer(centre.call(call).leg, "2000", "phones"))

    assert told(centre) == [("1000",), ("2000",)]


def test_nobody_is_told() -> None:
    centre = CallCentre(EXTENSIONS, message_to=MessageTo.NOBODY)
    centre.log_on("1000", "2000")
    centre.enter()

    assert told(centre) == []


@pytest.mark.parametrize("personal", [True, False])
@pytest.mark.parametrize("to", [MessageTo.MEMBERS, MessageTo.AGENT])
def test_the_queue_says_whether_they_are_told_who_calls(to: MessageTo, personal: bool) -> None:
    centre = CallCentre(EXTENSIONS, message_to=to, message_personal=personal)
    centre.log_on("1000")
    centre.enter()

    assert [message.personal for message in centre.all(Announce)] == [personal]
