"""Our addresses in users' rosters, through a real server."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from component.handlers.caps import verification
from component.handlers.namespaces import CAPS, DISCO_INFO
from component.pubsub.audience import CALLS
from component.pubsub.configuration import MANAGED, AccessModel
from component.pubsub.presence import OFFLINE, Presence, Show
from component.pubsub.service import Request
from component.xmpp import session
from component.xmpp.load import MAX_OF_ACCOUNT
from lab.xmpp_server import XmppServer, XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service, until

pytestmark = pytest.mark.contract

EVENT = "{http://jabber.org/protocol/pubsub#event}"
DOMAIN = "ivr.example.com"
EXTENSION = f"ext1000@{DOMAIN}"
FREE = Presence(True, Show.CHAT, "Free (support)")
NOTHING_LEFT: tuple[dict[str, str], ...] = ({}, {EXTENSION: "none"})
"""What a roster may have of a contact without subscriptions; ejabberd drops those unnamed."""

ON_CALL = Presence(True, Show.DND, "On a call (support)")


@pytest.fixture
async def client(client: Client) -> AsyncIterator[Client]:
    """user1; the server keeps the roster, which is empty again afterwards."""
    yield client
    client.say(
        f"<iq type='set' id='remove'><query xmlns='jabber:iq:roster'>"
        f"<item jid='{EXTENSION}' subscription='remove'/></query></iq>"
    )
    await client.has_heard_everything()


@pytest.fixture
async def contact(service: Service, client: Client) -> Client:
    """user1, who has added extension 1000."""
    client.say(f"<presence type='subscribe' to='{EXTENSION}'/>")
    await client.sees(EXTENSION, "subscribed")
    return client


async def test_an_extension_is_added_and_its_state_is_seen(
    service: Service, client: Client, contact: Client
) -> None:
    await contact.sees(EXTENSION, "unavailable")
    await service.show(FREE)
    assert (await contact.sees(EXTENSION, "")).findtext("{*}show") == "chat"
    await service.show(ON_CALL)
    seen = await contact.sees(EXTENSION, "")
    assert (seen.findtext("{*}show"), seen.findtext("{*}status")) == ("dnd", "On a call (support)")
    await service.show(OFFLINE)
    await contact.sees(EXTENSION, "unavailable")
    assert await contact.roster() == {EXTENSION: "to"}


async def test_the_extension_asks_to_see_the_user_and_is_told(
    service: Service, contact: Client
) -> None:
    await contact.sees(EXTENSION, "subscribe")
    contact.say(f"<presence type='subscribed' to='{EXTENSION}'/>")
    await until(lambda: service.heard_presence(f"{contact.jid}/desk", ""))
    assert await contact.roster() == {EXTENSION: "both"}
    contact.say("<presence><show>away</show></presence>")
    await until(lambda: service.heard_presence(f"{contact.jid}/desk", "", "away"))


async def test_a_stranger_is_refused(service: Service, settings: XmppServerSettings) -> None:
    async with Client(settings, "user2") as stranger:
        stranger.say(f"<presence type='subscribe' to='{EXTENSION}'/>")
        await stranger.sees(EXTENSION, "unsubscribed")
        assert await stranger.roster() in NOTHING_LEFT


async def test_who_logs_in_later_sees_the_state_by_the_servers_probe(
    service: Service, settings: XmppServerSettings, contact: Client
) -> None:
    await service.show(FREE)
    await contact.sees(EXTENSION, "")
    async with Client(settings, resource="phone") as later:
        assert (await later.sees(EXTENSION, "")).findtext("{*}show") == "chat"


async def test_unsubscribing_is_honoured(service: Service, contact: Client) -> None:
    contact.say(f"<presence type='unsubscribe' to='{EXTENSION}'/>")
    await until(lambda: not service.contacts)
    await service.show(FREE)
    await contact.has_heard_everything()
    assert await contact.roster() in NOTHING_LEFT


async def test_after_a_reconnect_the_state_is_shown_anew_and_users_are_asked_for_theirs(
    service: Service, xmpp_server: XmppServer, settings: XmppServerSettings, contact: Client
) -> None:
    await contact.sees(EXTENSION, "subscribe")
    contact.say(f"<presence type='subscribed' to='{EXTENSION}'/>")
    await until(lambda: service.heard_presence(f"{contact.jid}/desk", ""))
    contact.seen.clear()
    service.presences_heard.clear()
    await service.reconnect()
    await contact.sees(EXTENSION, "unavailable")
    await until(lambda: service.heard_presence(f"{contact.jid}/desk", ""))


async def test_a_service_that_stops_takes_leave(
    settings: XmppServerSettings, service: Service, contact: Client
) -> None:
    await service.show(FREE)
    await contact.sees(EXTENSION, "")
    await service.__aexit__()
    await contact.sees(EXTENSION, "unavailable")


async def test_who_loses_the_right_is_told_by_the_roster_too(
    service: Service, contact: Client
) -> None:
    await service.show(FREE)
    await service.pubsub(lambda pubsub, _: pubsub.provision({"2000": "user2@example.com"}, 20))
    await contact.sees(EXTENSION, "unsubscribed")
    assert await contact.roster() in NOTHING_LEFT


@pytest.mark.parametrize("interest", [CALLS, "ext1000"])
async def test_software_that_wants_calls_need_only_have_the_contact(
    service: Service, settings: XmppServerSettings, contact: Client, interest: str
) -> None:
    await contact.sees(EXTENSION, "subscribe")
    contact.say(f"<presence type='subscribed' to='{EXTENSION}'/>")
    await until(lambda: service.heard_presence(f"{contact.jid}/desk", ""))
    await service.publish("call-1")
    async with Client(settings, resource="crm", interest=interest) as crm:
        (newest,) = await crm.hears(1)
        await service.publish("call-2")
        new = (await crm.hears(2))[1]
    for message, item_id in ((newest, "call-1"), (new, "call-2")):
        assert (message.get("from"), message.get("to")) == (EXTENSION, f"{crm.jid}/crm")
        item = message.find(f"{EVENT}event/{EVENT}items/{EVENT}item")
        assert item is not None
        assert item.get("id") == item_id
    assert newest.find("{urn:xmpp:delay}delay") is not None
    await until(lambda: service.heard_presence(f"{crm.jid}/crm", "unavailable"))
    await service.publish("call-3")
    await service.owes_nothing()
    assert contact.heard == []


async def test_a_node_for_contacts_asks_others_to_become_contacts(
    service: Service, settings: XmppServerSettings, client: Client
) -> None:
    request = Request("user3@example.com", "ivr.example.com", "ext1000")
    config = replace(MANAGED, access_model=AccessModel.PRESENCE)
    await service.pubsub(lambda pubsub, _: pubsub.configure(request, config))
    subscription = (
        f"<iq type='set' to='{EXTENSION}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        f"<subscribe jid='{client.jid}'/></pubsub></iq>"
    )
    refused = await client.ask(subscription)
    assert refused.find("{*}error/{*}presence-subscription-required") is not None
    client.say(f"<presence type='subscribe' to='{EXTENSION}'/>")
    await client.sees(EXTENSION, "subscribed")
    assert (await client.ask(subscription)).get("type") == "result"


async def test_the_presence_of_extensions_names_capabilities_that_can_be_verified(
    service: Service, contact: Client
) -> None:
    await service.show(FREE)
    advertised = (await contact.sees(EXTENSION, "")).find(f"{{{CAPS}}}c")
    assert advertised is not None
    answer = await contact.ask(
        f"<iq type='get' to='{EXTENSION}'><query xmlns='{DISCO_INFO}'"
        f" node='{advertised.get('node')}#{advertised.get('ver')}'/></iq>"
    )
    assert verification(answer[0], "sha-1") == advertised.get("ver")


async def test_presence_that_comes_in_a_burst_is_taken_to_the_last(
    service: Service, client: Client
) -> None:
    service.is_working.clear()
    count = MAX_OF_ACCOUNT + 100
    for number in range(count):
        client.say(f"<presence to='{EXTENSION}'><status>{number}</status></presence>")
    await until(lambda: len(service.presences_heard) >= count)
    service.is_working.set()
    await client.has_heard_everything()  # so all that waited is done
    answer = await client.ask(f"<iq type='get' to='{EXTENSION}'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert answer.get("type") == "result"


async def test_presence_without_end_leaves_room_for_others(
    service: Service, client: Client, settings: XmppServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MAX_TAKEN", 100)
    await service.reconnect()
    service.is_working.clear()
    for number in range(200):
        client.say(f"<presence to='{EXTENSION}'><status>{number}</status></presence>")
    client.say(f"<presence type='subscribe' to='{EXTENSION}'/>")
    refused = await client.sees(EXTENSION, "error")
    assert refused.find(".//{*}resource-constraint") is not None
    assert len(service.presences_heard) == 50, "half of what there may be"
    answer = await client.ask(f"<iq type='get' to='{DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert answer.get("type") == "result"
    async with Client(settings, "user2") as other:
        other.say(f"<presence to='{EXTENSION}'/>")
        await until(lambda: len(service.presences_heard) == 51)
    service.is_working.set()


HOSTILE = [
    "<presence to='{to}'><status>{long}</status></presence>",
    "<presence to='{to}'><priority>many</priority><show>gone</show></presence>",
    "<presence to='{to}'><c xmlns='http://jabber.org/protocol/caps' hash='' node='' ver='{long}'/>"
    "<c xmlns='http://jabber.org/protocol/caps'/></presence>",
    "<presence to='{to}' type='unavailable'/>",
    "<presence to='{to}' type='probe'/>",
    "<presence to='{to}' type='unsubscribe'/>",
    "<presence to='{to}' type='subscribed'/>",
    "<presence to='{to}' type='error'><error/></presence>",
]


@pytest.mark.parametrize("to", [EXTENSION, DOMAIN, f"nobody@{DOMAIN}"])
async def test_hostile_presence_harms_nobody(
    service: Service, settings: XmppServerSettings, to: str
) -> None:
    async with Client(settings, "user2") as stranger:
        for stanza in HOSTILE * 20:
            stranger.say(stanza.replace("{to}", to).replace("{long}", "x" * 50_000))
        answer = await stranger.ask(
            f"<iq type='get' to='{EXTENSION}'><ping xmlns='urn:xmpp:ping'/></iq>"
        )
        assert answer.get("type") == "result"
    assert service.link.up
