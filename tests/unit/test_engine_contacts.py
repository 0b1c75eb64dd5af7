"""What contacts see of an agent: what is committed, and no more."""

import asyncio
from collections.abc import Iterable
from xml.etree import ElementTree as ET

import pytest

from component.domain.events import (
    CallerLeft,
    LegAnswered,
    LegEnded,
    LogOff,
    LogOn,
)
from component.domain.model import Leg
from component.domain.words import LegEnd
from component.pubsub.audience import Resource
from component.pubsub.service import Request
from tests.unit.services import DOMAIN, Service, demo_store, running
from tests.unit.stores import GatedStore, settle

pytestmark = pytest.mark.unit


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
