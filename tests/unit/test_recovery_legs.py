"""After a gap: phones that rang, that were answered, or on which somebody talked."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import earlier_bridge, talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Connect,
    HangUpLeg,
    LiftBound,
    Part,
)
from component.domain.events import (
    AsteriskFound,
    LegAnswered,
    NotConnected,
    RingTimedOut,
)
from component.domain.model import Leg
from component.domain.queue import AutoPause, StrategyName
from component.domain.words import (
    AgentState,
    CallState,
    MemberState,
)
from component.storage.memory import MemoryStore
from tests.unit.recovering import LEG, answered, offered, snapshot
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit


def ringing_everywhere() -> MemoryStore:
    store = demo_store()
    store.queues = [replace(store.queues[0], strategy=StrategyName.RINGALL)]
    return store


async def test_a_phone_that_stopped_ringing_meanwhile_did_not_take_the_call() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1"))

        assert service.store.calls["call1"].state is CallState.WAITING
        assert service.store.calls["call1"].tried == {"1000"}


async def test_nobody_is_paused_whose_phone_stopped_ringing_meanwhile() -> None:
    """It may be Asterisk that ended."""
    store = demo_store()
    store.queues = [replace(store.queues[0], autopause=AutoPause.ALL)]
    async with running(store) as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1"))

        assert service.state.members["support", "1000"].state is MemberState.READY


async def test_who_answered_when_nobody_was_there_to_connect_the_two_is_not_paused() -> None:
    store = demo_store()
    store.queues = [replace(queue, autopause=AutoPause.YES) for queue in store.queues]
    async with running(store) as service:
        await offered(service)

    service = Service(store)
    service.outside.time += timedelta(seconds=30)  # which is longer than phones ring
    await service.start()
    await service.engine.reconcile(snapshot(service, "channel1"))
    await service.stop()

    assert store.calls["call1"].tried == {"1000"}
    assert store.members["support", "1000"].paused_at is None


async def test_a_phone_that_was_answered_meanwhile_is_connected() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1", answered=(LEG,)))

        assert Connect(LEG, "channel1") in service.outside.done
        assert not any(isinstance(done, AnswerTransfer) for done in service.outside.done)
        assert service.store.calls["call1"].state is CallState.ANSWERED


async def test_of_two_calls_of_an_agent_the_one_that_ended_meanwhile_is_over() -> None:
    store = demo_store()
    store.queues = [replace(queue, ringinuse=True) for queue in store.queues]
    store.agents["1000"] = replace(store.agents["1000"], max_calls=2)
    second = Leg("call2", 1)
    async with running(store) as service:
        await answered(service)
        await service.engine.step(service.enter(2))
        await service.engine.step(LegAnswered(second))
        talking = {
            talk_bridge(LEG, "channel1"): {"channel1"},
            talk_bridge(second, "channel2"): {"channel2", "ivr-call2.1"},
        }
        await service.engine.reconcile(
            snapshot(service, "channel1", "channel2", answered=(second,), bridges=talking)
        )

        assert service.store.calls["call1"].outcome == "completed"
        assert service.store.calls["call2"].state is CallState.ANSWERED
        agent = service.store.agents["1000"]
        assert (agent.state, agent.legs) == (AgentState.ON_CALL, (second,))


@pytest.mark.parametrize("is_listed", [True, False])
async def test_who_took_the_place_of_a_caller_in_a_talk_meanwhile_talks_on(
    *, is_listed: bool
) -> None:
    """Also if Asterisk does not say yet that he is with us."""
    async with running() as service:
        await answered(service)
        bridge = talk_bridge(LEG, "channel1")
        talking = snapshot(
            service,
            *(("customers",) if is_listed else ()),
            answered=(LEG,),
            bridges={bridge: {"customers", "ivr-call1.1"}},
        )
        strangers = await service.engine.reconcile(talking)

        done = [deed for deed in service.outside.done if isinstance(deed, Connect | Part)]
        assert done == [Connect(LEG, "customers"), Part("call1", bridge)]
        assert not any(isinstance(deed, HangUpLeg) for deed in service.outside.done)
        assert service.store.calls["call1"].channel == "customers"
        assert service.store.calls["call1"].state is CallState.ANSWERED
        assert strangers == ()


async def test_who_took_the_place_of_a_caller_not_yet_connected_is_found_where_that_one_was() -> (
    None
):
    """Two have been passed on to the talk, one after the other: it is in the first one's bridge."""
    async with running() as service:
        await answered(service)
        former = talk_bridge(LEG, "former")
        bridges = {former: {"customers", "ivr-call1.1"}}
        found = snapshot(service, "customers", answered=(LEG,), bridges=bridges)
        came_by_itself = (replace(found.callers[0], queue="", digits=""),)
        assert await service.engine.reconcile(replace(found, callers=came_by_itself)) == ()

        assert Connect(LEG, "customers") in service.outside.done
        assert service.store.calls["call1"].channel == "customers"
        assert service.store.calls["call1"].state is CallState.ANSWERED


