"""After a gap: who is to be called back is, and is called once at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.commands import (
    CallCustomer,
    Connect,
    Display,
    EndCall,
    HangUpCustomer,
    Hush,
    Redirect,
    Release,
    Ring,
    Say,
)
from component.domain.events import (
    AsteriskLost,
    AttendedTransfer,
    CallbackDue,
    CallbackExpired,
    CallbackTimedOut,
    CallerLeft,
    CustomerAnswered,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    NumberLookedUp,
    QueueRemoved,
    Said,
    WaitTimedOut,
    Withdraw,
)
from component.domain.model import Caller, Leg, Transfer
from component.domain.words import AgentState, CallState, LegEnd, Outcome, QueueStatus
from component.ports import CalledChannel
from component.recovery import compare, timers
from component.storage.memory import MemoryStore
from tests.unit.domain.callbacks import TERMS
from tests.unit.recovering import settled, snapshot
from tests.unit.services import Service, demo_store, running

pytestmark = pytest.mark.unit

CHANNEL = "ivrcallback-call2.1"


def calling_back_store() -> MemoryStore:
    store = demo_store()
    store.queues = [replace(queue, callback=TERMS) for queue in store.queues]
    return store


@asynccontextmanager
async def asked() -> AsyncIterator[Service]:
    """One caller talks with the agent, a second one has asked to be called back."""
    async with running(calling_back_store()) as service:
        await service.log_on("1000")
        await service.engine.step(service.enter(1))
        await service.engine.step(LegAnswered(Leg("call1", 1)))
        await service.engine.step(service.enter(2))
        for key in "2#1":
            await service.engine.step(DigitPressed("channel2", key))
        service.outside.done.clear()
        yield service


@asynccontextmanager
async def kept() -> AsyncIterator[Service]:
    """The second caller is on no line any more."""
    async with asked() as service:
        await service.engine.step(CallerLeft("channel2"))
        service.outside.done.clear()
        yield service


@asynccontextmanager
async def called() -> AsyncIterator[Service]:
    """The second caller's phone rings; the agent is kept free."""
    async with kept() as service:
        await service.engine.step(LegEnded(Leg("call1", 1), LegEnd.HUNG_UP))
        assert service.store.calls["call2"].state is CallState.CALLING
        service.outside.done.clear()
        yield service


def to_customer(
    service: Service, channel: str = CHANNEL, *, answered: bool = False, elsewhere: bool = False
) -> object:
    customer = CalledChannel(channel, "call2", answered, elsewhere)
    return replace(snapshot(service), customers=(customer,))


async def reconcile(service: Service, found: object) -> None:
    await service.engine.reconcile(found)  # type: ignore[arg-type]


async def test_who_is_to_be_called_back_needs_no_channel() -> None:
    async with kept() as service:
        found = snapshot(service)
        assert CallerLeft("") not in compare(service.state, found).events
        await reconcile(service, found)
        assert service.store.calls["call2"].state is CallState.CALLING, "the talk had ended, too"
        assert service.store.calls["call1"].outcome == "completed"


async def test_a_caller_who_was_let_go_and_is_still_there_does_not_enter_again() -> None:
    async with kept() as service:
        found = await service.engine.reconcile(
            snapshot(service, "channel1", "channel2", answered=(Leg("call1", 1),))
        )

        assert found == ()
        assert HangUpCustomer("call2", "channel2") in service.outside.done


async def test_a_caller_who_has_heard_the_good_bye_and_is_still_there_is_let_go() -> None:
    async with asked() as service:
        goodbye = service.state.calls["call2"].told.number
        await service.engine.step(Said("call2", goodbye))
        service.outside.done.clear()
        talk = Leg("call1", 1)
        await reconcile(service, snapshot(service, "channel1", "channel2", answered=(talk,)))

        assert HangUpCustomer("call2", "channel2") in service.outside.done


@pytest.mark.parametrize("over", [Withdraw("call2"), QueueRemoved("support")])
async def test_who_hears_the_good_bye_is_let_go_though_the_place_is_lost_meanwhile(
    over: Event,
) -> None:
    async with asked() as service:
        await service.engine.step(AsteriskLost())
        await service.engine.step(over)
        service.outside.done.clear()
        talk = Leg("call1", 1)
        found = snapshot(service, "channel1", "channel2", answered=(talk,))
        strangers = await service.engine.reconcile(found)
        await settled(service)

        assert strangers == ()
        assert EndCall("call2", "channel2") in service.outside.done


