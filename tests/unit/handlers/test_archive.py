"""Queries of a node's archive (XEP-0313, XEP-0442): `news` had an item each minute from 9:00."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from component.pubsub.archive import MAX_PAGE
from component.pubsub.publishing import Draft
from component.pubsub.service import Request
from tests.unit.handlers.dialogue import Dialogue, Refusal, canonical, refusal
from tests.unit.handlers.requests import NODE_CONFIG, OWNER, form, succeeds, with_news
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW

pytestmark = pytest.mark.unit

MAM = "urn:xmpp:mam:2"
RSM = "http://jabber.org/protocol/rsm"
ITEM_IDS = ("a", "b", "c", "d")


@pytest.fixture
def dialogue() -> Dialogue:
    made = with_news()
    for minutes, item_id in enumerate(ITEM_IDS):
        publish(made, item_id, minutes)
    return made


def publish(dialogue: Dialogue, item_id: str, minutes: float, payload: str = "<x/>") -> None:
    request, draft = Request(ADMIN, DOMAIN, "news"), Draft(item_id, payload)
    at = NOW + timedelta(minutes=minutes)
    dialogue.service.do(lambda pubsub: pubsub.publish_for(request, [draft], {}, lambda: "new", at))


def place(dialogue: Dialogue, item_id: str) -> str:
    return str(dialogue.service.pubsub.items["news", item_id].seq)


async def query(
    dialogue: Dialogue,
    inner: str = "",
    node: str = "node='news'",
    sender: str = AGENT,
    query_id: str = "f",
) -> list[ET.Element]:
    """Return what is sent: messages, and the result or error at the end."""
    reply = await dialogue.say(
        f"<iq type='set' id='q' from='{sender}/r' to='{DOMAIN}'>"
        f"<query xmlns='{MAM}' queryid='{query_id}' {node}>{inner}</query></iq>"
    )
    assert reply is not None
    return list(ET.fromstring(f"<all>{reply}</all>"))


async def found(dialogue: Dialogue, inner: str = "") -> list[str | None]:
    """Return the ids of the items that a query finds."""
    *messages, _ = await query(dialogue, inner)
    return [m.find(".//{*}item").get("id") for m in messages]  # type: ignore[union-attr]


async def refused(dialogue: Dialogue, inner: str = "", node: str = "node='news'") -> Refusal:
    (reply,) = await query(dialogue, inner, node)
    return refusal(ET.tostring(reply, encoding="unicode"))


def where(**fields: str) -> str:
    written = "".join(
        f"<field var='{name.replace('_', '-')}'><value>{value}</value></field>"
        for name, value in fields.items()
    )
    return form(MAM).replace("</x>", f"{written}</x>")


def page(inner: str) -> str:
    return f"<set xmlns='{RSM}'>{inner}</set>"


async def test_an_entry_comes_as_its_subscribers_were_told(dialogue: Dialogue) -> None:
    message, *_, fin = await query(dialogue)
    assert canonical(ET.tostring(message, encoding="unicode")) == canonical(
        f"""
        <message from='{DOMAIN}' to='{AGENT}/r'>
          <ns0:result xmlns:ns0='{MAM}' queryid='f' id='{place(dialogue, "a")}'>
            <ns1:forwarded xmlns:ns1='urn:xmpp:forward:0'>
              <ns2:delay xmlns:ns2='urn:xmpp:delay' from='{DOMAIN}'
                         stamp='2026-01-01T09:00:00Z'/>
              <ns3:message xmlns:ns3='jabber:client' from='{DOMAIN}' type='headline'>
                <ns4:event xmlns:ns4='http://jabber.org/protocol/pubsub#event'>
                  <ns4:items node='news'><ns4:item id='a'><ns4:x/></ns4:item></ns4:items>
                </ns4:event>
                <ns5:stanza-id xmlns:ns5='urn:xmpp:sid:0' by='{DOMAIN}'
                               id='{place(dialogue, "a")}'/>
              </ns3:message>
            </ns1:forwarded>
          </ns0:result>
        </message>
        """
    )
    assert fin.attrib == {"type": "result", "id": "q", "from": DOMAIN, "to": f"{AGENT}/r"}
    assert fin[0].attrib == {"complete": "true"}
    assert fin[0].findtext(f"{{{RSM}}}set/{{{RSM}}}count") == "4"


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({}, "abcd"),
        ({"start": "2026-01-01T09:01:00Z"}, "bcd"),
        ({"end": "2026-01-01T10:01:00+01:00"}, "ab"),
        ({"start": "2026-01-01T09:00:00.000001Z", "end": "2026-01-01T09:02:59.9Z"}, "bc"),
        ({"start": "2027-01-01T00:00:00Z"}, ""),
        ({"with": DOMAIN}, "abcd"),
        ({"with": "somebody@example.com"}, ""),
        ({"start": ""}, "abcd"),
    ],
)
async def test_a_query_names_times(dialogue: Dialogue, fields: dict[str, str], ids: str) -> None:
    assert await found(dialogue, where(**fields)) == list(ids)


async def test_a_query_names_places(dialogue: Dialogue) -> None:
    after, before = place(dialogue, "a"), place(dialogue, "d")
    assert await found(dialogue, where(after_id=after)) == ["b", "c", "d"]
    assert await found(dialogue, where(after_id=after, before_id=before)) == ["b", "c"]
    both = where(ids=f"{after}</value><value>{before}")
    assert await found(dialogue, both) == ["a", "d"]


async def test_an_archive_is_read_page_by_page(dialogue: Dialogue) -> None:
    *messages, end = await query(dialogue, page("<max>3</max>"))
    assert (len(messages), end[0].get("complete")) == (3, "false")
    last = end[0].findtext(f"{{{RSM}}}set/{{{RSM}}}last")
    *messages, end = await query(dialogue, page(f"<max>3</max><after>{last}</after>"))
    assert (len(messages), end[0].get("complete")) == (1, "true")
    assert await found(dialogue, page("<max>2</max><before/>")) == ["c", "d"]
    (end,) = await query(dialogue, page("<max>0</max>"))
    assert end[0].findtext(f"{{{RSM}}}set/{{{RSM}}}count") == "4"


async def test_a_page_may_be_turned_around(dialogue: Dialogue) -> None:
    assert await found(dialogue, "<flip-page/>") == ["d", "c", "b", "a"]


async def test_a_page_has_so_many_entries_at_most(dialogue: Dialogue) -> None:
    configure = form(NODE_CONFIG, max_items="max", max_payload_size="262144")
    await succeeds(dialogue, f"<configure node='news'>{configure}</configure>", OWNER)
    for number in range(MAX_PAGE):
        publish(dialogue, f"n{number}", 10 + number)
    assert len(await found(dialogue)) == MAX_PAGE
    for number in range(9):
        publish(dialogue, f"large{number}", 100 + number, f"<x>{'x' * 200_000}</x>")
    assert len(await found(dialogue, page("<before/>"))) == 4


async def test_what_came_after_a_place_is_found_though_its_item_is_gone(
    dialogue: Dialogue,
) -> None:
    seen = place(dialogue, "b")
    publish(dialogue, "e", 5)
    publish(dialogue, "b", 6)
    assert await found(dialogue, page(f"<after>{seen}</after>")) == ["c", "d", "e", "b"]
    retract = "<retract node='news'><item id='b'/></retract>"
    seen = place(dialogue, "b")
    await succeeds(dialogue, retract)
    publish(dialogue, "f", 7)
    assert await found(dialogue, page(f"<after>{seen}</after>")) == ["f"]
    assert "b" not in await found(dialogue), "what is retracted is nowhere any more"


@pytest.mark.parametrize("unknown", ["9999999999999999", "x", "0", "-1", "\uff11"])
async def test_a_place_that_never_was_is_not_found(dialogue: Dialogue, unknown: str) -> None:
    not_found = Refusal("cancel", "item-not-found")
    assert await refused(dialogue, page(f"<after>{unknown}</after>")) == not_found
    assert await refused(dialogue, where(before_id=unknown)) == not_found
    assert await refused(dialogue, where(ids=unknown)) == not_found


async def test_who_may_not_retrieve_items_may_not_query(dialogue: Dialogue) -> None:
    closed = Refusal("cancel", "not-allowed", "closed-node")
    assert await refused(dialogue, node="node='ext2000'") == closed
    not_subscribed = Refusal("auth", "not-authorized", "not-subscribed")
    assert await refused(dialogue, node="node='ext1000'") == not_subscribed
    assert await refused(dialogue, node="node='x'") == Refusal("cancel", "item-not-found")
    required = Refusal("modify", "bad-request", "nodeid-required")
    assert await refused(dialogue, node="") == required
    await succeeds(dialogue, "<subscribe node='ext1000' jid='user1@example.com'/>", sender=AGENT)
    dialogue.service.publish("call-1")
    assert len(await query(dialogue, node="node='ext1000'")) == 2


async def test_a_node_that_keeps_nothing_has_no_archive(dialogue: Dialogue) -> None:
    configure = form(NODE_CONFIG, persist_items="0")
    await succeeds(dialogue, f"<configure node='news'>{configure}</configure>", OWNER)
    unsupported = Refusal("cancel", "feature-not-implemented", "unsupported", "persistent-items")
    assert await refused(dialogue) == unsupported


@pytest.mark.parametrize(
    ("inner", "condition"),
    [
        (where(start="yesterday"), "bad-request"),
        (where(end="2026-01-01"), "bad-request"),
        (where(start="1</value><value>2"), "bad-request"),
        (where(**{"with": "a@b@c"}), "bad-request"),
        (where() * 2, "bad-request"),
        (page("<max>x</max>"), "bad-request"),
        (form("urn:other"), "bad-request"),
        (form(MAM, "cancel"), "bad-request"),
        (where(flavour="sweet"), "feature-not-implemented"),
    ],
)
async def test_a_query_is_refused(dialogue: Dialogue, inner: str, condition: str) -> None:
    assert (await refused(dialogue, inner)).condition == condition


async def test_what_each_entry_repeats_is_short(dialogue: Dialogue) -> None:
    for length, condition in ((1023, None), (1024, "bad-request")):
        *_, reply = await query(dialogue, query_id="q" * length)
        found = reply.find("error/*")
        assert (None if found is None else found.tag.rpartition("}")[2]) == condition


async def test_the_form_says_what_can_be_asked_for(dialogue: Dialogue) -> None:
    reply = await dialogue.say(
        f"<iq type='get' id='q' from='{AGENT}/r' to='{DOMAIN}'><query xmlns='{MAM}'/></iq>"
    )
    assert reply is not None
    fields = [f.get("var") for f in ET.fromstring(reply).iter("{jabber:x:data}field")]
    assert fields == ["FORM_TYPE", "start", "end", "with", "after-id", "before-id", "ids"]
    validate = "{http://jabber.org/protocol/xdata-validate}"
    (ids,) = ET.fromstring(reply).findall(f".//{validate}validate/..")
    assert ids.get("var") == "ids", "any values are taken, not just those of a list"
    assert ids.find(f"{validate}validate[@datatype='xs:string']/{validate}open") is not None


async def test_the_ends_of_an_archive(dialogue: Dialogue) -> None:
    async def ends() -> list[tuple[str, str | None, str | None]]:
        reply = await dialogue.say(
            f"<iq type='get' id='q' from='{AGENT}/r' to='{DOMAIN}'>"
            f"<metadata xmlns='{MAM}' node='news'/></iq>"
        )
        assert reply is not None
        found = ET.fromstring(reply)[0]
        return [(e.tag.rpartition("}")[2], e.get("id"), e.get("timestamp")) for e in found]

    assert await ends() == [
        ("start", place(dialogue, "a"), "2026-01-01T09:00:00Z"),
        ("end", place(dialogue, "d"), "2026-01-01T09:03:00Z"),
    ]
    await succeeds(dialogue, "<purge node='news'/>", OWNER)
    assert await ends() == []
