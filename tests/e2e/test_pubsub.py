"""The publish-subscribe service as users of the server meet it."""

import json
from collections.abc import AsyncIterator

import pytest

from lab.sip import ringing_only
from lab.xmpp_server import COMPONENT
from tests.e2e.talks import talk
from tests.e2e.world import World
from tests.e2e.xmpp_user import PUBSUB, XmppUser, retrieve, subscribe
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = [pytest.mark.e2e, on_every_xmpp_server]

ITEM = f"{{{PUBSUB}}}items/{{{PUBSUB}}}item"
CALL = "{urn:ivr-pubsub:call:1}call"
JSON = "{urn:xmpp:json:0}json"
EVENT = "http://jabber.org/protocol/pubsub#event"


@pytest.fixture
async def user1(world: World) -> AsyncIterator[XmppUser]:
    async with XmppUser(world.xmpp, "user1") as user:
        yield user


async def test_the_domain_is_a_publish_subscribe_service(world: World, user1: XmppUser) -> None:
    features = await user1.features(COMPONENT)

    assert {PUBSUB, f"{PUBSUB}#subscribe", f"{PUBSUB}#retrieve-items", "urn:xmpp:ping"} <= features
    assert f"{PUBSUB}#collections" not in features


@pytest.mark.parametrize(
    ("address", "node"),
    [(COMPONENT, "ext1000"), (f"ext1000@{COMPONENT}", "ext1000"), (f"ext1000@{COMPONENT}", None)],
)
async def test_a_call_is_notified_from_the_address_that_was_subscribed_to(
    world: World, user1: XmppUser, address: str, node: str | None
) -> None:
    await user1.ask(address, subscribe(user1.jid, node), "set")
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    await world.call_support()

    message = await user1.next_message("headline")
    assert message["from"] == address
    assert message["to"].bare == user1.jid
    items = message.xml.find(f"{{{EVENT}}}event/{{{EVENT}}}items")
    assert items is not None
    assert items.get("node") == "ext1000"
    call = items.find(f"{{{EVENT}}}item/{CALL}")
    assert call is not None
    assert call.get("state") == "offered"
    assert json.loads(call.findtext(JSON, ""))["customer"]["name"] == "Company 1"


async def test_nobody_else_may_subscribe_or_retrieve(world: World) -> None:
    closed = ("not-allowed", "{http://jabber.org/protocol/pubsub#errors}closed-node")
    async with XmppUser(world.xmpp, "user2") as other:
        for address in (COMPONENT, f"ext1000@{COMPONENT}"):
            assert await other.refused(address, subscribe(other.jid, "ext1000"), "set") == closed
            assert await other.refused(address, retrieve("ext1000")) == closed


async def test_nobody_may_subscribe_somebody_else(world: World, user1: XmppUser) -> None:
    condition, specific = await user1.refused(
        COMPONENT, subscribe("user2@example.com", "ext1000"), "set"
    )

    assert (condition, specific.rpartition("}")[2]) == ("bad-request", "invalid-jid")


async def test_subscriptions_and_items_outlive_a_restart_of_the_service(
    world: World, user1: XmppUser
) -> None:
    await user1.ask(COMPONENT, subscribe(user1.jid, "ext1000"), "set")
    _, taken = await talk(world, await world.agent("1000"))
    await taken.hang_up()
    await world.quiet()
    await world.service.stop()
    await world.restart()

    mine = await user1.ask(COMPONENT, f"<pubsub xmlns='{PUBSUB}'><subscriptions/></pubsub>")
    [subscription] = mine[0]
    assert (subscription.get("node"), subscription.get("subscription")) == ("ext1000", "subscribed")
    items = (await user1.ask(COMPONENT, retrieve("ext1000"))).findall(ITEM)
    assert [item[0].get("state") for item in items] == ["ended"]


async def test_members_who_are_logged_on_are_told_by_message_who_is_waiting(
    world: World, user1: XmppUser
) -> None:
    async with XmppUser(world.xmpp, "user2") as user2:
        await world.agent("1000")
        await world.call_support("1111", number="5550123")

        message = await user1.next_message("chat")
        assert message["from"] == COMPONENT
        assert message["body"] == "Call waiting in support: Company 1 (1111), 5550123"
        assert user2.messages.empty()


@pytest.mark.parametrize(
    ("type_", "content", "condition"),
    [
        ("get", f"<pubsub xmlns='{PUBSUB}'/>", "bad-request"),
        ("set", f"<pubsub xmlns='{PUBSUB}'><create/></pubsub>", "forbidden"),
        ("set", f"<pubsub xmlns='{PUBSUB}'><publish node='ext1000'/></pubsub>", "forbidden"),
        ("get", retrieve("nosuchnode"), "item-not-found"),
        ("get", "<query xmlns='jabber:iq:private'/>", "service-unavailable"),
        ("set", f"<pubsub xmlns='{PUBSUB}#owner'><delete node='ext1000'/></pubsub>", "forbidden"),
    ],
)
async def test_everything_else_gets_an_error_never_silence(
    world: World, user1: XmppUser, type_: str, content: str, condition: str
) -> None:
    got, _ = await user1.refused(COMPONENT, content, type_)

    assert got == condition
