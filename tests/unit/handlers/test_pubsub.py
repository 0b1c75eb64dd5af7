import pytest

from component.pubsub.addresses import extension_node
from tests.unit.handlers.dialogue import Dialogue, Refusal
from tests.unit.pubsub.provisioned import AGENT, DOMAIN

pytestmark = pytest.mark.unit

PUBSUB = "http://jabber.org/protocol/pubsub"
OWN_ADDRESS = f"{extension_node('1000')}@{DOMAIN}"


def pubsub(content: str, namespace: str = PUBSUB) -> str:
    return f"<pubsub xmlns='{namespace}'>{content}</pubsub>"


async def test_subscribing_at_the_domain(dialogue: Dialogue) -> None:
    await dialogue.expect(
        """
        <iq type='set' id='s1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <subscribe node='ext1000' jid='user1@example.com'/>
          </pubsub>
        </iq>
        """,
        """
        <iq type='result' id='s1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <subscription node='ext1000' jid='user1@example.com' subid='new-subid'
                          subscription='subscribed'/>
          </pubsub>
        </iq>
        """,
    )


async def test_subscribing_at_the_extensions_own_address_without_naming_the_node(
    dialogue: Dialogue,
) -> None:
    await dialogue.expect(
        """
        <iq type='set' id='s1' from='user1@example.com/r' to='ext1000@ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <subscribe jid='user1@example.com/r'/>
          </pubsub>
        </iq>
        """,
        """
        <iq type='result' id='s1' from='ext1000@ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <subscription node='ext1000' jid='user1@example.com/r' subid='new-subid'
                          subscription='subscribed'/>
          </pubsub>
        </iq>
        """,
    )


