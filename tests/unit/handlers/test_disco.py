import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from component.handlers.dispatch import dispatcher
from component.handlers.operation_commands import NAMESPACE
from component.operations.desk import Desk
from component.pubsub.model import Affiliation, Role
from component.pubsub.policy import Creators, Policy
from component.pubsub.presence import ONLINE, PresenceNotice
from tests.small_centre import Notebook
from tests.unit.handlers.dialogue import STAFF, Dialogue, Refusal, canonical
from tests.unit.pubsub.provisioned import AGENT, DOMAIN, SUPERVISOR

pytestmark = pytest.mark.unit

TESTS = Path(__file__).parents[2]
TEST = re.compile(r"`([a-z_/]+\.py)::(test_[a-z_]+)`")
INFO = "http://jabber.org/protocol/disco#info"
RSM = "http://jabber.org/protocol/rsm"
ITEMS = "http://jabber.org/protocol/disco#items"


async def describe(dialogue: Dialogue, to: str, node: str | None = None) -> tuple[str, set[str]]:
    """Return the identities, category/type/name each, and the features."""
    named = f"node='{node}'" if node else ""
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='user1@example.com/r' to='{to}'>"
        f"<query xmlns='{INFO}' {named}/></iq>"
    )
    assert reply is not None
    query = ET.fromstring(reply)[0]
    assert query.get("node") == node
    identities = (
        "/".join(identity.attrib[key] for key in ("category", "type", "name"))
        for identity in query.findall(f"{{{INFO}}}identity")
    )
    features = {feature.get("var", "") for feature in query.findall(f"{{{INFO}}}feature")}
    return " ".join(identities), features


@pytest.mark.parametrize(
    ("to", "node", "identity"),
    [
        ("ivr.example.com", None, "pubsub/service/ivr-pubsub"),
        (
            "ext1000@ivr.example.com",
            None,
            "account/registered/ivr-pubsub pubsub/pep/ivr-pubsub",
        ),
        ("ext1000@ivr.example.com", "urn:xmpp:vcard4", "pubsub/leaf/Business card"),
        ("ivr.example.com", "ext1000", "pubsub/leaf/Calls of extension 1000"),
        ("ext1000@ivr.example.com", "ext1000", "pubsub/leaf/Calls of extension 1000"),
    ],
)
async def test_everything_says_what_it_is(
    dialogue: Dialogue, to: str, node: str | None, identity: str
) -> None:
    assert (await describe(dialogue, to, node))[0] == identity


async def test_what_is_announced_is_what_is_implemented(dialogue: Dialogue) -> None:
    pubsub = "http://jabber.org/protocol/pubsub"
    assert (await describe(dialogue, "ivr.example.com"))[1] == {
        INFO,
        ITEMS,
        "jabber:iq:version",
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/commands",
        "http://jabber.org/protocol/rsm",
        "http://jabber.org/protocol/shim",
        "jabber:x:data",
        "urn:xmpp:mam:2",
        "urn:xmpp:mam:2#extended",
        "urn:ietf:params:xml:ns:vcard-4.0",
        "urn:xmpp:ping",
        "vcard-temp",
        "urn:xmpp:sid:0",
        "urn:xmpp:time",
        pubsub,
        f"{pubsub}#access-open",
        f"{pubsub}#config-node",
        f"{pubsub}#config-node-max",
        f"{pubsub}#create-and-configure",
        f"{pubsub}#create-nodes",
        f"{pubsub}#delete-items",
        f"{pubsub}#delete-nodes",
        f"{pubsub}#get-pending",
        f"{pubsub}#instant-nodes",
        f"{pubsub}#item-ids",
        f"{pubsub}#last-published",
        f"{pubsub}#leased-subscription",
        f"{pubsub}#manage-subscriptions",
        f"{pubsub}#member-affiliation",
        f"{pubsub}#meta-data",
        f"{pubsub}#modify-affiliations",
        f"{pubsub}#multi-items",
        f"{pubsub}#multi-subscribe",
        f"{pubsub}#outcast-affiliation",
        f"{pubsub}#persistent-items",
        f"{pubsub}#presence-notifications",
        f"{pubsub}#publish",
        f"{pubsub}#publish-node-full",
        f"{pubsub}#publish-only-affiliation",
        f"{pubsub}#publish-options",
        f"{pubsub}#publisher-affiliation",
        f"{pubsub}#purge-nodes",
        f"{pubsub}#retract-items",
        f"{pubsub}#retrieve-affiliations",
        f"{pubsub}#retrieve-default",
        f"{pubsub}#retrieve-default-sub",
        f"{pubsub}#retrieve-items",
        f"{pubsub}#retrieve-subscriptions",
        f"{pubsub}#rsm",
        f"{pubsub}#subscribe",
        f"{pubsub}#subscription-notifications",
        f"{pubsub}#subscription-options",
    }


