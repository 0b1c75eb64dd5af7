"""Forms, discovery, pages and archives as specified, through real servers."""

from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest

from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service

pytestmark = pytest.mark.contract

DOMAIN = "ivr.example.com"
PUBSUB = "http://jabber.org/protocol/pubsub"
ITEMS = "http://jabber.org/protocol/disco#items"
RSM = "http://jabber.org/protocol/rsm"
MAM = "urn:xmpp:mam:2"
PAYLOAD = ET.fromstring("<x xmlns='urn:x'/>")


@pytest.fixture
async def admin(service: Service, settings: XmppServerSettings) -> AsyncIterator[Client]:
    """Owns `news`, which has three items."""
    async with Client(settings, "user3") as client:
        await client.pubsub.create_node(DOMAIN, "news")
        for item_id in ("a", "b", "c"):
            await client.pubsub.publish(DOMAIN, "news", id=item_id, payload=PAYLOAD)
        yield client


def page(inner: str) -> str:
    return f"<set xmlns='{RSM}'>{inner}</set>"


def condition(answer: ET.Element) -> str:
    error = answer.find("{jabber:client}error")
    assert error is not None, ET.tostring(answer)
    return error[0].tag.rpartition("}")[2]


async def test_an_extension_is_an_account_and_a_service(service: Service, client: Client) -> None:
    info = (await client.disco.get_info(f"ext1000@{DOMAIN}"))["disco_info"]
    kinds = {(category, type_) for category, type_, _, _ in info["identities"]}
    assert kinds == {("account", "registered"), ("pubsub", "pep")}


async def test_pages_end_where_the_list_does(admin: Client, client: Client) -> None:
    def asked(node: str, inner: str) -> str:
        query = f"<query xmlns='{ITEMS}' {node}>{page(inner)}</query>"
        return f"<iq type='get' to='{DOMAIN}'>{query}</iq>"

    beyond = await client.ask(asked("node='news'", "<max>2</max><index>7</index>"))
    assert [child.tag for child in beyond[0]] == [f"{{{RSM}}}set"]
    assert beyond[0].findtext(f"{{{RSM}}}set/{{{RSM}}}count") == "3"
    nothing = await client.ask(asked(f"node='{PUBSUB}#get-pending'", "<max>2</max>"))
    assert (nothing[0].tag, len(nothing[0])) == (f"{{{ITEMS}}}query", 0)
    gone = await client.ask(asked("node='news'", "<after>z</after>"))
    assert condition(gone) == "item-not-found"


async def test_what_a_form_did_not_ask_for_is_ignored(admin: Client, client: Client) -> None:
    async def configured(fields: str) -> ET.Element:
        form_type = f"<field var='FORM_TYPE'><value>{PUBSUB}#node_config</value></field>"
        form = f"<x xmlns='jabber:x:data' type='submit'>{form_type}{fields}</x>"
        return await admin.ask(
            f"<iq type='set' to='{DOMAIN}'><pubsub xmlns='{PUBSUB}#owner'>"
            f"<configure node='news'>{form}</configure></pubsub></iq>"
        )

    words = "<field type='fixed'><value>About the node</value></field>"
    title = "<field var='pubsub#title'><value>News</value></field>"
    unknown = "<field var='pubsub#colour'><value>red</value></field>"
    answer = await configured(words + title + words + unknown)
    assert answer.get("type") == "result"
    info = (await client.disco.get_info(DOMAIN, "news"))["disco_info"]
    assert [name for _, _, _, name in info["identities"]] == ["News"]
    lacking = await configured("<field var='pubsub#body_xslt'><value>urn:x</value></field>")
    assert condition(lacking) == "not-acceptable"


async def test_an_archive_tells_its_ends_and_is_read_backwards(
    admin: Client, client: Client
) -> None:
    async def asked(type_: str, content: str) -> ET.Element:
        return await client.ask(f"<iq type='{type_}' to='{DOMAIN}'>{content}</iq>")

    def where(var: str, value: str) -> str:
        fields = f"<field var='{var}'><value>{value}</value></field>"
        form_type = f"<field var='FORM_TYPE' type='hidden'><value>{MAM}</value></field>"
        return f"<x xmlns='jabber:x:data' type='submit'>{form_type}{fields}</x>"

    def query(inner: str) -> str:
        return f"<query xmlns='{MAM}' node='news'>{inner}</query>"

    described = await asked("get", f"<metadata xmlns='{MAM}' node='news'/>")
    start, end = described[0]
    assert (start.tag, end.tag) == (f"{{{MAM}}}start", f"{{{MAM}}}end")
    fin = await asked("set", query(f"{page('<max>2</max><before/>')}<flip-page/>"))
    assert fin[0].get("complete") == "false"
    results = [message.find(f"{{{MAM}}}result") for message in await client.hears(2)]
    assert [result.find(".//{*}item").get("id") for result in results] == ["c", "b"]  # type: ignore[union-attr]
    assert results[0].get("id") == end.get("id")  # type: ignore[union-attr]
    await asked("set", query(where("ids", start.get("id", ""))))
    *_, first = await client.hears(3)
    assert first.find(".//{*}item").get("id") == "a"  # type: ignore[union-attr]
    assert condition(await asked("set", query(where("ids", "1")))) == "item-not-found"
    unknown = await asked("set", query(where("colour", "red")))
    assert condition(unknown) == "feature-not-implemented"
