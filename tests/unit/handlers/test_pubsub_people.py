from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from component.handlers.node_form import PUBLIC
from component.pubsub.configuration import AccessModel, Configuration, PublishModel
from component.pubsub.model import Digest, Role, SubscriptionState
from component.pubsub.service import Request
from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.handlers.requests import (
    OWNER,
    PUBSUB,
    SUBSCRIBE_OPTIONS,
    answer,
    fails,
    filled,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW, STRANGER, SUPERVISOR

pytestmark = pytest.mark.unit


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


async def test_owners_read_and_change_affiliations(dialogue: Dialogue) -> None:
    await succeeds(
        dialogue,
        f"<affiliations node='news'><affiliation jid='{AGENT}' affiliation='publish-only'/>"
        "</affiliations>",
        OWNER,
    )
    await dialogue.expect(
        f"""
        <iq type='get' id='1' from='{ADMIN}/r' to='{DOMAIN}'>
          <pubsub xmlns='{OWNER}'><affiliations node='news'/></pubsub>
        </iq>
        """,
        f"""
        <iq type='result' id='1' from='{DOMAIN}' to='{ADMIN}/r'>
          <pubsub xmlns='{OWNER}'>
            <affiliations node='news'>
              <affiliation jid='{ADMIN}' affiliation='owner'/>
              <affiliation jid='{AGENT}' affiliation='publish-only'/>
            </affiliations>
          </pubsub>
        </iq>
        """,
    )
    strange = "<affiliations node='news'><affiliation jid='a@b' affiliation='king'/></affiliations>"
    assert await fails(dialogue, strange, OWNER) == Refusal("modify", "bad-request")


async def test_owners_read_and_change_subscriptions(dialogue: Dialogue) -> None:
    def wish(state: str) -> str:
        entry = f"<subscription jid='{AGENT}' subscription='{state}'/>"
        return f"<subscriptions node='news'>{entry}</subscriptions>"

    await succeeds(dialogue, wish("subscribed"), OWNER)
    reply = await answer(dialogue, "get", "<subscriptions node='news'/>", OWNER)
    (listed,) = ET.fromstring(reply).iter(f"{{{OWNER}}}subscription")
    assert listed.attrib == {"jid": AGENT, "subscription": "subscribed", "subid": "new-subid"}
    await succeeds(dialogue, wish("none"), OWNER)
    assert not dialogue.service.pubsub.subscriptions
    assert await fails(dialogue, wish("perhaps"), OWNER) == Refusal("modify", "bad-request")


async def test_subscribing_with_options(dialogue: Dialogue) -> None:
    options = form(SUBSCRIBE_OPTIONS, deliver="0", expire="2027-01-01T00:00:00Z")
    await succeeds(
        dialogue,
        f"<subscribe node='news' jid='{AGENT}'/><options>{options}</options>",
        sender=AGENT,
    )
    shown = await answer(dialogue, "get", f"<options node='news' jid='{AGENT}'/>", sender=AGENT)
    values = filled(shown)
    assert (values["pubsub#deliver"], values["pubsub#expire"]) == ("0", "2027-01-01T00:00:00Z")

    changed = f"<options node='news' jid='{AGENT}'>{form(SUBSCRIBE_OPTIONS, deliver='1')}</options>"
    await succeeds(dialogue, changed, sender=AGENT)
    (subscription,) = dialogue.service.pubsub.subscriptions.values()
    assert subscription.deliver
    assert subscription.expire is not None


async def test_options_that_there_are_not_are_ignored(dialogue: Dialogue) -> None:
    """XEP-0004 §3.1."""
    options = f"<options>{form(SUBSCRIBE_OPTIONS, deliver='0', colour='red')}</options>"
    await succeeds(dialogue, f"<subscribe node='news' jid='{AGENT}'/>{options}", sender=AGENT)
    (subscription,) = dialogue.service.pubsub.subscriptions.values()
    assert not subscription.deliver


@pytest.mark.parametrize(
    "fields",
    [
        {"deliver": "x"},
        {"digest": "x"},
        {"digest": "1", "digest_frequency": "999"},
        {"digest": "1", "digest_frequency": "86400001"},
        {"digest": "1", "digest_frequency": "-1000"},
        {"digest_frequency": "often"},
        {"expire": "tomorrow"},
        {"expire": "2027-01-01T00:00:00"},
        {"expire": NOW.isoformat()},
    ],
)
async def test_options_that_make_no_sense_are_invalid(
    dialogue: Dialogue, fields: dict[str, str]
) -> None:
    options = f"<options>{form(SUBSCRIBE_OPTIONS, **fields)}</options>"
    content = f"<subscribe node='news' jid='{AGENT}'/>{options}"
    found = await fails(dialogue, content, sender=AGENT)
    assert found == Refusal("modify", "bad-request", "invalid-options")


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, ("0", "60000")),
        ({"digest": "0", "digest_frequency": "5000"}, ("0", "60000")),
        ({"digest": "1"}, ("1", "60000")),
        ({"digest": "true", "digest_frequency": "1000"}, ("1", "1000")),
        ({"digest": "1", "digest_frequency": ""}, ("1", "60000")),
    ],
)
async def test_digests_are_an_option(
    dialogue: Dialogue, fields: dict[str, str], shown: tuple[str, str]
) -> None:
    options = f"<options>{form(SUBSCRIBE_OPTIONS, **fields)}</options>"
    await succeeds(dialogue, f"<subscribe node='news' jid='{AGENT}'/>{options}", sender=AGENT)
    held = f"<options node='news' jid='{AGENT}'/>"
    values = filled(await answer(dialogue, "get", held, sender=AGENT))
    assert (values["pubsub#digest"], values["pubsub#digest_frequency"]) == shown


