"""One writer; commit, then act."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from component.domain.commands import Connect, HangUpLeg, Hold, Release, Ring
from component.domain.errors import UnknownDeviceError
from component.domain.events import (
    AsteriskLost,
    CallerLeft,
    LegAnswered,
    LegEnded,
    LogOff,
    LogOn,
)
from component.domain.model import CallState, DeviceState, Leg, LegEnd, QueueStatus
from component.ports import (
    Changes,
    Outgoing,
    Snapshot,
    StoreRefusedError,
    StoreUnavailableError,
)
from component.pubsub.audience import Resource
from component.pubsub.errors import ClosedNodeError
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import Options
from component.storage.memory import MemoryStore
from tests.unit.services import DOMAIN, Service, demo_store, running

pytestmark = pytest.mark.unit


class GatedStore(MemoryStore):
    """A store whose commits wait until the gate is opened; it counts them."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())
        self.gate = asyncio.Event()
        self.gate.set()
        self.commits: list[Changes] = []

    async def commit(self, changes: Changes) -> None:
        await self.gate.wait()
        await super().commit(changes)
        self.commits.append(changes)


class DoubtfulStore(MemoryStore):
    """A store that, when told so, commits and then loses the line before it can say so."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())
        self.loses_line = False

    async def commit(self, changes: Changes) -> None:
        await super().commit(changes)
        if self.loses_line:
            self.loses_line = False
            raise StoreUnavailableError("the answer was lost")


class PickyStore(MemoryStore):
    """A store that rejects calls."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())

    async def commit(self, changes: Changes) -> None:
        if changes.calls:
            raise StoreRefusedError("CheckViolation")
        await super().commit(changes)


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_pop_is_sent_before_the_phone_is_rung() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.subscribe("1000")
        await service.engine.step(service.enter())

        kinds = [type(done) for done in service.outside.done]
        assert kinds == [Outgoing, Outgoing, Ring, Hold]


async def test_nothing_is_done_before_the_commit() -> None:
    store = GatedStore()
    async with running(store) as service:
        await service.log_on("1000")
        store.gate.clear()
        service.engine.submit(service.enter())
        await settle()
        assert service.outside.done == []

        store.gate.set()
        await settle()
        assert store.calls["call1"].state is CallState.OFFERED
        assert isinstance(service.outside.done[-1], Hold)


async def test_facts_that_wait_together_share_a_commit() -> None:
    store = GatedStore()
    async with running(store) as service:
        await service.log_on("1000", "2000")
        before = len(store.commits)
        store.gate.clear()
        for number in range(1, 6):
            service.engine.submit(service.enter(number))
        await settle()
        for number in range(6, 11):
            service.engine.submit(service.enter(number))
        store.gate.set()
        await settle()

        assert len(store.commits) == before + 2
        assert len(store.calls) == 10


async def test_only_the_node_of_the_offered_extension_gets_the_item() -> None:
    async with running() as service:
        await service.log_on("1000", "2000")
        await service.subscribe("1000")
        await service.subscribe("2000")
        await service.engine.step(service.enter())

        assert [pop.recipients for pop in _pops(service.outside.done)] == [("user1@example.com",)]
        assert list(service.store.items) == [("ext1000", "call1")]


async def test_every_member_who_is_logged_on_is_told_by_message() -> None:
    async with running() as service:
        await service.log_on("1000", "3000")
        await service.engine.step(service.enter())

        [announcement] = [d for d in service.outside.done if isinstance(d, Outgoing)]
        assert announcement.recipients == ("user1@example.com", "user3@example.com")
        assert "Company 1 (1111), 5550101" in announcement.body


async def test_a_refused_fact_is_told_to_who_asked_and_changes_nothing() -> None:
    async with running() as service:
        with pytest.raises(UnknownDeviceError):
            await service.engine.step(LogOn("PJSIP/9999", "support"))
        with pytest.raises(ClosedNodeError):
            await service.engine.pubsub(_eavesdrop)

        assert service.store.subscriptions == {}