async def test_a_customer_whose_phone_rings_is_left_alone_and_the_agent_is_kept_free() -> None:
    async with called() as service:
        await reconcile(service, to_customer(service))
        assert service.outside.done == []
        assert service.state.agents["1000"].state is AgentState.RESERVED


async def test_a_customer_who_took_the_call_meanwhile_is_asked() -> None:
    async with called() as service:
        await reconcile(service, to_customer(service, answered=True))
        callback = service.store.calls["call2"].callback
        assert callback is not None
        assert callback.reached_at is not None


async def test_a_customer_who_is_being_asked_is_asked_anew_but_not_by_two_voices() -> None:
    async with called() as service:
        await service.engine.step(CustomerAnswered("call2", CHANNEL))
        number = service.state.calls["call2"].told.number
        service.outside.done.clear()
        await reconcile(service, to_customer(service, answered=True))
        told = [deed for deed in service.outside.done if isinstance(deed, Hush | Say)]
        assert [deed.number for deed in told][-2:] == [number, number + 1]


async def test_who_hears_the_good_bye_is_let_go_once() -> None:
    async with asked() as service:
        assert service.state.calls["call2"].told.speaking
        talk = Leg("call1", 1)
        await reconcile(service, snapshot(service, "channel1", "channel2", answered=(talk,)))

        assert service.outside.done.count(HangUpCustomer("call2", "channel2")) == 1


async def test_who_is_called_since_the_reading_began_is_awaited() -> None:
    async with kept() as service:
        read = snapshot(service, "channel1")
        await service.engine.step(LegEnded(Leg("call1", 1), LegEnd.HUNG_UP))
        service.outside.done.clear()
        await reconcile(service, read)

        assert service.store.calls["call2"].state is CallState.CALLING
        assert HangUpCustomer("call2", CHANNEL) not in service.outside.done


async def test_a_customer_who_is_not_called_any_more_was_not_reached() -> None:
    async with called() as service:
        await reconcile(service, snapshot(service))
        assert service.store.calls["call2"].state is CallState.AWAY
        assert service.state.agents["1000"].state is AgentState.AVAILABLE


async def test_a_customer_whose_phone_is_just_about_to_ring_is_not_left_with_it() -> None:
    async with called() as service:
        await reconcile(service, snapshot(service))
        assert HangUpCustomer("call2", CHANNEL) in service.outside.done


async def test_a_customer_who_waited_long_enough_meanwhile_goes_on_in_the_dialplan() -> None:
    async with called() as service:
        await service.engine.step(CustomerAnswered("call2", CHANNEL))
        await service.engine.step(DigitPressed(CHANNEL, "1"))
        await service.engine.step(Withdraw("call2"))
        service.outside.done.clear()
        await reconcile(service, to_customer(service, answered=True))
        await settled(service)
        assert service.outside.done[-1] == Release("call2", CHANNEL, QueueStatus.WITHDRAW)
        assert HangUpCustomer("call2", CHANNEL) not in service.outside.done


async def test_a_call_that_nobody_wants_any_more_ends() -> None:
    async with called() as service:
        await service.engine.step(CallerLeft(CHANNEL, LegEnd.BUSY))
        await reconcile(service, to_customer(service, answered=True))
        assert service.outside.done == [HangUpCustomer("call2", CHANNEL)]
        assert service.store.calls["call2"].state is CallState.AWAY


async def test_a_call_to_the_customer_of_an_earlier_life_ends() -> None:
    async with called() as service:
        stray = to_customer(service, "ivrcallback-call2.7")
        await reconcile(service, stray)
        assert HangUpCustomer("call2", "ivrcallback-call2.7") in service.outside.done


async def test_a_customer_who_declined_is_hung_up_though_an_agent_once_passed_him_on() -> None:
    async with called() as service:
        call = service.state.calls["call2"]
        once = Transfer("2000", service.outside.time, attended=False)
        service.state.calls.put(call.id, replace(call, transfers=(once,)))
        await service.engine.step(CustomerAnswered("call2", CHANNEL))
        await service.engine.step(DigitPressed(CHANNEL, "2"))
        assert service.store.calls["call2"].outcome is Outcome.DECLINED
        service.outside.done.clear()
        await reconcile(service, to_customer(service, answered=True))

        assert HangUpCustomer("call2", CHANNEL) in service.outside.done


