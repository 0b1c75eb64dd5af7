"""After a gap: what Asterisk has, compared with what is believed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.asterisk_ids import earlier_bridge, talk_bridge
from component.domain.commands import (
    AnswerTransfer,
    Connect,
    HangUpLeg,
    Hold,
    Hush,
    LiftBound,
    Release,
    Ring,
)
from component.domain.events import (
    AnnouncementDue,
    AsteriskLost,
    CallerLeft,
    LegAnswered,
    LegEnded,
    Pause,
    RetryDue,
)
from component.domain.kept_place import Dialogue
from component.domain.model import Leg
from component.domain.words import (
    AgentState,
    CallState,
    DeviceState,
    LegEnd,
)
from component.recovery import timers
from tests.unit.recovering import (
    LEG,
    announcing_store,
    answered,
    offered,
    one_rings_and_one_waits,
    snapshot,
)
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit

STRAY = Leg("gone", 3)


async def test_a_caller_who_hung_up_meanwhile_is_abandoned() -> None:
    async with running() as service:
        await offered(service)
        await service.engine.reconcile(snapshot(service, ringing=(LEG,)))

        assert HangUpLeg(LEG) in service.outside.done
        assert service.store.calls["call1"].outcome == "abandoned"


async def test_a_stay_is_over_if_its_channel_enters_again_and_nobody_heard_it_leave() -> None:
    async with running() as service:
        await offered(service)
        found = replace(
            snapshot(service, "channel1", ringing=(LEG,)), newcomers=frozenset({"channel1"})
        )
        await service.engine.reconcile(found)
        await service.engine.step(replace(service.enter(), call_id="call2"))

        assert HangUpLeg(LEG) in service.outside.done
        assert service.store.calls["call1"].outcome == "abandoned"
        assert service.store.calls["call2"].outcome is None


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
            snapshot(service, "channel1", bridges={talk_bridge(LEG, "channel1"): {"channel1"}})
        )

        assert service.store.calls["call1"].outcome == "completed"
        assert service.state.agents["1000"].state is AgentState.AVAILABLE
        in_vain = Connect | LiftBound | AnswerTransfer
        assert not any(isinstance(done, in_vain) for done in service.outside.done)


async def test_a_waiting_caller_is_held_again_in_the_old_place() -> None:
    async with running() as service:
        await one_rings_and_one_waits(service)
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", "channel2", ringing=(LEG,)))

        assert [hold.channel for hold in service.outside.done if isinstance(hold, Hold)] == [
            "channel1",
            "channel2",
        ]
        assert len(service.outside.done) == 2


async def test_what_was_being_said_to_a_caller_is_cut_off_and_said_anew_when_it_is_due() -> None:
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        assert service.state.calls["call2"].told.speaking
        service.outside.done.clear()
        await service.engine.reconcile(snapshot(service, "channel1", "channel2", ringing=(LEG,)))

        assert service.outside.done[0] == Hush("call2", 1)
        assert not service.state.calls["call2"].told.speaking


async def test_what_is_said_on_a_key_of_just_now_is_cut_off_after_what_was_being_said_before() -> (
    None
):
    """The service died over cutting that off, and events come again before all is compared."""
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        there = snapshot(service, "channel1", "channel2", ringing=(LEG,))
        await service.engine.reconcile(there)
        call = service.state.calls["call2"]
        service.state.calls.put(
            "call2", replace(call, told=replace(call.told, number=2, speaking=True))
        )
        service.outside.done.clear()
        await service.engine.reconcile(there)

        assert service.outside.done[:2] == [Hush("call2", 1), Hush("call2", 2)]


async def test_all_is_cut_off_that_who_pressed_keys_in_a_dialogue_may_hear_still() -> None:
    """Each was answered in one commit that took long, and the service died when it was made."""
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        there = snapshot(service, "channel1", "channel2", ringing=(LEG,))
        call = service.state.calls["call2"]
        told = replace(call.told, number=12, speaking=True)
        dialogue = Dialogue(service.outside.now(), number="5550100")
        service.state.calls.put("call2", replace(call, told=told, dialogue=dialogue))
        service.outside.done.clear()
        await service.engine.reconcile(there)

        assert service.outside.done[:9] == [Hush("call2", number) for number in range(4, 13)]


async def test_what_was_being_said_is_cut_off_again_if_the_service_died_over_it() -> None:
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        there = snapshot(service, "channel1", "channel2", ringing=(LEG,))
        await service.engine.reconcile(there)
        service.outside.done.clear()
        await service.engine.reconcile(there)

        assert service.outside.done[0] == Hush("call2", 1)


async def test_to_who_talks_nothing_is_being_said_any_more() -> None:
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)
        await service.engine.step(LegEnded(LEG, LegEnd.REJECTED))
        await service.log_on("2000")
        leg = service.state.calls["call1"].leg
        assert service.state.calls["call1"].told.number
        await service.engine.step(LegAnswered(leg))
        talking = {talk_bridge(leg, "channel1"): {"channel1", str(leg)}}
        found = snapshot(service, "channel1", "channel2", answered=(leg,), bridges=talking)
        service.outside.done.clear()
        await service.engine.reconcile(found)

        assert [d.call_id for d in service.outside.done if isinstance(d, Hush)] == ["call2"]


async def test_after_a_restart_announcements_go_on() -> None:
    async with running(announcing_store()) as service:
        await one_rings_and_one_waits(service)

        due = [timer.event for timer in timers(service.state, service.outside.now())]
        assert AnnouncementDue("call2") in due


async def test_who_talks_during_a_restart_is_told_of_the_place_when_he_waits_again() -> None:
    store = announcing_store()
    async with running(store) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(LegAnswered(LEG))
        assert service.state.calls["call1"].told.periodic_at is not None

        due = [timer.event for timer in timers(service.state, service.outside.now())]
        assert AnnouncementDue("call1") in due


async def test_after_a_restart_who_was_tried_is_tried_again_when_it_was_to_be() -> None:
    async with running() as service:
        await offered(service)
        began = service.outside.time
        await service.engine.step(LegEnded(LEG, LegEnd.REJECTED))

        due = {t.event: t.at for t in timers(service.state, began + timedelta(seconds=3))}
        at = began + service.state.queues["support"].retry
        assert due[RetryDue("call1", at)] == at


async def test_a_caller_who_came_meanwhile_is_reported() -> None:
    async with running() as service:
        await offered(service)
        found = await service.engine.reconcile(
            snapshot(service, "channel1", "channel9", ringing=(LEG,))
        )

        assert [caller.channel for caller in found] == ["channel9"]


@pytest.mark.parametrize("bridge", [talk_bridge(STRAY, "channel1"), earlier_bridge("gone")])
async def test_a_leg_and_a_bridge_that_no_call_wants_are_taken_down(bridge: str) -> None:
    async with running() as service:
        await service.engine.reconcile(
            snapshot(service, ringing=(STRAY,), bridges={bridge: {"ivr-gone.3"}})
        )

        assert service.outside.done == [HangUpLeg(STRAY)]
        assert service.outside.discarded == [bridge]


async def test_the_bridge_of_a_call_that_was_being_passed_on_goes_with_the_caller() -> None:
    async with running() as service:
        await offered(service)

        bridge = talk_bridge(Leg("call1", 0), "channel1")
        await service.engine.reconcile(
            snapshot(service, ringing=(LEG,), bridges={bridge: {"ivr-call1.0"}})
        )

        assert bridge in service.outside.discarded


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


async def test_whose_phone_has_gone_meanwhile_is_not_rung_when_asterisk_is_there_again() -> None:
    async with running() as service:
        await service.log_on("1000", "2000")
        await service.engine.step(AsteriskLost())
        await service.engine.step(service.enter())
        gone = {"PJSIP/1000": DeviceState.UNAVAILABLE}
        await service.engine.reconcile(snapshot(service, "channel1", devices=gone))

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
        await one_rings_and_one_waits(service)

    service = Service(store)
    service.outside.time += timedelta(seconds=60)
    await service.start()
    async with asyncio.timeout(20):
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
        async with asyncio.timeout(20):
            while not restarted.state.candidates.any("support"):
                await asyncio.sleep(0.01)
