"""After a gap: an agent has passed a call on to somebody whom he asked, or was asking."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Connect,
    Display,
    HangUpLeg,
    Hold,
    Join,
    Part,
    Ring,
)
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerLeft,
    ConsultOver,
    DeviceStateChanged,
    LegAnswered,
)
from component.domain.holding import GRACE
from component.domain.model import Leg
from component.domain.terms import Terms
from component.domain.words import AgentState, CallState, DeviceState
from component.ports import Snapshot
from tests.unit.recovering import answered, settled, snapshot
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit

FIRST, SECOND = Leg("call1", 1), Leg("call1", 2)
DEVICE, PEER, CONSULT = "PJSIP/2000", "PJSIP/2000-00000007", "1795659494.6"

HAS_ASKED = AttendedTransfer(FIRST, DEVICE, PEER, consult=CONSULT)
ASKS = BlindTransfer(FIRST, "2000", "from-phones", consult=CONSULT)


@asynccontextmanager
async def after_a_crash(
    event: AttendedTransfer | BlindTransfer, *, seconds: float = 0
) -> AsyncIterator[Service]:
    """1000 has passed the caller on to 2000; so long ago, and nothing was done about it since."""
    store = demo_store()
    async with running(store) as service:
        await answered(service)
        asked = isinstance(event, AttendedTransfer)
        state = DeviceState.INUSE if asked else DeviceState.RINGING
        await service.engine.step(DeviceStateChanged(DEVICE, state))
        await service.engine.step(event)
    service = Service(store)
    service.outside.time += timedelta(seconds=seconds)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def found(
    service: Service, *, ringing: tuple[Leg, ...] = (), answered: tuple[Leg, ...] = (FIRST,)
) -> Snapshot:
    """The first agent's leg is still there, and the caller with it."""
    bridges = {talk_bridge(FIRST, "channel1"): {"channel1", "ivr-call1.1"}}
    return snapshot(service, "channel1", ringing=ringing, answered=answered, bridges=bridges)


def rung(service: Service) -> list[tuple[Leg, str, str]]:
    rings = [done for done in service.outside.done if isinstance(done, Ring)]
    return [(ring.leg, ring.peer, ring.instead_of) for ring in rings]


def taken_down(service: Service) -> list[Leg]:
    return [done.leg for done in service.outside.done if isinstance(done, HangUpLeg)]


async def test_who_was_asked_is_fetched_now_and_only_then_the_first_agent_let_go() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(found(service))
        assert rung(service) == [(SECOND, PEER, "")]
        assert taken_down(service) == [], "his phone would end the talk from which 2000 is fetched"

        await service.engine.step(LegAnswered(SECOND))
        assert Connect(SECOND, "channel1") in service.outside.done
        assert taken_down(service) == [FIRST]


async def test_who_was_fetched_and_is_not_connected_yet_is_and_is_shown_who_calls() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.step(LegAnswered(SECOND))
        begun = [done for done in service.outside.done if isinstance(done, Connect | Display)]
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", answered=(SECOND,)))
        again = [done for done in service.outside.done if isinstance(done, Connect | Display)]
        assert again == begun
        assert [type(done) for done in again] == [Connect, Display]


async def test_who_is_asked_is_rung_by_the_caller_now_instead_of_by_the_first_agent() -> None:
    async with after_a_crash(ASKS) as service:
        await service.engine.reconcile(found(service))
        assert rung(service) == [(SECOND, "", CONSULT)]
        assert taken_down(service) == []

        await service.engine.step(ConsultOver(SECOND))
        assert service.outside.done[-2:] == [AnswerTransfer(FIRST, True), HangUpLeg(FIRST)]


async def test_who_was_asked_and_is_no_agent_is_connected_now_by_the_dialplan() -> None:
    async with after_a_crash(replace(HAS_ASKED, device="PJSIP/anonymous")) as service:
        assert await service.engine.reconcile(found(service)) == ()
        await settled(service)

        assert Join("call1", "channel1", PEER) in service.outside.done
        assert taken_down(service) == [FIRST]


async def test_whose_second_call_is_over_since_the_other_rings_for_the_caller_is_let_go() -> None:
    async with after_a_crash(ASKS) as service:
        await service.engine.reconcile(found(service, ringing=(SECOND,)))

        assert rung(service) == []
        assert AnswerTransfer(FIRST, accepted=True) in service.outside.done
        assert taken_down(service) == [FIRST]
        assert service.store.calls["call1"].state is CallState.OFFERED


async def test_who_rings_for_the_caller_and_stops_is_not_rung_once_more() -> None:
    async with after_a_crash(ASKS) as service:
        await service.engine.step(ConsultOver(SECOND))
        await service.engine.reconcile(found(service))

        assert rung(service) == []
        assert service.store.calls["call1"].state is CallState.WAITING
        assert set(taken_down(service)) == {FIRST, SECOND}


