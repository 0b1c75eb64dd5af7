"""What is said to a caller who waits, on a real Asterisk."""

from datetime import timedelta

import pytest

from component.domain.commands import Connect, Hold, Hush, Release, Ring, Say, Sound
from component.domain.events import CallerEntered, CallerLeft, LegAnswered, Said
from component.domain.model import Caller, Leg
from component.domain.words import QueueStatus
from lab.paths import PROMPTS
from tests.contract.telephony.exchange import Exchange
from tests.talking import hear_each_other

pytestmark = pytest.mark.contract

LONG: tuple[Sound, ...] = ("queue-periodic-announce", "queue-periodic-announce")


def say(entered: CallerEntered, *sounds: Sound, number: int = 1) -> Say:
    return Say(entered.call_id, entered.channel, number, sounds)


def hold(entered: CallerEntered) -> Hold:
    return Hold(entered.call_id, entered.channel, timedelta(seconds=60))


def spoken(*names: str) -> bytes:
    """The recordings as a caller hears them."""
    return b"".join((PROMPTS / "core" / f"{name}.ulaw").read_bytes() for name in names)


async def test_each_word_reaches_the_caller_byte_for_byte_and_then_the_music(
    exchange: Exchange,
) -> None:
    call, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform(
        [hold(entered), say(entered, "queue-thereare", 21, "queue-callswaiting")]
    )
    await call.hears(spoken("queue-thereare"))
    await call.hears(spoken("digits/20"))
    await call.hears(spoken("digits/1"))
    await call.hears(spoken("queue-callswaiting"))
    assert await exchange.hears(Said) == Said(entered.call_id, 1)
    await call.hears((PROMPTS / "moh/chords.ulaw").read_bytes()[:4000])


async def test_of_two_announcements_the_second_waits_for_the_first(exchange: Exchange) -> None:
    call, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform(
        [say(entered, "queue-youarenext"), say(entered, "queue-thankyou", number=2)]
    )
    await call.hears(spoken("queue-youarenext"))
    await call.hears(spoken("queue-thankyou"))
    assert await exchange.hears(Said) == Said(entered.call_id, 1)
    assert await exchange.hears(Said) == Said(entered.call_id, 2)


async def test_an_announcement_that_is_cut_off_does_not_delay_the_connection(
    exchange: Exchange,
) -> None:
    agent = await exchange.agent()
    call, entered = await exchange.caller_waits()
    leg = Leg(entered.call_id, 1)
    exchange.asterisk.control.perform(
        [
            hold(entered),
            say(entered, *LONG),
            Ring(leg, "PJSIP/1000", entered.channel, Caller("4711"), timedelta(seconds=20)),
        ]
    )
    await exchange.hears(LegAnswered)
    exchange.asterisk.control.perform([Hush(entered.call_id, 1), Connect(leg, entered.channel)])
    assert await exchange.hears(Said) == Said(entered.call_id, 1)
    await hear_each_other(call, await agent.next_call())
    assert spoken("queue-periodic-announce") not in bytes(call.heard)


async def test_what_follows_a_number_is_cut_off_though_a_number_cannot_be(
    exchange: Exchange,
) -> None:
    call, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([say(entered, "queue-thereare", 2, *LONG)])
    await call.hears(spoken("digits/2")[:800])
    exchange.asterisk.control.perform([Hush(entered.call_id, 1), hold(entered)])
    assert await exchange.hears(Said) == Said(entered.call_id, 1)
    await call.hears((PROMPTS / "moh/chords.ulaw").read_bytes()[:4000])
    assert spoken("queue-periodic-announce") not in bytes(call.heard)


async def test_who_goes_back_to_the_dialplan_hears_no_more_of_it(exchange: Exchange) -> None:
    call, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([hold(entered), say(entered, *LONG)])
    await call.hears(spoken("queue-periodic-announce")[:800])
    exchange.asterisk.control.perform(
        [
            Hush(entered.call_id, 1),
            Release(entered.call_id, entered.channel, QueueStatus.TIMEOUT),
        ]
    )
    await exchange.hears(CallerLeft)
    assert spoken("queue-periodic-announce") not in bytes(call.heard)


async def test_what_cannot_be_played_is_over_at_once(exchange: Exchange) -> None:
    _, entered = await exchange.caller_waits()
    exchange.asterisk.control.perform([say(entered, "there-is-no-such-recording")])
    assert await exchange.hears(Said) == Said(entered.call_id, 1)


async def test_to_who_is_gone_nothing_is_said(exchange: Exchange) -> None:
    call, entered = await exchange.caller_waits()
    await call.hang_up()
    await exchange.hears(CallerLeft)
    exchange.asterisk.control.perform([say(entered, "queue-thankyou"), Hush(entered.call_id, 1)])
    assert await exchange.hears(Said) == Said(entered.call_id, 1)
