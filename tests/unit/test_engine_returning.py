"""A caller whom an agent passed on comes into a queue by that: what is written of the call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from component.domain.events import (
    BlindTransfer,
    CallerEntered,
    LegAnswered,
    LegEnded,
    NumberLookedUp,
)
from component.domain.model import Caller, Leg
from component.domain.words import CallState, LegEnd, Outcome
from component.storage.memory import MemoryStore
from tests.unit.services import COMPANY_1, Service, demo_store, running
from tests.unit.stores import DoubtfulStore, settle

pytestmark = pytest.mark.unit

LEG = Leg("call1", 1)
AGAIN = CallerEntered("call9", "support", "channel1", Caller("5550101"))


@asynccontextmanager
async def passed_on(store: MemoryStore) -> AsyncIterator[Service]:
    """1000 has passed a caller on to a number of the dialplan's."""
    async with running(store) as service:
        await service.log_on("1000")
        for event in (
            service.enter(),
            LegAnswered(LEG),
            BlindTransfer(LEG, "5000", "from-phones"),
            NumberLookedUp(LEG, "5000", "from-phones", exists=True),
            LegEnded(LEG, LegEnd.HUNG_UP),
        ):
            await service.engine.step(event)
        yield service


async def test_the_item_is_retracted_where_it_ended_and_published_at_the_next_extension() -> None:
    async with passed_on(demo_store()) as service:
        assert list(service.pubsub.items) == [("ext1000", "call1")]
        await service.log_on("2000")
        await service.engine.step(AGAIN)

        assert list(service.pubsub.items) == [("ext2000", "call1")]
        assert service.store.calls["call1"].transfers[0].extension == "1000"


async def test_it_goes_on_after_a_restart_of_the_service_in_between() -> None:
    store = demo_store()
    async with passed_on(store):
        pass
    async with running(store) as restarted:
        await restarted.log_on("2000")
        await restarted.engine.step(AGAIN)

        assert list(restarted.pubsub.items) == [("ext2000", "call1")]
        assert store.calls["call1"].customer == COMPANY_1


async def test_if_it_cannot_be_written_the_call_is_what_it_was() -> None:
    store = DoubtfulStore()
    async with passed_on(store) as service:
        before = store.calls["call1"]
        assert before.outcome is Outcome.TRANSFERRED
        store.loses_line = True
        service.engine.submit(AGAIN)
        await settle()
        assert store.calls["call1"].state is not CallState.ENDED

        async with asyncio.timeout(20):
            while store.calls["call1"] != before:
                await asyncio.sleep(0.01)
        assert list(service.state.passed_on.values()) == [before]