async def test_who_passed_it_on_without_asking_is_let_go_of_and_the_caller_hears_music() -> None:
    async with after_a_crash(replace(ASKS, consult="")) as service:
        await service.engine.reconcile(found(service, ringing=(SECOND,)))

        assert (rung(service), taken_down(service)) == ([], [FIRST])
        kinds = [type(done) for done in service.outside.done]
        part = Part("call1", talk_bridge(FIRST, "channel1"))
        assert part in service.outside.done, "the caller is still with the first agent"
        assert kinds.index(Part) < kinds.index(Hold)
        assert service.outside.discarded == [], "once is enough"


async def test_who_asked_is_let_go_of_once_the_caller_talks_with_who_was_fetched() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.step(LegAnswered(SECOND))
        service.outside.done.clear()
        await service.engine.reconcile(found(service, answered=(FIRST, SECOND)))

        assert taken_down(service) == [FIRST]


async def test_who_is_fetched_since_the_reading_began_is_not_fetched_twice() -> None:
    async with running() as service:
        await answered(service)
        await service.engine.step(DeviceStateChanged(DEVICE, DeviceState.INUSE))
        read = found(service)
        await service.engine.step(HAS_ASKED)
        service.outside.done.clear()
        await service.engine.reconcile(read)

        assert rung(service) == []
        assert service.store.calls["call1"].state is CallState.OFFERED


async def test_who_is_being_fetched_is_awaited() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(found(service, ringing=(SECOND,)))

        assert (rung(service), taken_down(service)) == ([], [])


async def test_who_was_fetched_meanwhile_is_connected() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(found(service, answered=(FIRST, SECOND)))

        assert Connect(SECOND, "channel1") in service.outside.done
        assert (rung(service), taken_down(service)) == ([], [FIRST])


async def test_nobody_is_fetched_for_a_caller_who_left_meanwhile() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(snapshot(service, answered=(FIRST,)))

        assert rung(service) == []
        assert AnswerTransfer(FIRST, accepted=True) in service.outside.done
        assert FIRST in taken_down(service)
        assert service.state.agents["2000"].state is AgentState.AVAILABLE


@pytest.mark.parametrize("event", [HAS_ASKED, ASKS])
async def test_after_a_long_gap_there_is_the_usual_time_to_take_the_call(
    event: AttendedTransfer | BlindTransfer,
) -> None:
    """Of 15 s, which are over: the two talk, or the phone rings, all the while."""
    async with after_a_crash(event, seconds=40) as service:
        await service.engine.reconcile(found(service))
        await settled(service)

        assert SECOND not in taken_down(service)
        assert service.store.calls["call1"].state is CallState.OFFERED


async def test_the_first_agent_is_let_go_if_the_caller_leaves_before_anybody_is_fetched() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(found(service))
        await service.engine.step(CallerLeft("channel1"))

        assert service.outside.done[-2:] == [AnswerTransfer(FIRST, True), HangUpLeg(FIRST)]


async def test_the_phone_is_rung_before_the_caller_hears_music() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(found(service))

        kinds = [type(done) for done in service.outside.done]
        assert kinds.index(Ring) < kinds.index(Hold)


async def test_who_is_passed_on_waits_anew_for_as_long_as_he_brought_along() -> None:
    store = demo_store()
    async with running(store) as service:
        await service.log_on("1000", "2000")
        impatient = Terms(timeout=timedelta(seconds=5))
        await service.engine.step(replace(service.enter(), terms=impatient))
        service.outside.time += timedelta(seconds=4)
        await service.engine.step(LegAnswered(FIRST))
        await service.engine.step(BlindTransfer(FIRST, "2000", "from-phones"))
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", ringing=(SECOND,)))

        [held] = [done.at_most for done in service.outside.done if isinstance(done, Hold)]
        assert held == timedelta(seconds=4) + GRACE


@pytest.mark.parametrize("number", ["1000", "7777"])
async def test_a_phone_that_may_still_wait_for_an_answer_is_told_that_it_asked_in_vain(
    number: str,
) -> None:
    """It was refused, or the dialplan was to be asked; and Asterisk heard nothing of it."""
    async with running() as service:
        await answered(service)
        await service.engine.step(BlindTransfer(FIRST, number, "from-phones"))
        service.outside.done.clear()
        await service.engine.reconcile(found(service))

        assert service.outside.done[-1] == AnswerTransfer(FIRST, accepted=False)
        assert service.store.calls["call1"].state is CallState.ANSWERED


async def test_so_is_one_that_asked_before_caller_and_agent_heard_each_other() -> None:
    store = demo_store()
    store.queues = [replace(queue, memberdelay=timedelta(seconds=9)) for queue in store.queues]
    async with running(store) as service:
        await answered(service)
        assert service.store.calls["call1"].state is CallState.CONNECTING
        await service.engine.reconcile(found(service))

        assert service.outside.done[-1] == AnswerTransfer(FIRST, accepted=False)


async def test_a_phone_whose_transfer_is_under_way_is_not_told_that_it_was_in_vain() -> None:
    async with after_a_crash(HAS_ASKED) as service:
        await service.engine.reconcile(found(service))

        assert not any(isinstance(done, AnswerTransfer) for done in service.outside.done)
