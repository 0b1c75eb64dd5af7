"""After a gap: what Asterisk has, compared with what is believed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import (
    Connect,
    EndCall,
    HangUpLeg,
    Hold,
    Hush,
    LiftBound,
    Redirect,
    Release,
    Ring,
)
from component.domain.events import (
    AnnouncementDue,
    AsteriskFound,
    AsteriskLost,
    CallerLeft,
    ExitFound,
    LegAnswered,
    LegEnded,
    NotLetGo,
    Pause,
    WaitTimedOut,
    Withdraw,
)
from component.domain.model import Leg
from component.domain.queue import AutoPause, StrategyName
from component.domain.terms import Terms
from component.domain.words import (
    AgentState,
    CallState,
    DeviceState,
    LegEnd,
    MemberState,
    QueueStatus,
)
from component.ports import Snapshot, WaitingChannel
from component.recovery import timers
from component.storage.memory import MemoryStore
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit

LEG = Leg("call1", 1)


def snapshot(
    service: Service,
    *callers: str,
    ringing: tuple[Leg, ...] = (),
    answered: tuple[Leg, ...] = (),
    bridges: dict[str, set[str]] | None = None,
    devices: dict[str, DeviceState] | None = None,
) -> Snapshot:
    """What Asterisk has, read a second after whatever was believed so far."""
    service.outside.time += timedelta(seconds=1)
    now = service.outside.time
    return Snapshot(
        taken_at=now,
        callers=tuple(WaitingChannel(c, "support", "1111", "5550100", "", now) for c in callers),
        ringing_legs=frozenset(ringing),
        answered_legs=frozenset(answered),
        bridges={call: frozenset(channels) for call, channels in (bridges or {}).items()},
        device_states=devices or {},
    )


def announcing_store() -> MemoryStore:
    store = demo_store()
    store.queues = [replace(q, announce_frequency=timedelta(seconds=30)) for q in store.queues]
    return store


def ringing_everywhere() -> MemoryStore:
    store = demo_store()
    store.queues = [replace(store.queues[0], strategy=StrategyName.RINGALL)]
    return store


async def offered(service: Service, *extensions: str) -> None:
    await service.log_on(*extensions or ("1000",))
    await service.engine.step(service.enter())
    service.outside.done.clear()


async def answered(service: Service) -> None:
    await offered(service)
    await service.engine.step(LegAnswered(LEG))
    service.outside.done.clear()


async def test_a_caller_who_hung_up_meanwhile_is_abandoned() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, ringing=(LEG,)))

        assert HangUpLeg(LEG) in service.outside.done
        assert service.store.calls["call1"].outcome == "abandoned"


async def test_of_callers_who_came_meanwhile_who_called_first_is_first() -> None:
    async with running() as service:
        found = snapshot(service, "channel1", "channel2", "channel3")
        earlier = {"channel1": 2, "channel2": 3, "channel3": 1}
        callers = tuple(
            replace(caller, created_at=found.taken_at - timedelta(seconds=earlier[caller.channel]))
            for caller in found.callers
        )
        strangers = await service.engine.reconcile(replace(found, callers=callers))

        assert [caller.channel for caller in strangers] == ["channel2", "channel1", "channel3"]


async def test_an_agent_who_hung_up_meanwhile_ends_the_call() -> None:
    async with running() as service:
        await answered(service)
        await service.engine.reconcile(
            snapshot(service, "channel1", bridges={"call1": {"channel1"}})
        )

        assert service.store.calls["call1"].outcome == "completed"
        assert service.state.agents["1000"].state is AgentState.AVAILABLE


async def test_a_caller_whose_talk_was_over_and_who_is_still_there_is_hung_up() -> None:
    """A crash came between the commit and the request."""
    async with running() as service:
        await answered(service)
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))
        service.outside.done.clear()
        found = snapshot(service, "channel1", "channel2", bridges={"call1": {"channel1"}})
        strangers = await service.engine.reconcile(found)
        await settled(service)

        assert [caller.channel for caller in strangers] == ["channel2"]
        assert EndCall("call1", "channel1") in service.outside.done


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


async def settled(service: Service) -> None:
    """Wait until all that was handed in is stepped."""
    await service.engine.pubsub(lambda *_: None)


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
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(service.enter(2))
        await service.engine.step(Withdraw("call2", "closing"))
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", "channel2", ringing=(LEG,)))
        await settled(service)

        released = Release("call2", "channel2", QueueStatus.WITHDRAW, "closing")
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


async def test_a_caller_who_was_let_go_and_has_come_again_meanwhile_stays() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.step(Withdraw("call1"))
        over = service.store.calls["call1"]
        await service.engine.step(replace(service.enter(), call_id="call2"))
        service.outside.done.clear()
        await service.engine.step(NotLetGo(over))

        assert service.outside.done == []


async def test_a_phone_that_stopped_ringing_meanwhile_did_not_take_the_call() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1"))

        assert service.store.calls["call1"].state is CallState.WAITING
        assert service.store.calls["call1"].tried == {"1000"}


async def test_nobody_is_paused_whose_phone_stopped_ringing_meanwhile() -> None:
    """It may be Asterisk that ended."""
    store = demo_store()
    store.queues = [replace(store.queues[0], autopause=AutoPause.ALL)]
    async with running(store) as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1"))

        assert service.state.members["support", "1000"].state is MemberState.READY


async def test_who_answered_when_nobody_was_there_to_connect_the_two_is_not_paused() -> None:
    store = demo_store()
    store.queues = [replace(queue, autopause=AutoPause.YES) for queue in store.queues]
    async with running(store) as service:
        await offered(service)

    service = Service(store)
    service.outside.time += timedelta(seconds=30)  # which is longer than phones ring
    await service.start()
    await service.engine.reconcile(snapshot(service, "channel1"))
    await service.stop()

    assert store.calls["call1"].tried == {"1000"}
    assert store.members["support", "1000"].paused_at is None


async def test_a_phone_that_was_answered_meanwhile_is_connected() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, "channel1", answered=(LEG,)))

        assert Connect(LEG, "channel1") in service.outside.done
        assert service.store.calls["call1"].state is CallState.ANSWERED


async def test_of_two_calls_of_an_agent_the_one_that_ended_meanwhile_is_over() -> None:
    store = demo_store()
    store.queues = [replace(queue, ringinuse=True) for queue in store.queues]
    store.agents["1000"] = replace(store.agents["1000"], max_calls=2)
    second = Leg("call2", 1)
    async with running(store) as service:
        await answered(service)
        await service.engine.step(service.enter(2))
        await service.engine.step(LegAnswered(second))
        talking = {"call1": {"channel1"}, "call2": {"channel2", "ivr-call2.1"}}
        await service.engine.reconcile(
            snapshot(service, "channel1", "channel2", answered=(second,), bridges=talking)
        )

        assert service.store.calls["call1"].outcome == "completed"
        assert service.store.calls["call2"].state is CallState.ANSWERED
        agent = service.store.agents["1000"]
        assert (agent.state, agent.legs) == (AgentState.ON_CALL, (second,))


async def test_a_call_that_goes_on_may_go_on_for_as_long_as_it_takes() -> None:
    async with running() as service:
        await answered(service)
        talking = snapshot(
            service,
            "channel1",
            answered=(LEG,),
            bridges={"call1": {"channel1", "ivr-call1.1"}},
        )
        assert await service.engine.reconcile(talking) == ()

        assert service.outside.done == [LiftBound("call1", "channel1")]


async def test_a_connection_that_was_decided_but_not_made_is_made() -> None:
    async with running() as service:
        await answered(service)
        await service.engine.reconcile(snapshot(service, "channel1", answered=(LEG,)))

        assert service.outside.done == [Connect(LEG, "channel1")]
        assert service.outside.decided.count(Connect(LEG, "channel1")) == 1  # which counts it


async def test_a_waiting_caller_is_held_again_in_the_old_place() -> None:
    async with running() as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(service.enter(2))
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", "channel2", ringing=(LEG,)))

        assert [hold.channel for hold in service.outside.done if isinstance(hold, Hold)] == [
            "channel1",
            "channel2",
        ]
        assert len(service.outside.done) == 2


async def test_of_several_phones_that_ring_those_that_stopped_are_passed_over() -> None:
    async with running(ringing_everywhere()) as service:
        await offered(service, "1000", "2000", "3000")
        await service.engine.reconcile(
            snapshot(service, "channel1", ringing=(Leg("call1", 1), Leg("call1", 3)))
        )

        call = service.store.calls["call1"]
        assert [offer.extension for offer in call.offers] == ["1000", "3000"]
        assert call.tried == {"2000"}


async def test_of_several_phones_that_were_answered_meanwhile_one_is_connected() -> None:
    async with running(ringing_everywhere()) as service:
        await offered(service, "1000", "2000", "3000")
        first, second, third = (Leg("call1", attempt) for attempt in (1, 2, 3))
        await service.engine.reconcile(
            snapshot(service, "channel1", answered=(first, second), ringing=(third,))
        )

        assert [done for done in service.outside.done if isinstance(done, Connect)] == [
            Connect(first, "channel1")
        ]
        assert {done for done in service.outside.done if isinstance(done, HangUpLeg)} == {
            HangUpLeg(second, answered_elsewhere=True),
            HangUpLeg(second),
            HangUpLeg(third, answered_elsewhere=True),
        }


async def test_after_a_restart_all_phones_that_ring_stop_in_time() -> None:
    store = ringing_everywhere()
    async with running(store) as service:
        await offered(service, "1000", "2000")

    service = Service(store)
    service.outside.time += timedelta(seconds=30)
    await service.start()
    await service.engine.step(AsteriskFound())
    async with asyncio.timeout(10):
        while store.calls["call1"].tried != {"1000", "2000"}:
            await asyncio.sleep(0.01)
    await service.stop()

    assert [done for done in service.outside.done if isinstance(done, HangUpLeg)] == [
        HangUpLeg(Leg("call1", 1)),
        HangUpLeg(Leg("call1", 2)),
    ]


async def test_what_was_being_said_to_a_caller_is_cut_off_and_said_anew_when_it_is_due() -> None:
    async with running(announcing_store()) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(service.enter(2))
        assert service.state.calls["call2"].told.speaking
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", "channel2", ringing=(LEG,)))

        assert service.outside.done[0] == Hush("call2", 1)
        assert not service.state.calls["call2"].told.speaking


async def test_after_a_restart_announcements_go_on() -> None:
    async with running(announcing_store()) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(service.enter(2))

        due = [timer.event for timer in timers(service.state, service.outside.now())]
        assert AnnouncementDue("call2") in due


async def test_a_caller_who_came_meanwhile_is_reported() -> None:
    async with running() as service:
        await offered(service)
        found = await service.engine.reconcile(
            snapshot(service, "channel1", "channel9", ringing=(LEG,))
        )

        assert [caller.channel for caller in found] == ["channel9"]


async def test_a_leg_and_a_bridge_that_no_call_wants_are_taken_down() -> None:
    async with running() as service:
        stray = Leg("gone", 3)
        await service.engine.reconcile(
            snapshot(service, ringing=(stray,), bridges={"gone": {"ivr-gone.3"}})
        )

        assert service.outside.done == [HangUpLeg(stray)]
        assert service.outside.discarded == ["gone"]


async def test_the_bridge_of_a_call_that_was_being_passed_on_goes_with_the_caller() -> None:
    async with running() as service:
        await offered(service)

        await service.engine.reconcile(
            snapshot(service, ringing=(LEG,), bridges={"call1": {"ivr-call1.0"}})
        )

        assert "call1" in service.outside.discarded


async def test_what_was_rung_after_the_reading_began_is_left_alone() -> None:
    async with running() as service:
        await service.log_on("1000")
        early = snapshot(service)
        service.outside.time += timedelta(seconds=1)
        await service.engine.step(service.enter())
        await service.engine.reconcile(early)

        assert service.store.calls["call1"].state is CallState.OFFERED


async def test_device_states_are_taken_over_before_anything_is_offered() -> None:
    async with running() as service:
        await service.log_on("1000", "2000")
        await service.engine.reconcile(
            snapshot(service, devices={"PJSIP/1000": DeviceState.UNAVAILABLE})
        )
        await service.engine.step(service.enter())

        assert [d.device for d in service.outside.done if isinstance(d, Ring)] == ["PJSIP/2000"]


async def test_after_a_restart_agents_and_calls_are_as_they_were() -> None:
    store = demo_store()
    async with running(store) as service:
        await answered(service)

    async with running(store) as service:
        assert service.state.agents["1000"].state is AgentState.ON_CALL
        assert service.state.agents["1000"].leg == LEG
        await service.engine.step(CallerLeft("channel1"))
        assert store.calls["call1"].outcome == "completed"


async def test_after_a_restart_the_wait_still_ends() -> None:
    store = demo_store()
    async with running(store) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(service.enter(2))

    service = Service(store)
    service.outside.time += timedelta(seconds=60)
    await service.start()
    async with asyncio.timeout(10):
        while not {"call1", "call2"} <= {c.id for c in store.calls.values() if c.outcome}:
            await asyncio.sleep(0.01)
    await service.stop()

    released = [done for done in service.outside.done if isinstance(done, Release)]
    assert sorted(release.call_id for release in released) == ["call1", "call2"]
    assert not any(isinstance(done, Ring) for done in service.outside.done)


async def test_pause_and_wrap_up_hold_over_a_restart() -> None:
    store = demo_store()
    store.queues = [replace(store.queues[0], wrapuptime=timedelta(seconds=0.05))]
    async with running(store) as service:
        await answered(service)
        await service.engine.step(LegEnded(LEG, LegEnd.HUNG_UP))
        await service.log_on("2000")
        await service.engine.step(Pause("PJSIP/2000", reason="lunch"))

    async with running(store) as restarted:
        assert restarted.state.members["support", "2000"].pause_reason == "lunch"
        assert restarted.state.agents["1000"].wrap_up_until is not None
        assert not restarted.state.candidates.any("support")
        restarted.outside.time += timedelta(seconds=1)
        async with asyncio.timeout(10):
            while not restarted.state.candidates.any("support"):
                await asyncio.sleep(0.01)