@pytest.mark.parametrize("bridge", [talk_bridge(LEG, "channel1"), earlier_bridge("call1")])
async def test_a_call_that_goes_on_may_go_on_for_as_long_as_it_takes(bridge: str) -> None:
    """Also if it began before an upgrade, when bridges were named by the call."""
    async with running() as service:
        await answered(service)
        talking = snapshot(
            service,
            "channel1",
            answered=(LEG,),
            bridges={bridge: {"channel1", "ivr-call1.1"}},
        )
        assert await service.engine.reconcile(talking) == ()

        assert service.outside.done[0] == LiftBound("call1", "channel1")
        assert not any(isinstance(done, Connect) for done in service.outside.done)
        assert service.outside.discarded == []


async def test_a_connection_that_was_decided_but_not_made_is_made() -> None:
    async with running() as service:
        await answered(service)
        await service.engine.reconcile(snapshot(service, "channel1", answered=(LEG,)))

        assert service.outside.done[0] == Connect(LEG, "channel1")
        assert service.outside.decided.count(Connect(LEG, "channel1")) == 1  # which counts it


async def test_an_agent_whose_phone_was_to_stop_ringing_and_has_is_free() -> None:
    """Of that Asterisk told nobody."""
    async with running() as service:
        await offered(service)
        await service.engine.step(RingTimedOut(LEG))
        assert service.state.agents["1000"].leg == LEG
        await service.engine.reconcile(snapshot(service, "channel1"))

        assert service.state.agents["1000"].state is AgentState.AVAILABLE


async def test_who_is_in_the_bridge_is_there_whatever_the_channel_is_said_to_do() -> None:
    async with running() as service:
        await answered(service)
        talking = {talk_bridge(LEG, "channel1"): {"channel1", "ivr-call1.1"}}
        await service.engine.reconcile(snapshot(service, answered=(LEG,), bridges=talking))

        assert service.store.calls["call1"].state is CallState.ANSWERED


async def test_a_talk_whose_caller_hung_up_meanwhile_ends_and_its_bridge_once() -> None:
    async with running() as service:
        await answered(service)
        talked = {talk_bridge(LEG, "channel1"): {"ivr-call1.1"}}
        await service.engine.reconcile(snapshot(service, answered=(LEG,), bridges=talked))

        assert service.store.calls["call1"].outcome == "completed"
        assert [done for done in service.outside.done if isinstance(done, Part | HangUpLeg)] == [
            Part("call1", talk_bridge(LEG, "channel1")),
            HangUpLeg(LEG),
        ]
        assert service.outside.discarded == []


async def test_the_bridge_of_a_talk_that_came_to_nothing_is_taken_down() -> None:
    bridge = talk_bridge(LEG, "channel1")
    async with running() as service:
        await answered(service)
        await service.engine.step(NotConnected(LEG))
        assert service.state.calls["call1"].is_waiting
        left = {bridge: {"ivr-call1.1"}}
        await service.engine.reconcile(snapshot(service, "channel1", answered=(LEG,), bridges=left))

        assert service.outside.discarded == [bridge]


async def test_of_several_phones_that_ring_those_that_stopped_are_passed_over() -> None:
    async with running(ringing_everywhere()) as service:
        await offered(service, "1000", "2000", "3000")
        await service.engine.reconcile(
            snapshot(service, "channel1", ringing=(Leg("call1", 1), Leg("call1", 3)))
        )

        call = service.store.calls["call1"]
        assert [offer.extension for offer in call.offers] == ["1000", "3000"]
        assert call.tried == {"2000"}


async def test_of_several_phones_that_were_answered_meanwhile_one_is_connected() -> None:
    async with running(ringing_everywhere()) as service:
        await offered(service, "1000", "2000", "3000")
        first, second, third = (Leg("call1", attempt) for attempt in (1, 2, 3))
        await service.engine.reconcile(
            snapshot(service, "channel1", answered=(first, second), ringing=(third,))
        )

        assert [done for done in service.outside.done if isinstance(done, Connect)] == [
            Connect(first, "channel1")
        ]
        assert {done for done in service.outside.done if isinstance(done, HangUpLeg)} == {
            HangUpLeg(second, answered_elsewhere=True),
            HangUpLeg(second),
            HangUpLeg(third, answered_elsewhere=True),
        }


async def test_after_a_restart_all_phones_that_ring_stop_in_time() -> None:
    store = ringing_everywhere()
    async with running(store) as service:
        await offered(service, "1000", "2000")

    service = Service(store)
    service.outside.time += timedelta(seconds=30)
    await service.start()
    await service.engine.step(AsteriskFound())
    async with asyncio.timeout(20):
        while store.calls["call1"].tried != {"1000", "2000"}:
            await asyncio.sleep(0.01)
    await service.stop()

    assert [done for done in service.outside.done if isinstance(done, HangUpLeg)] == [
        HangUpLeg(Leg("call1", 1)),
        HangUpLeg(Leg("call1", 2)),
    ]
