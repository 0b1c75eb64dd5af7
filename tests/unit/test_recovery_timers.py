"""After a restart: what was to happen by the clock still does, when it was to."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from component.domain.events import (
    CallbackExpired,
    CallerLeft,
    ConnectDue,
    CustomerAnswered,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    SkillsWaived,
    StickyOver,
    WaitTimedOut,
)
from component.domain.model import Leg
from component.domain.terms import Need, Terms
from component.domain.words import CallState, LegEnd
from component.recovery import timers
from component.storage.memory import MemoryStore
from tests.unit.domain.callbacks import TERMS
from tests.unit.recovering import LEG, offered
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
FRENCH = Terms(Need(skills=frozenset({("french", 1)})))


def store_with(**settings: object) -> MemoryStore:
    store = demo_store()
    store.queues = [replace(queue, **settings) for queue in store.queues]  # type: ignore[arg-type]
    return store


def due(service: Service) -> dict[Event, datetime]:
    """What a life of the service that begins now would wait for."""
    return {timer.event: timer.at for timer in timers(service.state, service.outside.now())}


async def test_who_waits_for_some_of_the_agents_waits_so_no_longer_than_before() -> None:
    patience = {"skills_timeout": 20 * SECOND, "sticky": 600 * SECOND, "sticky_wait": 30 * SECOND}
    async with running(store_with(**patience)) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        entered = service.outside.time
        await service.engine.step(replace(service.enter(2), terms=FRENCH))
        service.outside.time += 5 * SECOND

        assert due(service)[SkillsWaived("call2")] == entered + 20 * SECOND
        assert due(service)[StickyOver("call2")] == entered + 30 * SECOND


async def test_so_does_who_is_to_be_called_back() -> None:
    async with running(store_with(callback=TERMS, skills_timeout=20 * SECOND)) as service:
        await service.log_on("1000")
        entered = service.outside.time
        await service.engine.step(replace(service.enter(2), terms=FRENCH))
        for key in "2#1":
            await service.engine.step(DigitPressed("channel2", key))
        await service.engine.step(CallerLeft("channel2"))
        assert service.state.calls["call2"].state is CallState.AWAY

        assert due(service)[SkillsWaived("call2")] == entered + 20 * SECOND


async def test_who_has_answered_hears_the_caller_as_soon_as_was_said() -> None:
    async with running(store_with(memberdelay=4 * SECOND)) as service:
        await offered(service)
        await service.engine.step(LegAnswered(LEG))
        answered = service.outside.time
        service.outside.time += 3 * SECOND

        assert due(service)[ConnectDue(LEG)] == answered + 4 * SECOND


async def test_who_was_called_back_and_is_on_the_line_waits_as_any_caller_does() -> None:
    async with running(store_with(callback=TERMS)) as service:
        await offered(service)
        await service.engine.step(LegAnswered(LEG))
        await service.engine.step(service.enter(2))
        for key in "2#1":
            await service.engine.step(DigitPressed("channel2", key))
        await service.engine.step(CallerLeft("channel2"))
        assert CallbackExpired("call2") in due(service)
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))
        channel = service.state.calls["call2"].channel
        await service.engine.step(CustomerAnswered("call2", channel))
        await service.engine.step(DigitPressed(channel, "1"))
        assert service.state.calls["call2"].leg == Leg("call2", 1)

        assert set(due(service)) == {WaitTimedOut("call2")}