async def test_an_extensions_address_says_that_it_is_a_service_too(dialogue: Dialogue) -> None:
    service = (await describe(dialogue, "ivr.example.com"))[1]
    extension = (await describe(dialogue, "ext1000@ivr.example.com"))[1]
    assert {name.partition("#")[2] for name in extension - service} == {
        "pubsub-on-a-jid",
        "access-whitelist",
        "auto-subscribe",
        "filtered-notifications",
        "presence-subscribe",
    }


async def test_an_extensions_address_does_not_say_that_nodes_can_be_made_there() -> None:
    dialogue = Dialogue(Policy(create=Creators.EVERYONE, auto_create=True))
    service = (await describe(dialogue, "ivr.example.com"))[1]
    extension = (await describe(dialogue, "ext1000@ivr.example.com"))[1]
    assert {name.partition("#")[2] for name in service - extension} == {
        "access-open",
        "auto-create",
        "create-and-configure",
        "create-nodes",
        "delete-nodes",
        "instant-nodes",
    }
    creation = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='ideas'/></pubsub>"
    refused = await dialogue.ask("set", creation, "ext1000@ivr.example.com")
    assert refused == Refusal("cancel", "not-allowed")


DOCS = TESTS.parent / "docs"
DOCUMENTATION = (DOCS / "xep-0060.md").read_text()


@pytest.mark.parametrize(
    ("policy", "address", "announced_as"),
    [
        (Policy(), "ivr.example.com", ["yes", "at the domain"]),
        (Policy(auto_create=True), "ivr.example.com", ["yes", "at the domain", "if configured"]),
        (Policy(auto_create=True), "ext1000@ivr.example.com", ["yes", "at `ext…@`"]),
    ],
)
async def test_the_documentation_lists_what_is_announced(
    policy: Policy, address: str, announced_as: list[str]
) -> None:
    prefix = "http://jabber.org/protocol/pubsub#"
    features = (await describe(Dialogue(policy), address))[1]
    announced = {name.removeprefix(prefix) for name in features if name.startswith(prefix)}
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+) \|$", DOCUMENTATION, re.M)
    assert {name for name, told, _ in rows if told in announced_as} == announced
    assert all(TEST.search(tests) for _, told, tests in rows if told != "no")


@pytest.mark.parametrize("page", ["xep-0060.md", "xeps.md"])
def test_the_tests_that_the_documentation_names_exist(page: str) -> None:
    named = TEST.findall((DOCS / page).read_text())
    assert named
    for file, test in named:
        assert re.search(rf"^(async )?def {test}\(", (TESTS / file).read_text(), re.M), test


async def test_a_command_is_described_to_those_who_may_use_it(dialogue: Dialogue) -> None:
    node = f"{NAMESPACE}:agents"
    query = f"<query xmlns='{INFO}' node='{node}'/>"
    assert await dialogue.ask("get", query) == Refusal("auth", "forbidden")
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{SUPERVISOR}/r' to='{DOMAIN}'>{query}</iq>"
    )
    assert reply is not None
    identity = ET.fromstring(reply)[0][0]
    assert (identity.get("category"), identity.get("type")) == ("automation", "command-node")


async def listed(dialogue: Dialogue, sender: str, to: str, node: str = "", inner: str = "") -> str:
    named = f"node='{node}'" if node else ""
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{sender}' to='{to}'>"
        f"<query xmlns='{ITEMS}' {named}>{inner}</query></iq>"
    )
    assert reply is not None
    return canonical(
        "".join(ET.tostring(child, encoding="unicode") for child in ET.fromstring(reply))
    )


def items(*written: str, node: str = "") -> str:
    named = f"node='{node}'" if node else ""
    return canonical(f"<ns0:query xmlns:ns0='{ITEMS}' {named}>{''.join(written)}</ns0:query>")


async def test_one_sees_the_nodes_that_one_may_subscribe_to(dialogue: Dialogue) -> None:
    expected = items(
        "<ns0:item jid='ivr.example.com' node='ext1000' name='Calls of extension 1000'/>"
    )
    assert await listed(dialogue, "user1@example.com/r", "ivr.example.com") == expected
    assert await listed(dialogue, "eve@example.com/r", "ivr.example.com") == items()


async def test_more_nodes_than_fit_into_a_stanza_come_in_pages(dialogue: Dialogue) -> None:
    accounts = {str(number): AGENT for number in range(10_000, 17_000)}
    dialogue.service.provision(accounts)
    seen: list[str | None] = []
    page: str | None = ""
    while page is not None:
        reply = await dialogue.say(
            f"<iq type='get' id='1' from='{AGENT}/r' to='{DOMAIN}'>"
            f"<query xmlns='{ITEMS}'>{page}</query></iq>"
        )
        assert reply is not None
        query = ET.fromstring(reply)[0]
        seen += [item.get("node") for item in query.findall(f"{{{ITEMS}}}item")]
        last = query.findtext(f"{{{RSM}}}set/{{{RSM}}}last")
        assert query.findtext(f"{{{RSM}}}set/{{{RSM}}}count") == "7000"
        page = f"<set xmlns='{RSM}'><after>{last}</after></set>" if last else None
    assert seen == [f"ext{number}" for number in accounts]


