"""Our addresses as contacts, stanza by stanza."""

import pytest

from component.handlers.presence import presence_markup
from component.ports import StoreUnavailableError
from component.pubsub.configuration import Configuration
from component.pubsub.policy import Limits, Policy
from component.pubsub.presence import Presence, Show
from component.pubsub.service import PubSub, Request
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN, EXTENSION, STRANGER

pytestmark = pytest.mark.unit

DENIED = "<presence type='unsubscribed' from='{}' to='{}'/>"
FREE = Presence(True, Show.CHAT, "Free (support)")


def presence(type_: str, sender: str = "user1@example.com", to: str = EXTENSION) -> str:
    kind = f"type='{type_}'" if type_ else ""
    return f"<presence {kind} from='{sender}' to='{to}'/>"


async def hear(dialogue: Dialogue, stanza: str) -> list[str]:
    """Send presence; return all that is sent in return."""
    dialogue.service.presences.clear()
    reply = await dialogue.say(stanza)
    caused = [markup for notice in dialogue.service.presences for markup in presence_markup(notice)]
    return [*([reply] if reply else []), *caused]


async def befriended(dialogue: Dialogue) -> None:
    dialogue.service.do(lambda pubsub: pubsub.show(EXTENSION, FREE))
    await dialogue.say(presence("subscribe"))


@pytest.mark.parametrize("to", [EXTENSION, f"{EXTENSION}/phone"])
async def test_a_subscription_is_approved_and_returned(dialogue: Dialogue, to: str) -> None:
    dialogue.service.do(lambda pubsub: pubsub.show(EXTENSION, FREE))
    addresses = f"from='{EXTENSION}' to='user1@example.com'"
    assert await hear(dialogue, presence("subscribe", to=to)) == [
        f"<presence type='subscribed' {addresses}/>",
        f"<presence xml:lang='en' {addresses}><show>chat</show><status>Free (support)</status>"
        "</presence>",
        f"<presence type='subscribe' {addresses}/>",
    ]


@pytest.mark.parametrize("type_", ["subscribe", "probe"])
@pytest.mark.parametrize(
    ("sender", "to"),
    [("eve@example.com", EXTENSION), ("user1@example.com", "ext9@ivr.example.com")],
)
async def test_who_may_not_see_it_is_refused(
    dialogue: Dialogue, type_: str, sender: str, to: str
) -> None:
    assert await hear(dialogue, presence(type_, sender, to)) == [DENIED.format(to, sender)]


async def test_a_probe_is_answered_to_whom_it_comes_from(dialogue: Dialogue) -> None:
    await befriended(dialogue)
    assert await hear(dialogue, presence("probe", "user1@example.com/desk")) == [
        f"<presence xml:lang='en' from='{EXTENSION}' to='user1@example.com/desk'>"
        "<show>chat</show><status>Free (support)</status></presence>"
    ]


async def test_an_agent_who_is_not_there_is_unavailable(dialogue: Dialogue) -> None:
    await dialogue.say(presence("subscribe"))
    assert await hear(dialogue, presence("probe")) == [
        f"<presence type='unavailable' from='{EXTENSION}' to='user1@example.com'/>"
    ]


PROBE = "<presence type='probe' id='p1' from='{}' to='{}'/>"


async def test_what_is_no_presence_of_the_agents_is_said_under_the_id_of_the_probe(
    dialogue: Dialogue,
) -> None:
    """RFC 6121 §4.3.2.1."""
    probe = PROBE.format("user1@example.com", EXTENSION)
    addresses = f"from='{EXTENSION}' to='user1@example.com'"
    assert await hear(dialogue, probe) == [f"<presence type='unsubscribed' id='p1' {addresses}/>"]

    await dialogue.say(presence("subscribe"))
    assert await hear(dialogue, probe) == [f"<presence type='unavailable' id='p1' {addresses}/>"]

    dialogue.service.do(lambda pubsub: pubsub.show(EXTENSION, FREE))
    (shown,) = await hear(dialogue, probe)
    assert "p1" not in shown


async def test_nobody_is_at_a_full_jid_of_ours(dialogue: Dialogue) -> None:
    """RFC 6121 §4.3.2: a probe of one brings out nothing of another."""
    await befriended(dialogue)
    phone = f"{EXTENSION}/phone"
    assert await hear(dialogue, PROBE.format("user1@example.com", phone)) == [
        f"<presence type='unavailable' id='p1' from='{phone}' to='user1@example.com'/>"
    ]
    assert await hear(dialogue, PROBE.format("eve@example.com", phone)) == [
        f"<presence type='unsubscribed' id='p1' from='{EXTENSION}' to='eve@example.com'/>"
    ]


@pytest.mark.parametrize("type_", ["", "unavailable", "subscribed", "unsubscribe", "unsubscribed"])
async def test_other_presence_to_a_full_jid_of_ours_is_ignored(
    dialogue: Dialogue, type_: str
) -> None:
    """RFC 6121 §8.5.3.2."""
    await befriended(dialogue)
    desk = "user1@example.com/desk"
    dialogue.service.subscribe(desk, service=EXTENSION)
    before = dialogue.service.contents()
    assert await hear(dialogue, presence(type_, desk, f"{EXTENSION}/phone")) == []
    assert dialogue.service.contents() == before
    assert dialogue.service.pubsub.contacts


