"""A bug, or what the database rejects, costs the one fact that meets it; nothing is reordered."""

import asyncio
from typing import Any

import pytest

from component.configuration import Takeover
from component.domain import configuring
from component.domain.configuring import Configured
from component.domain.events import AsteriskFound, LogOff, LogOn
from component.domain.model import Member
from component.domain.words import DeviceState
from component.ports import Changes, Snapshot, StoreRefusedError, StoreUnavailableError
from component.storage.memory import MemoryStore
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit


class FailingStore(MemoryStore):
    """A store whose next commits fail as `failures` says, one after another; None succeeds."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[Exception | None] = []

    async def commit(self, changes: Changes) -> None:
        await self.gate.wait()
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        await super().commit(changes)


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def idle(service: Service, store: FailingStore) -> None:
    """Wait until the store has failed as it was told, and all facts are taken in."""
    async with asyncio.timeout(20):
        while service.engine.backlog or store.failures:
            await asyncio.sleep(0.01)
    await service.engine.step(AsteriskFound())


async def test_facts_tried_one_by_one_wait_together_once_the_database_goes_away() -> None:
    store = FailingStore()
    async with running(store) as service:
        store.gate.clear()
        service.engine.submit(LogOn("PJSIP/1000", "support"))
        await settle()
        away = StoreUnavailableError("killed")
        store.failures = [None, StoreRefusedError("CheckViolation"), None, away, away]
        for extension in ("2000", "3000"):
            service.engine.submit(LogOff("PJSIP/1000", "support"))
            service.engine.submit(LogOn("PJSIP/1000", "support"))
            service.engine.submit(LogOn(f"PJSIP/{extension}", "support"))
        asked = asyncio.create_task(service.engine.step(LogOff("PJSIP/2000", "support")))
        await settle()
        store.gate.set()

        with pytest.raises(StoreUnavailableError):
            await asked
        await idle(service, store)
        assert [m.extension for m in service.state.logged_on("support")] == ["2000", "1000", "3000"]


async def test_what_is_written_again_and_rejected_costs_no_innocent_fact() -> None:
    store, rejected = FailingStore(), StoreRefusedError("CheckViolation")
    async with running(store) as service:
        store.failures = [StoreUnavailableError("killed"), rejected, rejected]
        service.engine.submit(LogOn("PJSIP/1000", "support"))
        service.engine.submit(LogOn("PJSIP/2000", "support"))
        await idle(service, store)
        assert [m.extension for m in service.state.logged_on("support")] == ["1000", "2000"]


async def test_decisions_that_cannot_be_written_down_do_not_stop_the_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.subscribe("1000")
        monkeypatch.setattr(service.engine._decider, "_render", lambda _: 1 // 0)
        with pytest.raises(StoreRefusedError, match="ZeroDivisionError"):
            await service.engine.step(service.enter())

        await service.log_on("2000")
        assert len(service.state.calls) == 0


async def test_a_change_of_the_configuration_that_meets_a_bug_does_not_keep_the_others_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def change(state: Any, event: Any, *_: object) -> list[Any]:
        if event.extension == "2000":
            raise ZeroDivisionError
        state.members.put((event.queue, event.extension), Member(event.queue, event.extension, 7))
        return []

    async with running() as service:
        monkeypatch.setattr(configuring, "_member_changed", change)
        members = [Member("support", extension, 7) for extension in ("1000", "2000", "3000")]
        await Takeover(service.state, service.engine.step)(
            Configured({}, {}, {(m.queue, m.extension): m for m in members})
        )

        assert [m.penalty for m in service.state.members.values()] == [7, 0, 7]


async def test_what_is_found_in_asterisk_and_meets_a_bug_does_not_spoil_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as service:
        states = {f"PJSIP/{e}": DeviceState.UNAVAILABLE for e in ("1000", "2000", "3000")}
        put = service.state.agents.put
        monkeypatch.setattr(
            service.state.agents,
            "put",
            lambda key, agent: put(key, agent) if key != "2000" else 1 // 0,
        )
        await service.engine.reconcile(
            Snapshot(service.outside.now(), (), frozenset(), frozenset(), {}, states)
        )

        assert [agent.device_state.is_there for agent in service.state.agents.values()] == [
            False,
            True,
            False,
        ]
