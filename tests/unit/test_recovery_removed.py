"""After a restart: agents whose extension was removed, or removed and added again, meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from component.configuration import Takeover
from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import HangUpLeg, Release
from component.domain.configuring import Configured
from component.domain.events import AttendedTransfer, LegAnswered, LegEnded
from component.domain.model import Agent
from component.domain.words import AgentState, CallState, LegEnd, QueueStatus
from component.ports import Snapshot
from component.pubsub.addresses import extension_node
from component.recovery import compare
from component.storage.memory import MemoryStore
from tests.unit.recovering import LEG, answered, offered, settled, snapshot
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit

TALKING = {talk_bridge(LEG, "channel1"): {"channel1", "ivr-call1.1"}}


def remove(store: MemoryStore, extension: str) -> Agent:
    """Remove an extension as the database does, with all that it knows of the agent."""
    store.members = {key: m for key, m in store.members.items() if m.extension != extension}
    return store.agents.pop(extension)


@asynccontextmanager
async def restarted(before: Service) -> AsyncIterator[Service]:
    """The next life of a service: it looks at what is configured."""
    service = Service(before.store)
    service.outside.time = before.outside.time
    await service.start()
    takeover, store = Takeover(service.state, service.engine.step), before.store
    known = takeover.known()
    configured = Configured(
        {**known.queues, **{queue.name: queue for queue in store.queues}},
        {**known.agents, **store.agents},
        {**known.members, **store.members},
    )
    await takeover(configured)
    try:
        yield service
    finally:
        await service.stop()


def talking(service: Service) -> Snapshot:
    return snapshot(service, "channel1", answered=(LEG,), bridges=TALKING)


async def test_the_talk_is_followed_to_its_end() -> None:
    async with running() as service:
        await answered(service)
        remove(service.store, "1000")
    async with restarted(service) as service:
        await service.engine.reconcile(talking(service))
        assert HangUpLeg(LEG) not in service.outside.done
        assert service.state.agents["1000"].leaving
        [item] = await items(service)
        assert "answered" in item

        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))

        assert service.store.calls["call1"].outcome == "completed"
        assert "1000" not in service.state.agents
        assert extension_node("1000") not in service.pubsub.nodes
    assert [e.event for e in service.store.queue_log.values() if e][-1] == "COMPLETEAGENT"


async def test_the_talk_can_be_passed_on() -> None:
    async with running() as service:
        await answered(service)
        remove(service.store, "1000")
    async with restarted(service) as service:
        await service.engine.reconcile(talking(service))
        await service.engine.step(AttendedTransfer(LEG, "PJSIP/2000", "PJSIP/2000-00000001"))
        taken = service.state.calls["call1"].leg
        await service.engine.step(LegAnswered(taken))

        assert HangUpLeg(LEG) in service.outside.done
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))
        assert service.store.calls["call1"].extension == "2000"
        assert "1000" not in service.state.agents


async def test_a_phone_that_rings_stops() -> None:
    async with running() as service:
        await offered(service, "1000", "2000")
        remove(service.store, "1000")
    async with restarted(service) as service:
        await service.engine.reconcile(snapshot(service, "channel1", ringing=(LEG,)))

        assert HangUpLeg(LEG) in service.outside.done
        call = service.state.calls["call1"]
        assert (call.state, call.extension) == (CallState.OFFERED, "2000")


async def test_a_phone_that_was_answered_and_whose_agent_hears_nobody_yet_is_let_go_of() -> None:
    store = demo_store()
    delay = timedelta(seconds=2)
    store.queues = [replace(queue, memberdelay=delay) for queue in store.queues]
    async with running(store) as service:
        await offered(service, "1000", "2000")
        await service.engine.step(LegAnswered(LEG))
        remove(store, "1000")
    async with restarted(service) as service:
        await service.engine.reconcile(snapshot(service, "channel1", answered=(LEG,)))

        assert HangUpLeg(LEG) in service.outside.done
        call = service.state.calls["call1"]
        assert (call.state, call.extension) == (CallState.OFFERED, "2000")


async def test_who_waits_in_a_queue_that_was_removed_goes_back_to_the_dialplan_at_once() -> None:
    """Before anybody has looked what else was configured: nothing could be done for them."""
    store = demo_store()
    async with running(store) as service:
        await offered(service)
        await service.engine.step(service.enter(2))
    store.queues, store.members = [], {}
    async with running(store) as service:
        async with asyncio.timeout(20):
            while not all(call.outcome == "withdraw" for call in store.calls.values()):
                await asyncio.sleep(0)
        await settled(service)

        assert [done for done in service.outside.done if isinstance(done, Release | HangUpLeg)] == [
            HangUpLeg(LEG),
            Release("call1", "channel1", QueueStatus.WITHDRAW),
            Release("call2", "channel2", QueueStatus.WITHDRAW),
        ]


async def test_until_then_nothing_is_done_for_who_waits_there() -> None:
    async with running() as service:
        await offered(service)
        service.state.drop_queue("support")
        found = compare(service.state, snapshot(service, "channel1", ringing=(LEG,)))

        assert found.commands == ()


async def test_who_is_back_and_still_talks_is_offered_no_other_call() -> None:
    store = demo_store()
    store.queues = [replace(queue, ringinuse=True) for queue in store.queues]
    async with running(store) as service:
        await answered(service)
        agent, place = store.agents["1000"], store.members["support", "1000"]
        remove(store, "1000")
        store.agents["1000"] = Agent("1000", agent.device, agent.jid)
        store.members["support", "1000"] = replace(place, logged_on_at=None)
    async with restarted(service) as service:
        await service.engine.reconcile(talking(service))
        await service.log_on("1000")
        await service.engine.step(service.enter(2))

        assert service.state.calls["call2"].state is CallState.WAITING
        assert service.state.agents["1000"].state is AgentState.ON_CALL
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))
        assert service.state.calls["call2"].extension == "1000"


async def items(service: Service) -> list[str]:
    """What can be read in the node of the extension."""
    known = [item for item in service.pubsub.items.values() if item.node == extension_node("1000")]
    return [str(item.payload) for item in await service.engine.whole(known)]
