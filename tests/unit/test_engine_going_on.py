"""A call that goes on stays in the node, however many others come and go at the extension."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.events import AgentChanged, CallerLeft, LegAnswered, LegEnded, QueueChanged
from component.domain.model import Leg
from component.domain.words import LegEnd
from component.ports import Outgoing
from component.pubsub.service import PubSub
from tests.unit.services import Service, running

pytestmark = pytest.mark.unit

NODE = "ext1000"


@asynccontextmanager
async def desk(history: int) -> AsyncIterator[Service]:
    """An extension for several calls at once, the last few of which its node keeps."""
    async with running() as service:
        engine = service.engine
        await engine.step(QueueChanged(replace(service.state.queues["support"], ringinuse=True)))
        await engine.step(AgentChanged("1000", "PJSIP/1000", "user1@example.com", max_calls=3))
        await keep(service, history)
        await service.log_on("1000")
        await service.subscribe("1000")
        yield service


async def keep(service: Service, history: int) -> None:
    accounts = {agent.extension: agent.jid for agent in service.state.agents.values()}
    await service.engine.pubsub(lambda pubsub, _: pubsub.provision(accounts, history))


async def expire(service: Service, seconds: int) -> None:
    """Let items go by themselves after so many seconds."""

    def configure(pubsub: PubSub) -> None:
        node = pubsub.nodes[NODE]
        pubsub.nodes.put(NODE, replace(node, config=replace(node.config, item_expire=seconds)))

    await service.engine.pubsub(lambda pubsub, _: configure(pubsub))


async def talk(service: Service, number: int) -> None:
    await service.engine.step(service.enter(number))
    await service.engine.step(LegAnswered(Leg(f"call{number}", 1)))


async def end(service: Service, number: int) -> None:
    await service.engine.step(LegEnded(Leg(f"call{number}", 1), LegEnd.HUNG_UP))


def kept(service: Service) -> list[str]:
    return [call_id for node, call_id in service.store.items if node == NODE]


def last_told(service: Service) -> str:
    told = [done for done in service.outside.done if isinstance(done, Outgoing)]
    return told[-1].body


async def test_a_long_call_outlasts_any_number_of_short_ones() -> None:
    async with desk(history=3) as service:
        await talk(service, 1)
        for number in range(2, 9):
            await talk(service, number)
            await end(service, number)
        assert kept(service) == ["call1", "call7", "call8"]

        await end(service, 1)
        await talk(service, 9)
        await end(service, 9)
        assert sorted(kept(service)) == ["call1", "call8", "call9"]


async def test_an_offer_is_taken_away_though_another_call_ended_meanwhile() -> None:
    async with desk(history=1) as service:
        await talk(service, 1)
        await service.engine.step(service.enter(2))
        await end(service, 1)
        await service.engine.step(CallerLeft("channel2"))
        assert last_told(service) == f"<ItemRetracted node='{NODE}'/>"


async def test_calls_go_on_in_the_node_after_a_restart_and_if_it_is_to_keep_fewer() -> None:
    async with desk(history=20) as service:
        for number in (1, 2, 3):
            await talk(service, number)
        await end(service, 3)
        await keep(service, 1)
        assert kept(service) == ["call1", "call2"]

        async with running(service.store) as restarted:
            await keep(restarted, 1)
            assert kept(restarted) == ["call1", "call2"]
            await end(restarted, 1)
            await end(restarted, 2)
            assert kept(restarted) == ["call2"]


async def test_an_item_does_not_expire_while_the_call_goes_on() -> None:
    async with desk(history=20) as service:
        await expire(service, 60)
        await talk(service, 1)
        await service.engine.step(service.enter(2))
        service.outside.time += timedelta(minutes=5)
        await keep(service, 20)
        assert kept(service) == ["call1", "call2"]

        await service.engine.step(CallerLeft("channel2"))
        assert last_told(service) == f"<ItemRetracted node='{NODE}'/>"
        await end(service, 1)
        assert kept(service) == ["call1"]
        service.outside.time += timedelta(minutes=1)
        await keep(service, 20)
        assert kept(service) == []