async def test_a_refused_fact_does_not_spoil_those_that_share_its_commit() -> None:
    async with running() as service:
        refused = asyncio.gather(
            service.engine.step(LogOn("PJSIP/1000", "support")),
            service.engine.step(LogOn("PJSIP/9999", "support")),
            service.engine.step(LogOn("PJSIP/2000", "support")),
            return_exceptions=True,
        )
        answers = await refused

        assert [type(answer) for answer in answers] == [type(None), UnknownDeviceError, type(None)]
        assert [m.extension for m in service.state.logged_on("support")] == ["1000", "2000"]


async def test_a_fact_that_meets_a_bug_does_not_stop_the_writer() -> None:
    async with running() as service:
        with pytest.raises(ZeroDivisionError):
            await service.engine.pubsub(lambda _pubsub, _now: 1 // 0)

        await service.log_on("1000")


async def test_a_caller_who_meets_a_bug_goes_back_to_the_dialplan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as service:
        await service.log_on("1000")
        monkeypatch.setattr(service.pubsub, "publish", lambda *_: 1 // 0)
        service.engine.submit(service.enter())
        await settle()

        assert service.outside.done == [Release("call1", "channel1", QueueStatus.UNAVAILABLE)]
        assert len(service.state.calls) == 0
        assert service.store.outgoing == {}


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
        async with asyncio.timeout(10):
            while not service.outside.done:
                await asyncio.sleep(0.01)
        assert Connect(Leg("call1", 1), "channel1") in service.outside.done
        assert HangUpLeg(Leg("call1", 1)) in service.outside.done
        assert service.store.calls["call1"].outcome == "completed"


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

        async with asyncio.timeout(10):
            while store.calls:
                await asyncio.sleep(0.01)
        assert store.agents["1000"] == service.state.agents["1000"]
        assert store.items == {}
        assert store.outgoing == {}


async def test_a_log_on_that_was_told_to_have_failed_has_failed() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        store.loses_line = True
        with pytest.raises(StoreUnavailableError):
            await service.log_on("1000")

        async with asyncio.timeout(10):
            while store.members["support", "1000"].logged_on_at is not None:
                await asyncio.sleep(0.01)
        await service.log_on("1000")


async def test_a_comparison_with_asterisk_that_failed_does_not_make_it_there() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        await service.log_on("1000")
        await service.engine.step(AsteriskLost())
        store.loses_line = True
        with pytest.raises(StoreUnavailableError):
            await service.engine.reconcile(_unavailable(service.outside.now()))

        await service.engine.step(service.enter())
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
        async with asyncio.timeout(10):
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


async def test_a_message_is_owed_until_it_is_confirmed() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.subscribe("1000")
        await service.engine.step(service.enter())
        owed = service.engine.owed()
        assert owed == list(service.store.outgoing.values()) != []

        service.engine.confirm([message.seq for message in owed])
        assert service.engine.owed() == []
        async with asyncio.timeout(10):
            while service.store.outgoing:
                await asyncio.sleep(0.01)


async def test_after_a_restart_what_was_owed_is_owed_still() -> None:
    store = demo_store()
    async with running(store) as service:
        await service.log_on("1000")
        await service.subscribe("1000")
        await service.engine.step(service.enter())
        owed = service.engine.owed()

    async with running(store) as restarted:
        assert restarted.engine.owed() == owed


async def test_an_announcement_is_of_no_use_once_the_caller_cannot_be_waiting() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.engine.step(service.enter())
        assert len(service.engine.owed()) == 1

        service.outside.time = service.engine.owed()[0].expires_at or service.outside.time
        assert service.engine.owed() == []


def _unavailable(now: datetime) -> Snapshot:
    """Asterisk has nothing but a phone that is not there."""
    devices = {"PJSIP/2000": DeviceState.UNAVAILABLE}
    return Snapshot(now, (), frozenset(), frozenset(), {}, devices)


def _pops(done: Iterable[object]) -> list[Outgoing]:
    return [d for d in done if isinstance(d, Outgoing) and d.type == "headline"]


def _eavesdrop(pubsub: PubSub, now: Any) -> None:
    stranger = "stranger@example.com"
    pubsub.subscribe(Request(stranger, DOMAIN, "ext1000"), stranger, "s", now)


async def test_a_lease_that_is_over_ends_before_anything_else_happens() -> None:
    async with running() as service:
        now, account = service.outside.now(), "user1@example.com"
        request = Request(account, DOMAIN, "ext1000")
        lease = Options(expire=now + timedelta(seconds=60))
        await service.engine.pubsub(
            lambda pubsub, now: pubsub.subscribe(request, account, "sub", now, lease)
        )
        service.outside.time += timedelta(seconds=60)
        held = await service.engine.pubsub(lambda pubsub, _: pubsub.subscriptions_of(request))
        assert held == []
        assert service.store.subscriptions == {}


# What contacts see. ----------------------------------------------------------------------------


async def befriend(service: Service) -> None:
    request = Request("user1@example.com", f"ext1000@{DOMAIN}")
    await service.engine.pubsub(lambda pubsub, now: pubsub.add_contact(request, now))


def statuses(presences: Iterable[str]) -> list[str | None]:
    """What each stanza says of an extension: its type, or the words of its status."""
    read = [ET.fromstring(stanza) for stanza in presences]
    return [presence.findtext("status") or presence.get("type") for presence in read]


async def test_contacts_see_the_agent_through_a_call() -> None:
    async with running() as service:
        await befriend(service)
        await service.log_on("1000")
        await service.engine.step(service.enter())
        await service.engine.step(LegAnswered(Leg("call1", 1)))
        await service.engine.step(CallerLeft("channel1"))
        await service.engine.step(LegEnded(Leg("call1", 1), LegEnd.HUNG_UP))
        assert statuses(service.outside.announced) == [
            "subscribed",
            "unavailable",
            "subscribe",
            "Free (support)",
            "Ringing (support)",
            "On a call (support)",
            "Free (support)",
        ]


async def test_contacts_see_nothing_that_is_not_committed() -> None:
    store = GatedStore()
    async with running(store) as service:
        await befriend(service)
        before = len(service.outside.announced)
        store.gate.clear()
        service.engine.submit(LogOn("PJSIP/1000", "support"))
        await settle()
        assert len(service.outside.announced) == before
        store.gate.set()
        await settle()
        assert statuses(service.outside.announced[before:]) == ["Free (support)"]


async def test_who_goes_while_the_database_is_away_is_gone_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("component.engine.RETRY_SECONDS", 0)
    desk, address = "user1@example.com/desk", f"ext1000@{DOMAIN}"
    async with running() as service:
        pubsub, request = service.engine.pubsub, Request(desk, address)
        await pubsub(lambda p, now: p.subscribe(request, desk, "s", now))
        await pubsub(lambda p, _: p.arrive(address, Resource(desk)))
        service.store.away = True
        going = asyncio.create_task(pubsub(lambda p, _: p.leave(address, desk), patient=True))
        await settle()
        assert service.store.subscriptions
        service.store.away = False
        await going
        assert not service.store.subscriptions


async def test_a_change_that_could_not_be_committed_is_seen_once_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("component.engine.RETRY_SECONDS", 0)
    async with running() as service:
        await befriend(service)
        await service.log_on("1000")
        before = len(service.outside.announced)
        service.store.away = True
        service.engine.submit(LogOff("PJSIP/1000", "support"))
        await settle()
        assert len(service.outside.announced) == before
        service.store.away = False
        await settle()
        assert statuses(service.outside.announced[before:]) == ["unavailable"]


async def test_contacts_outlive_a_restart_and_see_the_agents_as_they_are_then() -> None:
    store = demo_store()
    async with running(store) as service:
        await befriend(service)
        await service.log_on("1000")
    async with running(store) as service:
        assert statuses(service.engine.presences()) == ["Free (support)", "probe"]
        assert statuses(service.engine.farewell()) == ["unavailable"]