@pytest.mark.parametrize(
    ("priority", "hears"),
    [
        ("<priority>-1</priority>", False),
        ("<priority> -128 </priority>", False),
        ("<priority>+1</priority>", True),
        ("<priority>-129</priority>", True),
        ("<priority>many</priority>", True),
        ("<priority xmlns='urn:other'>-1</priority>", True),
        ("<priority xmlns='urn:other'>1</priority><priority>-1</priority>", False),
    ],
)
async def test_the_priority_is_the_stanzas_own(
    dialogue: Dialogue, priority: str, hears: bool
) -> None:
    """RFC 6121 §4.7.2.3: -128 to 127; what servers send to the account, -1 does not hear."""
    dialogue.service.subscribe("user1@example.com", service=EXTENSION)
    dialogue.service.publish("call-1")
    dialogue.service.told.clear()
    sent = f"<presence from='user1@example.com/desk' to='{EXTENSION}'>{priority}</presence>"
    await dialogue.say(sent)
    assert bool(dialogue.service.told) is hears


async def test_a_probe_of_a_full_jid_is_refused_to_the_account(dialogue: Dialogue) -> None:
    assert await hear(dialogue, presence("probe", "user1@example.com/desk")) == [
        DENIED.format(EXTENSION, "user1@example.com")
    ]


async def test_unsubscribing_is_honoured_and_answered(dialogue: Dialogue) -> None:
    await befriended(dialogue)
    addresses = f"from='{EXTENSION}' to='user1@example.com'"
    assert await hear(dialogue, presence("unsubscribe")) == [
        f"<presence type='unavailable' {addresses}/>",
        f"<presence type='unsubscribed' {addresses}/>",
        f"<presence type='unsubscribe' {addresses}/>",
    ]
    assert await hear(dialogue, presence("unsubscribe")) == []


async def test_there_is_no_other_type_of_presence(dialogue: Dialogue) -> None:
    for address in (EXTENSION, DOMAIN, f"nobody@{DOMAIN}"):  # RFC 6121 §4.7.1
        found = await dialogue.refused(presence("unheard-of", "eve@example.com/desk", address))
        assert found == Refusal("modify", "bad-request")


@pytest.mark.parametrize("type_", ["", "unavailable", "subscribed", "unsubscribed", "error"])
@pytest.mark.parametrize("sender", ["user1@example.com/desk", "eve@example.com/desk"])
@pytest.mark.parametrize("to", [EXTENSION, f"nobody@{DOMAIN}", f"nobody@{DOMAIN}/desk"])
async def test_other_presence_calls_for_no_answer(
    dialogue: Dialogue, type_: str, sender: str, to: str
) -> None:
    """RFC 6121 §8.5.1: where there is nobody neither."""
    await befriended(dialogue)
    assert await hear(dialogue, presence(type_, sender, to)) == []


@pytest.mark.parametrize(
    ("condition", "type_", "stays"),
    [
        ("gone", "cancel", False),
        ("item-not-found", "cancel", False),
        ("item-not-found", "wait", True),
        ("forbidden", "auth", True),
    ],
)
async def test_presence_that_bounces_for_good_is_sent_no_more(
    dialogue: Dialogue, condition: str, type_: str, stays: bool
) -> None:
    await befriended(dialogue)
    bounced = (
        f"<presence type='error' from='user1@example.com' to='{EXTENSION}'><error type='{type_}'>"
        f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
    )
    assert await hear(dialogue, bounced) == []
    assert bool(dialogue.service.pubsub.contacts) is stays


@pytest.mark.parametrize("type_", ["subscribe", "unsubscribe", "probe"])
async def test_while_the_database_is_away_who_asks_is_told_to_wait(
    dialogue: Dialogue, type_: str
) -> None:
    dialogue.engine.failure = StoreUnavailableError("away")
    (reply,) = await hear(dialogue, presence(type_))
    assert refusal(reply) == Refusal("wait", "resource-constraint")


async def test_a_stranger_too_many_is_told_so_rather_than_denied() -> None:
    dialogue = Dialogue(Policy(limits=Limits(domain=1)))
    dialogue.service.do(make_open)
    assert len(await hear(dialogue, presence("subscribe", STRANGER))) == 3
    (reply,) = await hear(dialogue, presence("subscribe", "bob@example.com"))
    assert refusal(reply) == Refusal("wait", "resource-constraint")


def make_open(pubsub: PubSub) -> None:
    pubsub.configure(Request(ADMIN, DOMAIN, "ext1000"), Configuration(max_items=3))


async def test_what_is_heard_while_the_database_is_away_is_not_lost(dialogue: Dialogue) -> None:
    desk = "user1@example.com/desk"
    dialogue.service.subscribe(desk, service=EXTENSION)
    dialogue.engine.failure = StoreUnavailableError("away")
    assert await hear(dialogue, presence("", desk)) == []
    assert await hear(dialogue, presence("unavailable", desk)) == []
    assert not dialogue.service.pubsub.subscriptions