async def test_timers_of_those_who_are_to_be_called_back_are_set_again() -> None:
    async with kept() as service:
        now = service.outside.time
        found = [timer.event for timer in timers(service.state, now)]
        assert found == [CallbackExpired("call2")]
        service.outside.time += timedelta(seconds=1)
        await service.engine.step(LegEnded(Leg("call1", 1), LegEnd.HUNG_UP))
        calling = {timer.event: timer.at for timer in timers(service.state, now)}
        rang = now + timedelta(seconds=1) + TERMS.timeout
        assert calling[CallbackTimedOut(CHANNEL)] == rang
        await service.engine.step(CallerLeft(CHANNEL, LegEnd.BUSY))
        missed = {timer.event: timer.at for timer in timers(service.state, now)}
        assert missed[CallbackDue("call2")] == now + timedelta(seconds=1) + TERMS.retry


async def test_who_is_to_be_called_back_is_called_by_the_next_life_of_the_service() -> None:
    async with kept() as service:
        store = service.store
        await service.stop()

    async with running(store) as service:
        await reconcile(service, snapshot(service))
        [call] = [done for done in service.outside.done if isinstance(done, CallCustomer)]
        assert call.endpoint == "PJSIP/5550102@trunk"
        await service.engine.step(CustomerAnswered("call2", CHANNEL))
        await service.engine.step(DigitPressed(CHANNEL, "1"))
        assert [done.device for done in service.outside.done if isinstance(done, Ring)] == [
            "PJSIP/1000"
        ]
        await asyncio.sleep(0)


@pytest.mark.parametrize("done", [True, False])
async def test_a_customer_whom_the_agent_passed_on_is_with_somebody_else_or_is_sent_there(
    *, done: bool
) -> None:
    async with called() as service:
        for event in (
            CustomerAnswered("call2", CHANNEL),
            DigitPressed(CHANNEL, "1"),
            LegAnswered(Leg("call2", 1)),
        ):
            await service.engine.step(event)
        leg = service.state.calls["call2"].leg
        await service.engine.step(NumberLookedUp(leg, "5000", "from-phones", exists=True))
        await service.engine.step(LegEnded(leg, LegEnd.HUNG_UP))
        assert service.store.calls["call2"].outcome is Outcome.TRANSFERRED
        service.outside.done.clear()
        await reconcile(service, to_customer(service, answered=True, elsewhere=done))
        await settled(service)

        sent = [deed for deed in service.outside.done if isinstance(deed, Redirect)]
        assert sent == ([] if done else [Redirect("call2", CHANNEL, "from-phones", "5000")])
        assert not any(isinstance(deed, HangUpCustomer) for deed in service.outside.done)


async def test_a_customer_who_took_the_place_of_who_asked_in_the_queue_is_not_hung_up() -> None:
    async with called() as service:
        await service.log_on("2000")
        await service.engine.step(service.enter(3))
        for event in (
            CustomerAnswered("call2", CHANNEL),
            DigitPressed(CHANNEL, "1"),
            LegAnswered(Leg("call2", 1)),
            LegAnswered(Leg("call3", 1)),
            AttendedTransfer(Leg("call2", 1), "PJSIP/2000", "PJSIP/2000-1", consult="channel3"),
        ):
            await service.engine.step(event)
        assert service.state.calls["call3"].channel == CHANNEL
        service.outside.done.clear()
        here = snapshot(service, answered=(Leg("call3", 1),))
        customer = CalledChannel(CHANNEL, "call2", answered=True)
        await reconcile(service, replace(here, customers=(customer,)))

        talk = Leg("call3", 1)
        shown = Display(talk, Caller("5550102", "Company 1"))
        assert service.outside.done[:2] == [Connect(talk, CHANNEL), shown]
        assert not any(isinstance(done, HangUpCustomer) for done in service.outside.done)


async def test_a_customer_who_went_back_to_the_dialplan_is_not_hung_up() -> None:
    async with called() as service:
        await service.engine.step(CustomerAnswered("call2", CHANNEL))
        await service.engine.step(DigitPressed(CHANNEL, "1"))
        service.outside.time += timedelta(minutes=10)
        await service.engine.step(WaitTimedOut("call2"))
        assert service.store.calls["call2"].outcome is Outcome.TIMEOUT
        service.outside.done.clear()
        await reconcile(service, to_customer(service, answered=True, elsewhere=True))
        await settled(service)

        assert service.outside.done == []
