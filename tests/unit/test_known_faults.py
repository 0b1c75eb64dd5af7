"""What the proof of concept got wrong, and how it is now: one test for each of its known faults."""

import re
from pathlib import Path

import pytest

from component.domain.commands import Announce, Ring, ShowCall
from component.domain.events import LegAnswered, LegEnded
from component.domain.model import Customer, Leg
from component.domain.words import DeviceState, LegEnd
from component.ports import Changes
from component.storage.writes import statement
from tests.unit.domain.call_centre import CallCentre
from tests.unit.services import running

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]

HOSTILE = Customer(1, "1111", "x,1); System(rm) & ${EVIL}\n'; DROP TABLE calls --")


def test_an_agent_who_never_had_a_call_is_not_passed_over_for_ever() -> None:
    """It sorted by the time of the last call, and NULL came last."""
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    first = centre.talk(centre.enter())
    second = centre.talk(centre.enter())

    assert (first, second) == ("1000", "2000")


def test_a_phone_that_is_in_use_or_not_there_is_not_rung() -> None:
    """It rang whoever was logged on."""
    centre = CallCentre(["1000", "2000", "3000"])
    centre.log_on("1000", "2000", "3000")
    centre.device("1000", DeviceState.UNAVAILABLE)
    centre.device("2000", DeviceState.INUSE)
    centre.enter()

    assert centre.ringing() == ["3000"]


def test_a_call_is_shown_once_and_to_one_agent() -> None:
    """It showed a call when it was offered and once more when it was answered, as another item."""
    centre = CallCentre(["1000", "2000"])
    centre.log_on("1000", "2000")
    call = centre.enter()
    assert [show.extension for show in centre.all(ShowCall)] == ["1000"]

    centre.answer(call)
    shown = centre.all(ShowCall)
    assert {(show.extension, show.call.id) for show in shown} == {("1000", call)}
    assert [show.call.revision for show in shown] == [1, 2]
    assert len(centre.all(Announce)) == 1


async def test_a_new_call_leaves_the_calls_before_it_in_the_node() -> None:
    """It purged the node before it published an item."""
    async with running() as service:
        await service.log_on("1000")
        for number in (1, 2):
            await service.engine.step(service.enter(number))
            leg = Leg(f"call{number}", 1)
            await service.engine.step(LegAnswered(leg))
            await service.engine.step(LegEnded(leg, LegEnd.HUNG_UP))

        assert set(service.pubsub.items) == {("ext1000", "call1"), ("ext1000", "call2")}


def test_a_customers_name_is_no_part_of_the_dialplan() -> None:
    """It made the name the extension that the dialplan went to."""
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    centre.enter(HOSTILE)

    [ring] = centre.all(Ring)
    assert ring.device == "PJSIP/1000"
    assert ring.caller.name == HOSTILE.name  # shown on the phone's display, as it is
    dialplan = (ROOT / "asterisk" / "extensions.conf").read_text()
    assert not re.search(r"CALLERID\(name\)|CUSTOMERNAME", dialplan)


def test_what_callers_and_customers_are_called_is_never_part_of_a_statement() -> None:
    """It built its SQL by string formatting."""
    centre = CallCentre(["1000"])
    centre.log_on("1000")
    call = centre.call(centre.enter(HOSTILE))

    text, parameters = statement(Changes(calls=[call]))
    assert "DROP TABLE" not in text
    assert "DROP TABLE" in parameters[0]
