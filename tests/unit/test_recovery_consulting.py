"""After a gap: a caller who took the place of an agent's phone in the queue goes on there."""

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Connect,
    Display,
    EndCall,
    HangUpLeg,
    Hold,
    Part,
)
from component.domain.events import AttendedTransfer, BlindTransfer, LegAnswered
from component.domain.model import Caller, Leg
from component.domain.words import CallState
from component.ports import Snapshot
from tests.unit.recovering import settled, snapshot
from tests.unit.services import Service, running

pytestmark = pytest.mark.unit

FIRST, ASKED = Leg("call1", 1), Leg("call2", 1)
SHOWN = Display(ASKED, Caller("5550101", "Company 1"))


async def passed_on(service: Service) -> None:
    """1000 has asked 2000 in the queue, on channel2, and passed the caller on."""
    await service.log_on("1000", "2000")
    for number, leg in enumerate((FIRST, ASKED), start=1):
        await service.engine.step(service.enter(number))
        await service.engine.step(LegAnswered(leg))
    peer = ("PJSIP/2000", "PJSIP/2000-00000007")
    await service.engine.step(AttendedTransfer(FIRST, *peer, consult="channel2"))
    service.outside.done.clear()


def as_before(service: Service) -> Snapshot:
    """Nothing of what was decided was done."""
    return snapshot(
        service,
        "channel1",
        "channel2",
        answered=(FIRST, ASKED),
        bridges={
            talk_bridge(FIRST, "channel1"): {"channel1", "ivr-call1.1"},
            talk_bridge(ASKED, "channel2"): {"channel2", "ivr-call2.1"},
        },
    )


async def test_what_was_not_done_before_a_crash_is_done_after_it() -> None:
    async with running() as service:
        await passed_on(service)
        store = service.store
        await service.stop()

    async with running(store) as service:
        strangers = await service.engine.reconcile(as_before(service))
        await settled(service)

        assert strangers == ()
        assert service.outside.done == [
            HangUpLeg(FIRST),
            Connect(ASKED, "channel1"),
            SHOWN,
            AnswerTransfer(ASKED, accepted=False),
            EndCall("call1", "channel2", talk_bridge(FIRST, "channel2")),
        ]
        assert service.outside.discarded == [
            talk_bridge(FIRST, "channel1"),
            talk_bridge(ASKED, "channel2"),
        ]
        assert service.state.calls["call2"].state is CallState.ANSWERED
        assert list(service.state.passed_on) == []


async def test_whose_phone_does_not_display_yet_with_whom_it_is_connected_does_then() -> None:
    async with running() as service:
        await passed_on(service)
        talking = {talk_bridge(ASKED, "channel1"): {"channel1", "ivr-call2.1"}}
        await service.engine.reconcile(
            snapshot(service, "channel1", answered=(ASKED,), bridges=talking)
        )

        assert SHOWN in service.outside.done
        assert Connect(ASKED, "channel1") not in service.outside.done


async def test_who_is_to_wait_leaves_the_agent_he_is_still_with_before_he_does() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(LegAnswered(FIRST))
        await service.engine.step(service.enter(2))
        await service.engine.step(BlindTransfer(FIRST, "s", "ivr-support", consult="channel2"))
        store = service.store
        await service.stop()

    async with running(store) as service:
        talking = {talk_bridge(FIRST, "channel1"): {"channel1", "ivr-call1.1"}}
        found = snapshot(service, "channel1", "channel2", answered=(FIRST,), bridges=talking)
        await service.engine.reconcile(found)
        await settled(service)

        done = [c for c in service.outside.done if isinstance(c, Part | Hold)]
        part, hold = done
        assert part == Part("call2", talk_bridge(FIRST, "channel1"))
        assert isinstance(hold, Hold)
        assert (hold.call_id, hold.channel) == ("call2", "channel1")