async def test_an_extensions_address_shows_its_node(dialogue: Dialogue) -> None:
    expected = items(
        "<ns0:item jid='ext1000@ivr.example.com' node='ext1000' name='Calls of extension 1000'/>"
    )
    assert await listed(dialogue, "user1@example.com/r", "ext1000@ivr.example.com") == expected


async def test_what_has_no_items_has_an_empty_list_of_them(dialogue: Dialogue) -> None:
    """§7. So has what stands for a command, for a protocol, and for an address."""
    dialogue.service.subscribe(AGENT)
    (stanza,) = dialogue.dispatcher.presence(PresenceNotice(DOMAIN, (AGENT,), ONLINE))
    (own,) = ET.fromstring(stanza).iter("{http://jabber.org/protocol/caps}c")
    page = f"<set xmlns='{RSM}'><max>0</max></set>"
    for node in (
        f"{NAMESPACE}:log-on",
        "http://jabber.org/protocol/pubsub#get-pending",
        "http://jabber.org/protocol/shim",
        f"{own.get('node')}#{own.get('ver')}",
        "ext1000",
    ):
        assert await listed(dialogue, f"{AGENT}/r", DOMAIN, node) == items(node=node)
        assert await listed(dialogue, f"{AGENT}/r", DOMAIN, node, page) == items(node=node)
    assert await listed(dialogue, "eve@example.com/r", DOMAIN, inner=page) == items()
    assert await listed(dialogue, f"{AGENT}/r", DOMAIN, "urn:xmpp:vcard4") == items(
        f"<ns0:item jid='{DOMAIN}' name='current'/>", node="urn:xmpp:vcard4"
    )
    command = f"<query xmlns='{ITEMS}' node='{NAMESPACE}:agents'/>"
    assert await dialogue.ask("get", command) == Refusal("auth", "forbidden")


async def test_a_node_shows_its_items_by_id(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    dialogue.service.publish("call-1")
    dialogue.service.publish("call-2")
    assert await listed(dialogue, "user1@example.com/r", "ivr.example.com", "ext1000") == items(
        "<ns0:item jid='ivr.example.com' name='call-1'/>",
        "<ns0:item jid='ivr.example.com' name='call-2'/>",
        node="ext1000",
    )


async def test_the_items_of_a_node_are_shown_to_those_who_may_retrieve_them(
    dialogue: Dialogue,
) -> None:
    query = f"<query xmlns='{ITEMS}' node='ext1000'/>"
    assert await dialogue.ask("get", query) == Refusal("auth", "not-authorized", "not-subscribed")
    outcast = Affiliation("ext1000", AGENT, Role.OUTCAST)
    dialogue.service.pubsub.affiliations.load(("ext1000", AGENT), outcast)
    assert await dialogue.ask("get", query) == Refusal("auth", "forbidden")


@pytest.mark.parametrize("namespace", [INFO, ITEMS])
async def test_what_does_not_exist_cannot_be_described(dialogue: Dialogue, namespace: str) -> None:
    unknown_node = f"<query xmlns='{namespace}' node='ext9999'/>"
    assert await dialogue.ask("get", unknown_node) == Refusal("cancel", "item-not-found")
    unknown_address = await dialogue.ask(
        "get", f"<query xmlns='{namespace}'/>", "ext9999@ivr.example.com"
    )
    assert unknown_address == Refusal("cancel", "service-unavailable")


async def test_the_service_says_whom_strangers_may_ask(dialogue: Dialogue) -> None:
    contact = {"abuse": ("mailto:a@example.com", "xmpp:a@example.com"), "admin": ("mailto:b@x",)}
    dialogue.dispatcher = dispatcher(
        dialogue.engine,
        DOMAIN,
        "1.2.3",
        lambda: "id",
        desk=Desk(dialogue.engine, Notebook()),
        staff=STAFF,
        contact=contact,
    )
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{AGENT}/r' to='{DOMAIN}'><query xmlns='{INFO}'/></iq>"
    )
    assert reply is not None
    fields = ET.fromstring(reply).iter("{jabber:x:data}field")
    assert {f.get("var"): [value.text for value in f] for f in fields} == {
        "FORM_TYPE": ["http://jabber.org/network/serverinfo"],
        "abuse-addresses": ["mailto:a@example.com", "xmpp:a@example.com"],
        "admin-addresses": ["mailto:b@x"],
    }


async def test_the_headers_of_notifications_are_discovered(dialogue: Dialogue) -> None:
    shim = "http://jabber.org/protocol/shim"
    assert await describe(dialogue, "ivr.example.com", shim) == (
        "pubsub/service/ivr-pubsub",
        {f"{shim}#SubID"},
    )