async def test_what_is_not_said_of_digests_stays(dialogue: Dialogue) -> None:
    options = form(SUBSCRIBE_OPTIONS, digest="1", digest_frequency="5000")
    content = f"<subscribe node='news' jid='{AGENT}'/><options>{options}</options>"
    await succeeds(dialogue, content, sender=AGENT)
    changed = f"<options node='news' jid='{AGENT}'>{form(SUBSCRIBE_OPTIONS, deliver='0')}</options>"
    await succeeds(dialogue, changed, sender=AGENT)
    (subscription,) = dialogue.service.pubsub.subscriptions.values()
    assert subscription.digest == Digest(timedelta(seconds=5))


async def test_options_need_a_subscription(dialogue: Dialogue) -> None:
    content = f"<options node='news' jid='{AGENT}'/>"
    reply = await answer(dialogue, "get", content, sender=AGENT)
    assert refusal(reply) == Refusal("cancel", "unexpected-request", "not-subscribed")


@pytest.mark.parametrize("node", ["", "node='news'"])
async def test_the_default_options(dialogue: Dialogue, node: str) -> None:
    """Of a node, and of all nodes of the service (§6.4.1)."""
    values = filled(await answer(dialogue, "get", f"<default {node}/>"))
    assert (values["FORM_TYPE"], values["pubsub#deliver"]) == (SUBSCRIBE_OPTIONS, "1")


async def test_a_node_describes_itself(dialogue: Dialogue) -> None:
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{AGENT}/r' to='{DOMAIN}'>"
        "<query xmlns='http://jabber.org/protocol/disco#info' node='news'/></iq>"
    )
    assert reply is not None
    values = filled(reply)
    assert values["FORM_TYPE"] == f"{PUBSUB}#meta-data"
    assert (values["pubsub#title"], values["pubsub#access_model"]) == ("News", "open")


async def meta_data(dialogue: Dialogue, node: str, sender: str) -> dict[str, list[str | None]]:
    reply = await dialogue.say(
        f"<iq type='get' id='1' from='{sender}/r' to='{DOMAIN}'>"
        f"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/></iq>"
    )
    assert reply is not None
    fields = ET.fromstring(reply).iter("{jabber:x:data}field")
    return {f.get("var", ""): [v.text for v in f.findall("{jabber:x:data}value")] for f in fields}


async def test_who_stands_behind_a_node_and_how_many_listen(dialogue: Dialogue) -> None:
    dialogue.service.do(lambda pubsub: pubsub.expire(NOW))
    config = Configuration("Weather", publish_model=PublishModel.SUBSCRIBERS)
    dialogue.service.do(lambda p: p.create(Request(ADMIN, DOMAIN), "weather", config))
    roles = [(SUPERVISOR, Role.PUBLISHER), (STRANGER, Role.OUTCAST)]
    owner = Request(ADMIN, DOMAIN, "weather")
    dialogue.service.do(lambda pubsub: pubsub.set_affiliations(owner, roles))
    dialogue.service.subscribe(AGENT, "weather")
    told = await meta_data(dialogue, "weather", AGENT)
    assert told["pubsub#creator"] == told["pubsub#owner"] == [ADMIN]
    assert told["pubsub#creation_date"] == ["2026-01-01T09:00:00Z"]
    assert told["pubsub#publisher"] == [SUPERVISOR]
    assert told["pubsub#num_subscribers"] == ["1"]
    assert told["pubsub#publish_model"] == ["subscribers"]
    assert told["pubsub#item_expire"] == ["max"]


@pytest.mark.parametrize("node", ["ext1000", "weather"])
async def test_strangers_are_told_nothing_of_people(dialogue: Dialogue, node: str) -> None:
    config = Configuration("Weather", access_model=AccessModel.WHITELIST)
    dialogue.service.do(lambda p: p.create(Request(ADMIN, DOMAIN), "weather", config))
    told = await meta_data(dialogue, node, STRANGER)
    names = {name.removeprefix("pubsub#") for name in told}
    assert names == {"FORM_TYPE", *PUBLIC} - {"contact"}, "there is no contact"
    assert "@" not in str(told)


