from xml.etree import ElementTree as ET

import pytest

from component.pubsub.retrieving import ITEMS
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.handlers.requests import OWNER, PUBSUB, answer, succeeds, with_news
from tests.unit.pubsub.provisioned import ADMIN, AGENT, SUPERVISOR

pytestmark = pytest.mark.unit

RSM = "http://jabber.org/protocol/rsm"
TOO_MUCH = Refusal("modify", "policy-violation")


def asked(content: str) -> str:
    return f"""
        <iq type='get' id='1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='{PUBSUB}'>
            <items node='ext1000'/><set xmlns='{RSM}'>{content}</set>
          </pubsub>
        </iq>
        """


def answered(items: str, described: str) -> str:
    return f"""
        <iq type='result' id='1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='{PUBSUB}'>
            <items node='ext1000'>{items}</items><set xmlns='{RSM}'>{described}</set>
          </pubsub>
        </iq>
        """


@pytest.fixture
def dialogue() -> Dialogue:
    """Three items are there, one may be retrieved."""
    made = Dialogue()
    made.service.subscribe(AGENT)
    for item_id in "abc":
        made.service.publish(item_id, "<x/>")
    return made


async def test_the_first_page_of_items(dialogue: Dialogue) -> None:
    await dialogue.expect(
        asked("<max>2</max>"),
        answered(
            "<item id='a'><x/></item><item id='b'><x/></item>",
            "<first index='0'>a</first><last>b</last><count>3</count>",
        ),
    )


async def test_the_page_after_an_item(dialogue: Dialogue) -> None:
    await dialogue.expect(
        asked("<max>2</max><after>b</after>"),
        answered(
            "<item id='c'><x/></item>", "<first index='2'>c</first><last>c</last><count>3</count>"
        ),
    )


async def test_the_last_page(dialogue: Dialogue) -> None:
    await dialogue.expect(
        asked("<max>1</max><before/>"),
        answered(
            "<item id='c'><x/></item>", "<first index='2'>c</first><last>c</last><count>3</count>"
        ),
    )


async def test_nothing_but_the_number_of_items(dialogue: Dialogue) -> None:
    await dialogue.expect(asked("<max>0</max>"), answered("", "<count>3</count>"))


@pytest.mark.parametrize("where", ["<index>3</index>", "<index>999</index>", "<after>c</after>"])
async def test_there_is_nothing_after_the_last_item(dialogue: Dialogue, where: str) -> None:
    await dialogue.expect(asked(f"<max>2</max>{where}"), answered("", "<count>3</count>"))


async def test_of_no_items_no_page_is_described() -> None:
    dialogue = Dialogue()
    dialogue.service.subscribe(AGENT)
    for content in ("<max>0</max>", "<max>2147483647</max>", "<before/>", "<index>1</index>"):
        await dialogue.expect(
            asked(content), answered("", "").replace(f"<set xmlns='{RSM}'></set>", "")
        )


async def test_of_items_that_no_stanza_holds_the_newest_come_though_no_page_was_asked_for() -> None:
    """§6.5.4: a call that goes on is not missed. The rest is asked for as ever."""
    dialogue = Dialogue()
    dialogue.service.subscribe(AGENT)
    for item_id in "abc":
        dialogue.service.publish(item_id, f"<x>{'x' * (ITEMS // 3)}</x>")
    shown = []
    before = f"<set xmlns='{RSM}'><before>b</before></set>"
    for attributes, page in (("", ""), ("max_items='3'", ""), ("", before)):
        reply = await dialogue.say(
            "<iq type='get' id='1' from='user1@example.com/r' to='ivr.example.com'>"
            f"<pubsub xmlns='{PUBSUB}'><items node='ext1000' {attributes}/>{page}</pubsub></iq>"
        )
        assert reply is not None
        assert "<count>3</count>" in reply
        shown.append([i.get("id") for i in ET.fromstring(reply).iter(f"{{{PUBSUB}}}item")])
    assert shown == [["b", "c"], ["b", "c"], ["a"]]


