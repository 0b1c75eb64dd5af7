"""A commit fails, or its answer is lost: nothing is lost, and nothing is done twice."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from component.domain.callers import DIGITS_KEPT
from component.domain.commands import Connect, HangUpLeg, Release, Ring, SeekExit
from component.domain.events import (
    AsteriskLost,
    CallerLeft,
    DeviceStateChanged,
    DigitPressed,
    LegAnswered,
    LogOn,
)
from component.domain.model import Leg
from component.domain.words import AgentState, CallState, DeviceState, QueueStatus
from component.ports import (
    Snapshot,
    StoreLostError,
    StoreUnavailableError,
)
from tests.unit.services import demo_store, running
from tests.unit.stores import DoubtfulStore, GatedStore, LostStore, PickyStore, settle

pytestmark = pytest.mark.unit


async def test_while_the_database_is_away_new_callers_go_back_to_the_dialplan() -> None:
    async with running() as service:
        await service.log_on("1000")
        service.store.away = True
        service.engine.submit(service.enter())
        await settle()

        assert service.outside.done == [Release("call1", "channel1", QueueStatus.UNAVAILABLE)]
        assert len(service.state.calls) == 0
        assert service.outside.turned_away_from == ["support"]
        with pytest.raises(StoreUnavailableError):
            await service.log_on("2000")


async def test_what_happens_while_the_database_is_away_is_made_up_for() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.engine.step(service.enter())
        service.store.away = True
        service.engine.submit(LegAnswered(Leg("call1", 1)))
        service.engine.submit(CallerLeft("channel1"))
        await settle()
        assert service.state.calls["call1"].state is CallState.OFFERED
        service.outside.done.clear()

        service.store.away = False
        async with asyncio.timeout(20):
            while not service.outside.done:
                await asyncio.sleep(0.01)
        assert Connect(Leg("call1", 1), "channel1") in service.outside.done
        assert HangUpLeg(Leg("call1", 1)) in service.outside.done
        assert service.store.calls["call1"].outcome == "completed"


async def test_who_must_not_write_any_more_rings_nobody_and_ends() -> None:
    store = LostStore()
    async with running(store) as service:
        await service.log_on("1000")
        store.is_lost = True
        service.outside.done.clear()
        service.engine.submit(service.enter())
        async with asyncio.timeout(10):
            with pytest.raises(StoreLostError):
                await service.task

        assert service.outside.done == []


async def test_an_undone_fact_leaves_no_trace() -> None:
    async with running() as service:
        await service.log_on("1000")
        agents = list(service.state.agents.values())
        service.store.away = True
        service.engine.submit(service.enter())
        await settle()

        assert list(service.state.agents.values()) == agents
        assert list(service.state.candidates.of("support")) == ["1000"]
        assert list(service.pubsub.items) == []


async def test_a_commit_whose_answer_was_lost_leaves_no_trace_of_a_caller_turned_away() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        await service.log_on("1000")
        store.loses_line = True
        service.engine.submit(service.enter())
        await settle()
        assert list(store.calls) == ["call1"]
        assert [type(done) for done in service.outside.done] == [Release]

        async with asyncio.timeout(20):
            while store.calls:
                await asyncio.sleep(0.01)
        assert store.agents["1000"] == service.state.agents["1000"]
        assert store.items == {}
        assert store.outgoing == {}


async def test_what_telephones_do_is_not_written() -> None:
    store = GatedStore()
    async with running(store) as service:
        await service.log_on("1000")
        before = len(store.commits)
        for state in (DeviceState.INUSE, DeviceState.NOT_INUSE):
            await service.engine.step(DeviceStateChanged("PJSIP/1000", state))
        assert len(store.commits) == before
        await service.engine.step(service.enter())

    assert store.agents["1000"].state is AgentState.RESERVED


async def test_keys_that_are_no_part_of_the_digits_any_more_are_not_written() -> None:
    store = GatedStore()
    [support] = store.queues
    store.queues = [replace(support, context="exits")]
    async with running(store) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter())
        for _ in range(DIGITS_KEPT):
            await service.engine.step(DigitPressed("channel1", "7"))
        service.outside.done.clear()
        before = len(store.commits)
        for key in "170":
            await service.engine.step(DigitPressed("channel1", key))

        assert len(store.commits) == before
        assert service.outside.done == [
            SeekExit("call1", "channel1", "exits", key) for key in "170"
        ]


async def test_what_a_failed_commit_may_have_written_of_an_agent_is_written_again() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        await service.log_on("1000")
        store.loses_line = True
        service.engine.submit(service.enter())
        service.engine.submit(DeviceStateChanged("PJSIP/1000", DeviceState.INUSE))
        async with asyncio.timeout(20):
            while service.engine.backlog or store.agents["1000"].state is AgentState.RESERVED:
                await asyncio.sleep(0.01)


async def test_a_log_on_that_was_told_to_have_failed_has_failed() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        store.loses_line = True
        with pytest.raises(StoreUnavailableError):
            await service.log_on("1000")

        async with asyncio.timeout(20):
            while store.members["support", "1000"].logged_on_at is not None:
                await asyncio.sleep(0.01)
        await service.log_on("1000")


async def test_a_comparison_with_asterisk_that_failed_does_not_make_it_there() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(AsteriskLost())
        service.outside.done.clear()
        service.outside.time += timedelta(seconds=1)
        store.loses_line = True
        with pytest.raises(StoreUnavailableError):
            await service.engine.reconcile(_unavailable(service.outside.now()))

        await service.log_on("3000")
        await service.engine.step(service.enter(2))
        assert not any(isinstance(done, Ring) for done in service.outside.done)


async def test_the_queue_log_is_committed_with_what_it_tells_and_once() -> None:
    store = GatedStore()
    async with running(store) as service:
        await service.log_on("1000")
        store.away = True
        service.engine.submit(CallerLeft("channel9"))
        with pytest.raises(StoreUnavailableError):
            await service.log_on("2000")
        store.away = False
        await service.log_on("3000")
        await service.engine.step(service.enter())

        told = [(entry.event, entry.agent) for entry in store.queue_log.values()]
        assert told == [("ADDMEMBER", "1000"), ("ADDMEMBER", "3000"), ("ENTERQUEUE", "NONE")]
        assert list(service.state.queue_log) == []


async def test_what_a_failed_commit_may_have_logged_is_taken_back() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        await service.log_on("1000")
        store.loses_line = True
        service.engine.submit(LogOn("PJSIP/2000", "support"))
        async with asyncio.timeout(20):
            while store.loses_line or service.state.queue_log:
                await asyncio.sleep(0.01)
        await service.log_on("3000")

        told = [entry.agent for _, entry in sorted(store.queue_log.items())]
        assert told == ["1000", "2000", "3000"]


async def test_after_a_restart_the_queue_log_goes_on() -> None:
    store = demo_store()
    async with running(store) as service:
        await service.log_on("1000")
    async with running(store) as service:
        await service.log_on("2000")

    assert [(number, entry.agent) for number, entry in store.queue_log.items()] == [
        (1, "1000"),
        (2, "2000"),
    ]


async def test_a_fact_that_the_database_rejects_does_not_spoil_the_others() -> None:
    async with running(PickyStore()) as service:
        await service.log_on("1000")
        await asyncio.gather(
            service.engine.step(LogOn("PJSIP/2000", "support")),
            service.engine.step(service.enter()),
            return_exceptions=True,
        )

        assert [m.extension for m in service.state.logged_on("support")] == ["1000", "2000"]
        assert len(service.state.calls) == 0


def _unavailable(now: datetime) -> Snapshot:
    """Asterisk has nothing but a phone that is not there."""
    devices = {"PJSIP/2000": DeviceState.UNAVAILABLE}
    return Snapshot(now, (), frozenset(), frozenset(), {}, devices)