async def test_the_agent_is_told_of_the_node_of_the_extension(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT)
    told = await meta_data(dialogue, "ext1000", AGENT)
    assert (told["pubsub#creator"], told["pubsub#owner"]) == ([DOMAIN], [ADMIN])
    assert told["pubsub#num_subscribers"] == ["1"]


# Approval, and what comes back. -----------------------------------------------------------------


@pytest.fixture
def pending(dialogue: Dialogue) -> Dialogue:
    """user1 waits to be let in."""
    config = Configuration("News", access_model=AccessModel.AUTHORIZE)
    request = Request(ADMIN, DOMAIN, "news")
    dialogue.service.do(lambda pubsub: pubsub.configure(request, config))
    dialogue.service.subscribe(AGENT, "news")
    return dialogue


def decision(allow: str, sender: str = ADMIN) -> str:
    filled_in = form(
        f"{PUBSUB}#subscribe_authorization",
        subid="sub-1", node="news", subscriber_jid=AGENT, allow=allow,
    )  # fmt: skip
    return f"<message from='{sender}/r' to='{DOMAIN}' id='m'>{filled_in}</message>"


async def test_an_owner_approves(pending: Dialogue) -> None:
    more = "<field var='why'><value>a friend</value><value>of mine</value></field></x>"
    assert await pending.say(decision("true").replace("</x>", more)) is None
    (subscription,) = pending.service.pubsub.subscriptions.values()
    assert subscription.state is SubscriptionState.SUBSCRIBED


async def test_a_decision_whose_form_type_is_shown_is_none(pending: Dialogue) -> None:
    """XEP-0068 §4.3."""
    shown = decision("0").replace("var='FORM_TYPE'", "var='FORM_TYPE' type='text-single'")
    assert await pending.say(shown) is None
    assert pending.service.pubsub.subscriptions


async def test_an_owner_denies(pending: Dialogue) -> None:
    assert await pending.say(decision("0")) is None
    assert not pending.service.pubsub.subscriptions


async def test_an_owner_may_decide_later(pending: Dialogue) -> None:
    """§8.6: a form that is cancelled leaves the request as it is."""
    cancelled = form(f"{PUBSUB}#subscribe_authorization", "cancel")
    assert (
        await pending.say(f"<message from='{ADMIN}/r' to='{DOMAIN}'>{cancelled}</message>") is None
    )
    (subscription,) = pending.service.pubsub.subscriptions.values()
    assert subscription.state is SubscriptionState.PENDING


async def test_who_waits_sees_that(pending: Dialogue) -> None:
    reply = await answer(pending, "get", "<subscriptions/>", sender=AGENT)
    (listed,) = ET.fromstring(reply).iter(f"{{{PUBSUB}}}subscription")
    assert listed.get("subscription") == "pending"


async def test_nobody_else_decides(pending: Dialogue) -> None:
    assert await pending.refused(decision("1", AGENT)) == Refusal("auth", "forbidden")
    assert await pending.refused(decision("maybe")) == Refusal("modify", "not-acceptable")


async def test_a_second_attempt_is_pending(pending: Dialogue) -> None:
    content = f"<subscribe node='news' jid='{AGENT}'/>"
    found = await fails(pending, content, sender=AGENT)
    assert found == Refusal("auth", "not-authorized", "pending-subscription")


def bounce(condition: str, type_: str = "cancel") -> str:
    return (
        f"<message type='error' from='{AGENT}' to='{DOMAIN}'><error type='{type_}'>"
        f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )


@pytest.mark.parametrize(
    "stanza",
    [
        bounce("gone", "modify"),
        bounce("item-not-found"),
        bounce("remote-server-not-found"),
        bounce("feature-not-implemented"),
        bounce("not-allowed"),
    ],
)
async def test_a_permanent_error_ends_the_subscription(dialogue: Dialogue, stanza: str) -> None:
    dialogue.service.subscribe(AGENT, "news")
    assert await dialogue.say(stanza) is None
    assert not dialogue.service.pubsub.subscriptions


@pytest.mark.parametrize(
    "stanza",
    [
        bounce("service-unavailable"),
        bounce("internal-server-error"),
        bounce("not-acceptable"),
        bounce("resource-constraint"),
        bounce("undefined-condition"),
        bounce("remote-server-timeout"),
        bounce("redirect", "modify"),
        bounce("registration-required", "auth"),
        bounce("remote-server-timeout", "wait"),
        bounce("item-not-found", "wait"),
        bounce("unknown-condition", "wait"),
        f"<message type='error' from='{AGENT}' to='{DOMAIN}'/>",
    ],
)
async def test_a_temporary_error_does_not(dialogue: Dialogue, stanza: str) -> None:
    dialogue.service.subscribe(AGENT, "news")
    assert await dialogue.say(stanza) is None
    assert len(dialogue.service.pubsub.subscriptions) == 1