async def test_nodes_come_in_pages_too(dialogue: Dialogue) -> None:
    disco = "http://jabber.org/protocol/disco#items"
    await dialogue.expect(
        f"""
        <iq type='get' id='1' from='{SUPERVISOR}/r' to='ivr.example.com'>
          <query xmlns='{disco}'><set xmlns='{RSM}'><max>1</max><index>1</index></set></query>
        </iq>
        """,
        f"""
        <iq type='result' id='1' from='ivr.example.com' to='{SUPERVISOR}/r'>
          <query xmlns='{disco}'>
            <item jid='ivr.example.com' node='ext2000' name='Calls of extension 2000'/>
            <set xmlns='{RSM}'>
              <first index='1'>ext2000</first><last>ext2000</last><count>3</count>
            </set>
          </query>
        </iq>
        """,
    )


MANY = tuple(f"{number:04}@example.com" for number in range(6_000))


async def entries(
    dialogue: Dialogue, content: str, page: str, namespace: str = PUBSUB
) -> tuple[list[str | None], str | None]:
    """Return the JIDs, or nodes, of a list that the administrator asks for, and how many it has."""
    paged = f"<set xmlns='{RSM}'>{page}</set>"
    reply = ET.fromstring(await answer(dialogue, "get", content + paged, namespace))
    named = "node" if namespace == PUBSUB else "jid"
    return [entry.get(named) for entry in reply[0][0]], reply.findtext(f".//{{{RSM}}}count")


async def test_who_is_subscribed_comes_in_pages_that_stanzas_hold() -> None:
    dialogue, content = with_news(), "<subscriptions node='news'/>"
    made = "".join(f"<subscription jid='{jid}' subscription='subscribed'/>" for jid in MANY)
    await succeeds(dialogue, f"<subscriptions node='news'>{made}</subscriptions>", OWNER)
    assert refusal(await answer(dialogue, "get", content, OWNER)) == TOO_MUCH
    seen: list[str | None] = []
    page = "<max>9999</max>"
    while page:
        listed, count = await entries(dialogue, content, page, OWNER)
        assert count == "6000"
        seen += listed
        held = [s for s in dialogue.service.pubsub.subscriptions.values() if s.jid == seen[-1]]
        page = f"<after>{held[0].subid}</after>" if listed else ""
    assert seen == list(MANY)


async def test_all_that_can_be_listed_comes_in_pages() -> None:
    dialogue = with_news()
    for name in ("a", "b"):
        await succeeds(dialogue, f"<create node='{name}'/>")
        await succeeds(dialogue, f"<subscribe node='{name}' jid='{ADMIN}'/>")
    second, last = "<max>1</max><index>1</index>", "<max>1</max><before/>"
    assert await entries(dialogue, "<subscriptions/>", second) == (["b"], "2")
    assert await entries(dialogue, "<subscriptions node='a'/>", last) == (["a"], "1")
    after = "<max>1</max><after>a</after>"
    assert await entries(dialogue, "<affiliations/>", after) == (["b"], "6")
    given = f"<affiliation jid='{AGENT}' affiliation='member'/>"
    await succeeds(dialogue, f"<affiliations node='a'>{given}</affiliations>", OWNER)
    assert await entries(dialogue, "<affiliations node='a'/>", second, OWNER) == ([AGENT], "2")


@pytest.mark.parametrize(
    "content",
    [
        "<max>-1</max>",
        "<max/>",
        "<max>all</max>",
        "<max>\uff11</max>",
        f"<max>{'9' * 5000}</max>",
        "<max>1</max><max>2</max>",
        "<index>x</index>",
        "<after/>",
        "<after>a</after><before/>",
        "<after>a</after><index>1</index>",
    ],
)
async def test_nonsense_is_refused(dialogue: Dialogue, content: str) -> None:
    assert await dialogue.refused(asked(content)) == Refusal("modify", "bad-request")


async def test_two_pages_at_once_are_refused(dialogue: Dialogue) -> None:
    twice = asked(f"</set><set xmlns='{RSM}'>")
    assert await dialogue.refused(twice) == Refusal("modify", "bad-request")


async def test_a_page_beside_an_item_that_is_gone_is_not_found(dialogue: Dialogue) -> None:
    gone = asked("<after>z</after>")
    assert await dialogue.refused(gone) == Refusal("cancel", "item-not-found")
