"""What is committed of calls and agents is what is loaded: one suite for every store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from component.domain.hold_times import HoldTime
from component.domain.kept_place import Asked, Callback, Dialogue
from component.domain.model import (
    Agent,
    Call,
    Caller,
    Customer,
    Leg,
    Offer,
    Person,
    Talk,
    Told,
    Transfer,
    Turn,
    WayOut,
    WrapUp,
)
from component.domain.queue_log import LogEntry
from component.domain.terms import Need, Terms
from component.domain.words import AgentState, CallState, Outcome, QueueStatus
from component.ports import Changes, Outgoing, StoreRefusedError
from component.pubsub.model import Subscription
from tests.contract.storage.conftest import AnyStore

pytestmark = pytest.mark.contract

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)

CALL = Call(
    "call1",
    "support",
    "1767323045.1",
    Caller("+15550100", 'Ann "A" O\'Hara, <b> \\ ☎'),
    NOW,
    digits="1111",
    customer=Customer(7, "1111", "Company 1", {"contract": "gold", "ünïcode": '"\\'}),
    state=CallState.OFFERED,
    offers=(
        Offer("1000", Leg("call1", 2), NOW + timedelta(seconds=1)),
        Offer(
            "4000", Leg("call1", 3), NOW + timedelta(seconds=1), None, "PJSIP/4000-1", "consult1"
        ),
    ),
    attempt=3,
    tried=frozenset({"2000", "3000"}),
    retry_at=NOW + timedelta(seconds=6),
    priority=2,
    original_position=4,
    revision=3,
    terms=Terms(
        Need(1, 5, frozenset({("french", 2)})), timeout=timedelta(seconds=90), continues=True
    ),
    told=Told(3, speaking=True, position=2, position_at=NOW, periodic=1),
    transfers=(Transfer("1000", NOW, attended=True), Transfer("2000", NOW, attended=False)),
    direct=True,
    wait_until=NOW + timedelta(seconds=60),
    dialogue=Dialogue(NOW, "0301", "030123"),
    asked_before=(Asked("call1", "030123", "+15550100", NOW),),
    keys="11",
)

CALLBACK = Callback("030123", "1767323045.1", NOW, 2, again_at=NOW + timedelta(seconds=300))

MESSAGE = Outgoing(5, "ivr.example.com", ("a@example.com", "b@example.com"), "chat", "<body/>", NOW)


async def test_a_call_of_which_nothing_came_is_gone(store: AnyStore) -> None:
    await store.commit(Changes(calls=[CALL]))
    await store.commit(Changes(calls_gone=[CALL.id, "never written"]))

    assert (await store.load()).calls == []


async def test_the_demonstration_data_is_there(store: AnyStore) -> None:
    stored = await store.load()

    assert [(a.extension, a.device, a.jid) for a in stored.agents] == [
        (e, f"PJSIP/{e}", f"user{e[0]}@example.com") for e in ("1000", "2000", "3000")
    ]
    assert [(m.queue, m.extension, m.logged_on_at) for m in stored.members] == [
        ("support", e, None) for e in ("1000", "2000", "3000")
    ]
    [queue] = stored.queues
    assert (queue.timeout, queue.max_wait) == (timedelta(seconds=15), timedelta(seconds=60))


async def test_a_call_is_loaded_as_it_was_committed(store: AnyStore) -> None:
    await store.commit(Changes(calls=[CALL]))
    assert (await store.load()).calls == [CALL]

    taken = (replace(CALL.offers[0], answered_at=NOW),)
    connecting = replace(CALL, state=CallState.CONNECTING, offers=taken)
    await store.commit(Changes(calls=[connecting]))
    assert (await store.load()).calls == [connecting]

    answered = replace(CALL, state=CallState.ANSWERED, answered_at=NOW, tried=frozenset())
    await store.commit(Changes(calls=[answered]))
    assert (await store.load()).calls == [answered]


async def test_a_call_whose_caller_is_to_be_called_back_is_loaded_as_it_was_committed(
    store: AnyStore,
) -> None:
    await store.commit(Changes(calls=[CALL]))
    away = replace(CALL, state=CallState.AWAY, channel="", dialogue=None, callback=CALLBACK)
    await store.commit(Changes(calls=[away]))
    assert (await store.load()).calls == [away]

    called = replace(CALLBACK, again_at=None, called_at=NOW, reached_at=NOW)
    calling = replace(away, state=CallState.CALLING, channel="ivrcallback-1.3", callback=called)
    await store.commit(Changes(calls=[calling]))
    assert (await store.load()).calls == [calling]


async def test_who_asked_to_be_called_back_of_late_is_known_from_the_calls(
    store: AnyStore,
) -> None:
    now = datetime.now(UTC)
    number = CALL.caller.number
    before = Asked(CALL.id, "030124", "4711", now - timedelta(hours=1))
    declined = replace(
        CALL, state=CallState.ENDED, outcome=Outcome.DECLINED, offers=(), entered_at=now,
        ended_at=now, callback=replace(CALLBACK, asked_at=now), asked_before=(before,),
    )  # fmt: skip
    other = replace(before, call_id="call2")
    passed_on = replace(declined, id="call2", callback=None, asked_before=(other,))
    await store.commit(Changes(calls=[declined, passed_on]))

    asked = {Asked(CALL.id, "030123", number, now), before, other}
    assert set((await store.load()).asked) == asked


async def test_who_was_passed_on_may_come_again_and_the_call_is_another_one_then(
    store: AnyStore,
) -> None:
    now = datetime.now(UTC)
    ended = replace(
        CALL, state=CallState.ENDED, outcome=Outcome.TRANSFERRED, ended_at=now, dialogue=None,
        way_out=WayOut(number="4000"),
    )  # fmt: skip
    over = [
        replace(ended, id="0", outcome=Outcome.EXPIRED, way_out=None),
        replace(ended, id="1", outcome=Outcome.COMPLETED),
        replace(ended, id="2", transfers=()),
    ]
    await store.commit(Changes(calls=[ended, *over]))
    assert (await store.load()).passed_on == [ended]

    again = replace(
        CALL, queue="sales", entered_at=now, caller=Caller("4711"), customer=None, digits=""
    )
    await store.commit(Changes(calls=[again]))
    stored = await store.load()
    assert (stored.calls, stored.passed_on) == ([again], [])


async def test_a_call_without_a_customer_is_loaded_without_one(store: AnyStore) -> None:
    unknown = replace(CALL, customer=None)
    await store.commit(Changes(calls=[unknown]))

    assert (await store.load()).calls == [unknown]


async def test_a_call_that_ended_is_not_loaded(store: AnyStore) -> None:
    ended = replace(CALL, state=CallState.ENDED, ended_at=NOW, outcome=Outcome.COMPLETED)
    await store.commit(Changes(calls=[ended]))

    assert (await store.load()).calls == []


async def test_of_a_channel_the_call_is_known_that_ended_last_and_how_its_caller_was_to_leave(
    store: AnyStore,
) -> None:
    now = datetime.now(UTC)
    over = replace(CALL, state=CallState.ENDED, outcome=Outcome.TIMEOUT)
    ended = replace(over, offers=(), asked_before=())
    back = WayOut(QueueStatus.WITHDRAW, info="closing")
    before, last, hung_up, sent_on = (
        replace(ended, id="before", channel="c1", ended_at=now - timedelta(hours=1)),
        replace(ended, id="last", channel="c1", ended_at=now, way_out=back),
        replace(ended, id="hung up", channel="c2", ended_at=now, way_out=WayOut()),
        replace(ended, id="sent on", channel="c3", ended_at=now, way_out=WayOut(number="4000")),
    )
    talking = replace(CALL, id="talking", channel="c4", state=CallState.ANSWERED)
    await store.commit(Changes(calls=[last, before, hung_up, sent_on, talking]))

    found = await store.last_ended({"c1", "c2", "c4", "c5"})
    assert sorted(found, key=lambda call: call.channel) == [last, hung_up]


async def test_how_long_callers_waited_is_known_from_their_calls(store: AnyStore) -> None:
    now = datetime.now(UTC)
    calls = [
        replace(
            CALL,
            id=f"call{number}",
            entered_at=now - timedelta(minutes=9 - number),
            answered_at=now - timedelta(minutes=9 - number, seconds=-held),
        )
        for number, held in enumerate((40, 80))
    ]
    away = replace(CALL, id="away", entered_at=now - timedelta(hours=3), callback=CALLBACK)
    calls.append(replace(away, answered_at=now))
    first = replace(CALL, id="first", entered_at=now - timedelta(hours=2), answered_at=now)
    then = Transfer("1000", now - timedelta(hours=1), attended=False)
    calls.append(replace(first, transfers=(*CALL.transfers, then)))
    await store.commit(Changes(calls=calls))

    assert (await store.load()).holdtimes == {
        "support": (HoldTime("call0", 40), HoldTime("call1", 80))
    }


async def test_agents_and_members_are_loaded_as_they_were_committed(store: AnyStore) -> None:
    agent = Agent(
        "1000",
        "PJSIP/1000",
        "user1@example.com",
        state=AgentState.RESERVED,
        leg=Leg("call1", 2),
        queue="support",
        last_call=NOW,
        calls_taken=3,
        person=Person("71", "ada@example.com"),
    )
    wrapping_up = Agent(
        "3000",
        "PJSIP/3000",
        "user3@example.com",
        state=AgentState.WRAP_UP,
        queue="support",
        wrap_up_until=NOW,
    )
    with_two_calls = Agent(
        "2000",
        "PJSIP/2000",
        "user2@example.com",
        state=AgentState.RESERVED,
        leg=Leg("call3", 1),
        queue="support",
        others=(Talk(Leg("call2", 4), "sales"),),
        deferred=WrapUp("sales", NOW),
    )
    member = replace(
        (await store.load()).members[1],
        logged_on_at=NOW,
        logon_order=9,
        paused_at=NOW,
        pause_reason="lunch",
        calls_taken=2,
    )
    await store.commit(Changes(agents=[agent, with_two_calls, wrapping_up], members=[member]))

    stored = await store.load()
    assert member.extension == "2000"
    assert stored.agents == [agent, with_two_calls, wrapping_up]
    assert stored.members[-1] == member


async def test_what_the_operator_has_set_of_an_agent_stays_whatever_the_agent_does(
    store: AnyStore,
) -> None:
    before = (await store.load()).agents[0]
    elsewhere = replace(before, device="PJSIP/9", jid="a@b", skills={"french": 1}, max_calls=3)
    await store.commit(Changes(agents=[replace(elsewhere, calls_taken=3)]))

    assert (await store.load()).agents[0] == replace(before, calls_taken=3)


async def test_whose_turn_it_was_is_loaded_as_it_was_committed(store: AnyStore) -> None:
    await store.commit(Changes(turns=[Turn("support", "1000", 3)]))
    await store.commit(Changes(turns=[Turn("support", "2000", 4)]))

    assert (await store.load()).turns == [Turn("support", "2000", 4)]


async def test_an_entry_of_the_queue_log_that_never_was_is_gone(store: AnyStore) -> None:
    entry = LogEntry(NOW, "1.1", "support", "1000", "CONNECT")
    assert (await store.load()).last_logged == 0
    await store.commit(Changes(queue_log={7: entry, 8: entry}))
    await store.commit(Changes(queue_log={7: entry, 8: None, 9: None}))

    assert (await store.load()).last_logged == 7


async def test_a_message_is_owed_until_it_was_delivered(store: AnyStore) -> None:
    await store.commit(Changes(outgoing=[MESSAGE, replace(MESSAGE, seq=6, expires_at=None)]))
    assert [m.seq for m in (await store.load()).outgoing] == [5, 6]
    assert (await store.load()).outgoing[0] == MESSAGE

    await store.commit(Changes(delivered=[5]))
    assert [m.seq for m in (await store.load()).outgoing] == [6]


async def test_a_message_is_owed_to_fewer(store: AnyStore) -> None:
    both = replace(MESSAGE, recipients=("ann@example.com", "eve@example.com"))
    await store.commit(Changes(outgoing=[both]))
    narrowed = replace(both, recipients=("ann@example.com",))

    await store.commit(Changes(narrowed=[narrowed, replace(narrowed, seq=99)]))
    assert (await store.load()).outgoing == [narrowed]


async def test_changes_are_written_together_or_not_at_all(store: AnyStore) -> None:
    key = ("nowhere", "ivr.example.com", "a@example.com", "s1")
    stray = Subscription(*key, NOW)
    with pytest.raises(StoreRefusedError, match="ForeignKeyViolation"):
        await store.commit(Changes(calls=[CALL], subscriptions={key: stray}))

    assert (await store.load()).calls == []


async def test_what_may_never_have_been_there_may_be_deleted(store: AnyStore) -> None:
    key = ("nowhere", "ivr.example.com", "a@example.com", "s1")
    await store.commit(Changes(calls=[CALL], subscriptions={key: None}))

    assert (await store.load()).calls == [CALL]


async def test_an_agent_whose_extension_was_deleted_is_not_brought_back(store: AnyStore) -> None:
    stranger = Agent("9999", "PJSIP/9999", "nobody@example.com")
    await store.commit(Changes(calls=[CALL], agents=[stranger]))

    stored = await store.load()
    assert stored.calls == [CALL]
    assert "9999" not in [agent.extension for agent in stored.agents]
