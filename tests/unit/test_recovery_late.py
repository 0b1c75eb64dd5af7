"""After a gap: what was decided before it, and begun only when Asterisk was there again."""

import asyncio
from dataclasses import replace

import pytest

from component.domain.commands import CallCustomer, HangUpCustomer, HangUpLeg, Ring
from component.domain.events import (
    AsteriskLost,
    CallerLeft,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
)
from component.domain.words import CallState, LegEnd
from component.ports import StoreUnavailableError
from tests.unit.domain.callbacks import TERMS
from tests.unit.recovering import LEG, offered, snapshot
from tests.unit.services import Service, running
from tests.unit.stores import DoubtfulStore, GatedStore, settle

pytestmark = pytest.mark.unit

CUSTOMER = "ivrcallback-call2.1"


async def decided_before_a_gap(service: Service, store: GatedStore, event: Event) -> None:
    """The commit takes so long that Asterisk is lost and there again meanwhile."""
    store.gate.clear()
    service.engine.submit(event)
    await settle()
    service.engine.submit(AsteriskLost())
    found = replace(snapshot(service, "channel1"), taken_at=service.engine.acted_until)
    settling = asyncio.create_task(service.engine.reconcile(found))
    await settle()
    assert service.outside.done == []
    store.gate.set()
    await settling


async def test_a_phone_that_is_rung_after_a_slow_commit_goes_on_ringing() -> None:
    store = GatedStore()
    async with running(store) as service:
        await service.log_on("1000")
        await decided_before_a_gap(service, store, service.enter())

        assert [done.leg for done in service.outside.done if isinstance(done, Ring)] == [LEG]
        assert HangUpLeg(LEG) not in service.outside.done
        assert store.calls["call1"].offers[0].leg == LEG


async def test_a_customer_who_is_called_after_a_slow_commit_is_awaited() -> None:
    store = GatedStore()
    store.queues = [replace(queue, callback=TERMS) for queue in store.queues]
    async with running(store) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(LegAnswered(LEG))
        await service.engine.step(service.enter(2))
        for key in "2#1":
            await service.engine.step(DigitPressed("channel2", key))
        await service.engine.step(CallerLeft("channel2"))
        service.outside.done.clear()
        await decided_before_a_gap(service, store, LegEnded(LEG, LegEnd.HUNG_UP))

        called = [done.channel for done in service.outside.done if isinstance(done, CallCustomer)]
        assert called == [CUSTOMER]
        assert HangUpCustomer("call2", CUSTOMER) not in service.outside.done
        assert store.calls["call2"].state is CallState.CALLING


async def test_what_could_not_be_committed_is_not_awaited() -> None:
    store = DoubtfulStore()
    async with running(store) as service:
        store.loses_line = True
        with pytest.raises(StoreUnavailableError):
            await service.log_on("1000")
        service.outside.time += TERMS.retry

        assert service.engine.acted_until == service.outside.time


async def test_a_phone_that_is_not_found_is_not_left_ringing_if_it_is_just_about_to() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1"))

        assert service.store.calls["call1"].state is CallState.WAITING
        assert HangUpLeg(LEG) in service.outside.done