async def test_retrieving_items(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    dialogue.service.publish("call-1", "<call xmlns='urn:x' name='Ann &amp; Bob'/>")
    dialogue.service.publish("call-2", "<call xmlns='urn:x'/>")
    await dialogue.expect(
        """
        <iq type='get' id='i1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='ext1000'/></pubsub>
        </iq>
        """,
        """
        <iq type='result' id='i1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <items node='ext1000'>
              <item id='call-1'><call xmlns='urn:x' name='Ann &amp; Bob'/></item>
              <item id='call-2'><call xmlns='urn:x'/></item>
            </items>
          </pubsub>
        </iq>
        """,
    )


async def test_retrieving_the_newest_item_at_the_extensions_own_address(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    dialogue.service.publish("call-1")
    dialogue.service.publish("call-2", "<call xmlns='urn:x'/>")
    await dialogue.expect(
        """
        <iq type='get' id='i1' from='user1@example.com/r' to='ext1000@ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'><items max_items='1'/></pubsub>
        </iq>
        """,
        """
        <iq type='result' id='i1' from='ext1000@ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <items node='ext1000'><item id='call-2'><call xmlns='urn:x'/></item></items>
          </pubsub>
        </iq>
        """,
    )


async def test_retrieving_items_by_their_ids(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    dialogue.service.publish("call-1", "<call xmlns='urn:x'/>")
    dialogue.service.publish("call-2", "<call xmlns='urn:x'/>")
    await dialogue.expect(
        """
        <iq type='get' id='i1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <items node='ext1000'><item id='call-2'/><item id='unknown'/></items>
          </pubsub>
        </iq>
        """,
        """
        <iq type='result' id='i1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <items node='ext1000'><item id='call-2'><call xmlns='urn:x'/></item></items>
          </pubsub>
        </iq>
        """,
    )


async def test_asking_for_ones_subscriptions(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    await dialogue.expect(
        """
        <iq type='get' id='i1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions/></pubsub>
        </iq>
        """,
        """
        <iq type='result' id='i1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <subscriptions>
              <subscription node='ext1000' jid='user1@example.com' subid='sub-1'
                            subscription='subscribed'/>
            </subscriptions>
          </pubsub>
        </iq>
        """,
    )


async def test_having_no_subscriptions(dialogue: Dialogue) -> None:
    await dialogue.expect(
        """
        <iq type='get' id='i1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions node='ext1000'/></pubsub>
        </iq>
        """,
        """
        <iq type='result' id='i1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions node='ext1000'/></pubsub>
        </iq>
        """,
    )


async def test_asking_for_ones_affiliations(dialogue: Dialogue) -> None:
    await dialogue.expect(
        """
        <iq type='get' id='i1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'><affiliations/></pubsub>
        </iq>
        """,
        """
        <iq type='result' id='i1' from='ivr.example.com' to='user1@example.com/r'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <affiliations><affiliation node='ext1000' affiliation='member'/></affiliations>
          </pubsub>
        </iq>
        """,
    )


async def test_unsubscribing(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    await dialogue.expect(
        """
        <iq type='set' id='u1' from='user1@example.com/r' to='ivr.example.com'>
          <pubsub xmlns='http://jabber.org/protocol/pubsub'>
            <unsubscribe node='ext1000' jid='user1@example.com' subid='sub-1'/>
          </pubsub>
        </iq>
        """,
        "<iq type='result' id='u1' from='ivr.example.com' to='user1@example.com/r'/>",
    )
    assert not dialogue.service.pubsub.subscriptions


REFUSED = {
    "the node does not exist": (
        "<subscribe node='ext9999' jid='user1@example.com'/>",
        Refusal("cancel", "item-not-found"),
    ),
    "one is not on the whitelist": (
        "<subscribe node='ext2000' jid='user1@example.com'/>",
        Refusal("cancel", "not-allowed", "closed-node"),
    ),
    "the JID is somebody else's": (
        "<subscribe node='ext1000' jid='user2@example.com'/>",
        Refusal("modify", "bad-request", "invalid-jid"),
    ),
    "the JID is malformed": (
        "<subscribe node='ext1000' jid='user1@@example.com'/>",
        Refusal("modify", "bad-request", "invalid-jid"),
    ),
    "the JID is missing": (
        "<subscribe node='ext1000'/>",
        Refusal("modify", "bad-request", "jid-required"),
    ),
    "the node is missing": (
        "<subscribe jid='user1@example.com'/>",
        Refusal("modify", "bad-request", "nodeid-required"),
    ),
    "the node has no name": (
        "<subscribe node='' jid='user1@example.com'/>",
        Refusal("modify", "bad-request", "nodeid-required"),
    ),
    "there is no such subscription": (
        "<unsubscribe node='ext1000' jid='user1@example.com'/>",
        Refusal("cancel", "unexpected-request", "not-subscribed"),
    ),
    "the subscription is somebody else's": (
        "<unsubscribe node='ext1000' jid='user2@example.com'/>",
        Refusal("auth", "forbidden"),
    ),
    "two things are asked for at once": (
        "<subscribe node='ext1000' jid='user1@example.com'/>" * 2,
        Refusal("modify", "bad-request"),
    ),
    "nothing is asked for": ("", Refusal("modify", "bad-request")),
    "the request does not exist": ("<subscribed/>", Refusal("modify", "bad-request")),
    "the request is a get": ("<items node='ext1000'/>", Refusal("modify", "bad-request")),
}


@pytest.mark.parametrize(("content", "refusal"), REFUSED.values(), ids=REFUSED)
async def test_a_request_to_change_something_is_refused_if(
    dialogue: Dialogue, content: str, refusal: Refusal
) -> None:
    before = dialogue.service.contents()
    assert await dialogue.ask("set", pubsub(content)) == refusal
    assert dialogue.service.contents() == before


REFUSED_ITEMS = {
    "one is not subscribed": (
        "<items node='ext1000'/>",
        Refusal("auth", "not-authorized", "not-subscribed"),
    ),
    "one is not on the whitelist": (
        "<items node='ext2000'/>",
        Refusal("cancel", "not-allowed", "closed-node"),
    ),
    "an item has no id": (
        "<items node='ext1000'><item/></items>",
        Refusal("modify", "bad-request"),
    ),
    "max_items is not a number": (
        "<items node='ext1000' max_items='all'/>",
        Refusal("modify", "bad-request"),
    ),
    "max_items is nothing": (
        "<items node='ext1000' max_items='0'/>",
        Refusal("modify", "bad-request"),
    ),
    "max_items is absurd": (
        f"<items node='ext1000' max_items='{'9' * 5000}'/>",
        Refusal("modify", "bad-request"),
    ),
}


@pytest.mark.parametrize(("content", "refusal"), REFUSED_ITEMS.values(), ids=REFUSED_ITEMS)
async def test_items_are_refused_if(dialogue: Dialogue, content: str, refusal: Refusal) -> None:
    assert await dialogue.ask("get", pubsub(content)) == refusal


async def test_a_wrong_subid_is_refused(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    refusal = Refusal("modify", "not-acceptable", "invalid-subid")
    assert await dialogue.ask("get", pubsub("<items node='ext1000' subid='x'/>")) == refusal
    unsubscribe = "<unsubscribe node='ext1000' jid='user1@example.com' subid='x'/>"
    assert await dialogue.ask("set", pubsub(unsubscribe)) == refusal


async def test_what_stands_there_in_other_namespaces_is_ignored(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    extra = "<set xmlns='urn:x'><max>1</max></set>"
    assert await dialogue.ask("get", pubsub(f"<items node='ext1000'/>{extra}")) is None


async def test_attributes_that_nobody_knows_are_ignored(dialogue: Dialogue) -> None:
    content = "<subscribe node='ext1000' jid='user1@example.com' colour='red' x:y='1'/>"
    assert (
        await dialogue.ask("set", f"<pubsub xmlns='{PUBSUB}' xmlns:x='x'>{content}</pubsub>")
        is None
    )
    assert len(dialogue.service.pubsub.subscriptions) == 1


async def test_an_owners_request_in_everybodys_namespace_does_not_exist(dialogue: Dialogue) -> None:
    refusal = Refusal("modify", "bad-request")
    assert await dialogue.ask("set", pubsub("<delete node='ext1000'/>")) == refusal


@pytest.mark.parametrize("address", [f"ext9999@{DOMAIN}", f"{OWN_ADDRESS}/desk", f"{DOMAIN}/desk"])
async def test_there_is_no_service_elsewhere(dialogue: Dialogue, address: str) -> None:
    content = pubsub("<subscribe node='ext1000' jid='user1@example.com'/>")
    assert await dialogue.ask("set", content, address) == Refusal("cancel", "service-unavailable")
