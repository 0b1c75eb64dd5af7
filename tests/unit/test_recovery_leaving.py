"""After a gap: callers who were to leave the queue, and have not left yet, or have come again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    EndCall,
    Hush,
    Redirect,
    Release,
)
from component.domain.events import (
    AsteriskLost,
    CallerLeft,
    ExitFound,
    LegAnswered,
    LegEnded,
    NotLetGo,
    WaitTimedOut,
    Withdraw,
)
from component.domain.terms import Terms
from component.domain.words import (
    LegEnd,
    QueueStatus,
)
from tests.unit.recovering import (
    LEG,
    announcing_store,
    answered,
    offered,
    one_rings_and_one_waits,
    settled,
    snapshot,
)
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit


async def test_a_caller_whose_talk_was_over_and_who_is_still_there_is_hung_up() -> None:
    """A crash came between the commit and the request."""
    async with running() as service:
        await answered(service)
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))
        service.outside.done.clear()
        bridge = talk_bridge(LEG, "channel1")
        found = snapshot(service, "channel1", "channel2", bridges={bridge: {"channel1"}})
        strangers = await service.engine.reconcile(found)
        await settled(service)

        assert [caller.channel for caller in strangers] == ["channel2"]
        assert EndCall("call1", "channel1", bridge) in service.outside.done


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_caller_whose_wait_ended_while_nobody_could_let_him_go_is_let_go(
    *, restarts: bool
) -> None:
    store = demo_store()
    async with running(store) as service:
        await offered(service)
        await service.engine.step(AsteriskLost())
        service.outside.time += timedelta(seconds=60)
        await service.engine.step(WaitTimedOut("call1"))
        if not restarts:
            await is_released(service, QueueStatus.TIMEOUT)
    if restarts:
        async with running(store) as service:
            await is_released(service, QueueStatus.TIMEOUT)


async def is_released(service: Service, status: QueueStatus) -> None:
    """Have what Asterisk has read: the caller is still there, and is to go."""
    service.outside.done.clear()
    strangers = await service.engine.reconcile(snapshot(service, "channel1", "channel2"))
    await settled(service)

    assert [caller.channel for caller in strangers] == ["channel2"]
    assert [d.status for d in service.outside.done if isinstance(d, Release)] == [status]


async def test_a_caller_who_wished_to_go_on_in_the_dialplan_goes_on() -> None:
    async with running() as service:
        await service.log_on("1000")
        entered = replace(service.enter(), terms=Terms(continues=True))
        await service.engine.step(entered)
        await service.engine.step(LegAnswered(LEG))
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))

        await is_released(service, QueueStatus.CONTINUE)


async def test_a_caller_whom_a_key_lets_leave_goes_where_it_leads() -> None:
    store = demo_store()
    store.queues = [replace(store.queues[0], context="exits")]
    async with running(store) as service:
        await offered(service)
        await service.engine.step(ExitFound("call1", "0", "exits"))
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1"))
        await settled(service)

        assert service.outside.done == [Redirect("call1", "channel1", "exits", "0")]
        assert store.calls["call1"].outcome == "exitwithkey"


async def test_what_was_being_said_to_a_caller_who_is_to_leave_is_cut_off() -> None:
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        await service.engine.step(Withdraw("call2", "closing"))
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", "channel2", ringing=(LEG,)))
        await settled(service)

        released = Release("call2", "channel2", QueueStatus.WITHDRAW, "closing")
        assert service.outside.done[-2:] == [Hush("call2", 1), released]


async def test_what_is_said_is_cut_off_though_another_gap_came_before_that() -> None:
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        there = snapshot(service, "channel1", "channel2", ringing=(LEG,))
        await service.engine.reconcile(there)
        await service.engine.step(Withdraw("call2"))
        service.outside.done.clear()
        await service.engine.reconcile(there)
        await settled(service)

        released = Release("call2", "channel2", QueueStatus.WITHDRAW)
        assert service.outside.done[-2:] == [Hush("call2", 1), released]


async def test_a_caller_who_left_by_himself_and_comes_again_is_a_new_one() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.step(CallerLeft("channel1"))
        strangers = await service.engine.reconcile(snapshot(service, "channel1"))

        assert [caller.channel for caller in strangers] == ["channel1"]


async def test_a_caller_who_was_let_go_and_is_looked_up_again_is_a_new_one() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.step(Withdraw("call1"))
        service.outside.done.clear()
        found = replace(snapshot(service, "channel1"), newcomers=frozenset({"channel1"}))
        strangers = await service.engine.reconcile(found)
        await settled(service)

        assert [caller.channel for caller in strangers] == ["channel1"]
        assert service.outside.done == []


async def test_a_caller_who_is_just_being_let_go_is_not_once_more() -> None:
    """He may be in another queue by then, on the same channel."""
    async with running() as service:
        await offered(service)
        await service.engine.step(AsteriskLost())
        found = snapshot(service, "channel1")
        service.outside.time += timedelta(seconds=0.01)
        await service.engine.step(Withdraw("call1"))
        service.outside.done.clear()
        strangers = await service.engine.reconcile(found)
        await settled(service)

        assert strangers == ()
        assert service.outside.done == []


async def test_a_caller_whom_another_service_let_go_by_a_fast_clock_is_let_go() -> None:
    store = demo_store()
    async with running(store) as service:
        await offered(service)
        service.outside.time += timedelta(seconds=60)
        await service.engine.step(Withdraw("call1"))
    async with running(store) as service:
        await is_released(service, QueueStatus.WITHDRAW)


async def test_a_caller_who_was_let_go_and_has_come_again_meanwhile_stays() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.step(Withdraw("call1"))
        over = service.store.calls["call1"]
        await service.engine.step(replace(service.enter(), call_id="call2"))
        service.outside.done.clear()
        await service.engine.step(NotLetGo(over))

        assert service.outside.done == []
