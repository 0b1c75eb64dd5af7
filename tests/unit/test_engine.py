"""One writer; commit, then act."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from component.domain.commands import Hold, Release, Ring
from component.domain.errors import UnknownDeviceError
from component.domain.events import (
    AgentChanged,
    LogOn,
)
from component.domain.words import CallState, QueueStatus
from component.ports import (
    Outgoing,
)
from component.pubsub.errors import ClosedNodeError
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import Options
from tests.unit.services import DOMAIN, Service, demo_store, running
from tests.unit.stores import GatedStore, settle

pytestmark = pytest.mark.unit


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


async def test_what_was_begun_goes_on_before_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    async with running() as service:
        soon = asyncio.get_running_loop().call_soon
        monkeypatch.setattr(service.outside, "perform", lambda _: soon(seen.append, "rung"))
        monkeypatch.setattr(service.outside, "committed", lambda _: seen.append("counted"))
        await service.engine.step(service.enter())
        assert seen == ["rung", "counted"]


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


async def test_who_has_several_extensions_is_told_once() -> None:
    async with running() as service:
        await service.engine.step(AgentChanged("3000", "PJSIP/3000", "user1@example.com"))
        await service.log_on("1000", "3000")
        await service.engine.step(service.enter())

        [announcement] = [d for d in service.outside.done if isinstance(d, Outgoing)]
        assert announcement.recipients == ("user1@example.com",)


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


async def test_a_message_is_owed_until_it_is_confirmed() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.subscribe("1000")
        await service.engine.step(service.enter())
        owed = service.engine.owed()
        assert owed == list(service.store.outgoing.values()) != []

        service.engine.confirm([message.seq for message in owed])
        assert service.engine.owed() == []
        async with asyncio.timeout(20):
            while service.store.outgoing:
                await asyncio.sleep(0.01)


async def test_who_has_lost_the_right_meanwhile_is_owed_nothing_more_of_the_node() -> None:
    """But is told so: that the subscription has ended is no item."""
    async with running() as service:
        await service.log_on("1000")
        await service.subscribe("1000")
        await service.engine.step(service.enter())
        others = dict.fromkeys(service.state.agents, "")
        await service.engine.pubsub(lambda pubsub, _: pubsub.provision(others, 20))
        owed = [message.body for message in service.engine.owed()]
        assert "<SubscriptionEnded node='ext1000'/>" in owed
        assert not any(body.startswith("<published") for body in owed)


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
        async with asyncio.timeout(20):
            while service.store.outgoing:
                await asyncio.sleep(0.01)


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


def _pops(done: Iterable[object]) -> list[Outgoing]:
    return [d for d in done if isinstance(d, Outgoing) and d.type == "headline"]


def _eavesdrop(pubsub: PubSub, now: Any) -> None:
    stranger = "stranger@example.com"
    pubsub.subscribe(Request(stranger, DOMAIN, "ext1000"), stranger, "s", now)


async def digest_of(service: Service, every: timedelta) -> None:
    """Subscribe the agent to digests of the extension's calls."""
    request = Request("user1@example.com", DOMAIN, "ext1000")
    options = Options(digest=every)
    await service.engine.pubsub(
        lambda pubsub, now: pubsub.subscribe(request, request.actor, "s", now, options)
    )


async def test_a_digest_is_sent_when_it_is_due_though_nothing_else_happens() -> None:
    async with running() as service:
        await digest_of(service, timedelta(seconds=0.2))
        await service.engine.pubsub(
            lambda pubsub, now: pubsub.publish("ext1000", "a", "<x/>", DOMAIN, now)
        )
        assert not service.outside.done
        service.outside.time += timedelta(seconds=1)
        async with asyncio.timeout(20):
            while not service.outside.done:
                await asyncio.sleep(0.01)
        (message,) = service.outside.done
        assert isinstance(message, Outgoing)
        assert message.body == "<ItemsPublished node='ext1000'/>"


async def test_what_waits_for_a_digest_outlives_the_service() -> None:
    store = demo_store()
    async with running(store) as service:
        await digest_of(service, timedelta(seconds=1))
        await service.engine.pubsub(
            lambda pubsub, now: pubsub.publish("ext1000", "a", "<x/>", DOMAIN, now)
        )
    async with running(store) as service:
        assert not service.outside.done
        service.outside.time += timedelta(seconds=2)
        async with asyncio.timeout(20):
            while not service.outside.done:
                await asyncio.sleep(0.01)
    assert not store.held
