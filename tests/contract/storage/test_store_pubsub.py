"""What is committed of publish-subscribe is what is loaded: one suite for every store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from component.ports import Changes
from component.pubsub.configuration import (
    MANAGED,
    AccessModel,
    Configuration,
    ItemReply,
    MessageType,
    NodeFull,
    PublishModel,
    SendLast,
)
from component.pubsub.model import (
    Affiliation,
    Digest,
    Held,
    InStore,
    Item,
    Node,
    Redirect,
    Role,
    Subscription,
    SubscriptionState,
)
from component.pubsub.presence import Contact
from component.pubsub.state import key_of
from tests.contract.storage.conftest import AnyStore

pytestmark = pytest.mark.contract

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)

NODE = Node("ext1000", True, MANAGED)

CONFIGURED = Configuration(
    title="Ünïcode \"'\\ ☎",
    description="d",
    type="urn:x",
    language="de",
    contact=("a@example.com", "b@example.com"),
    subscribe=False,
    presence_based_delivery=True,
    itemreply=ItemReply.OWNER,
    publish_node_full=NodeFull.REJECT,
    access_model=AccessModel.AUTHORIZE,
    publish_model=PublishModel.SUBSCRIBERS,
    max_items=7,
    item_expire=60,
    persist_items=False,
    deliver_notifications=False,
    deliver_payloads=False,
    notify_config=True,
    notify_delete=False,
    notify_retract=False,
    notify_sub=True,
    notification_type=MessageType.CHAT,
    send_last_published_item=SendLast.NEVER,
    max_payload_size=1,
)


async def test_contacts_are_loaded_as_they_were_committed_and_deleted(store: AnyStore) -> None:
    contact = Contact("ext1000@ivr.example.com", "user1@example.com", NOW)
    key = (contact.service, contact.jid)
    await store.commit(Changes(contacts={key: contact}))
    await store.commit(Changes(contacts={key: contact}))
    assert (await store.load()).contacts == [contact]

    await store.commit(Changes(contacts={key: None}))
    assert (await store.load()).contacts == []


async def test_what_waits_for_digests_is_loaded_in_its_order_and_deleted(store: AnyStore) -> None:
    node = Node("news", False)
    digest = Digest(timedelta(milliseconds=1500), first=1, due=NOW)
    waiting = Subscription("news", "ivr.example.com", "a@example.com", "s", NOW, digest=digest)
    begun = replace(waiting, subid="t", digest=Digest(timedelta(days=1)))
    published = Held("news", 1, "a", "<x>'\"☎</x>", ("b@example.com", "c@example.com"))
    retracted, changed = Held("news", 2, "a", None), Held("news", 3, None, "")
    held = [changed, retracted, published]
    for _ in range(2):
        await store.commit(
            Changes(
                nodes={"news": node},
                subscriptions={key_of(s): s for s in (waiting, begun)},
                held={(one.node, one.seq): one for one in held},
            )
        )
    stored = await store.load()
    assert stored.held == [published, retracted, changed]
    assert {s.subid: s.digest for s in stored.subscriptions} == {"s": digest, "t": begun.digest}

    later = (replace(waiting, digest=Digest(digest.every)), replace(begun, digest=None))
    changed_subscriptions = {key_of(s): s for s in later}
    await store.commit(Changes(subscriptions={**changed_subscriptions}, held={("news", 1): None}))
    stored = await store.load()
    assert stored.held == [retracted, changed]
    assert {s.subid: s.digest for s in stored.subscriptions} == {
        "s": Digest(digest.every), "t": None
    }  # fmt: skip

    gone = {(one.node, one.seq): None for one in held}
    await store.commit(Changes(nodes={"news": None}, held={**gone}))
    assert (await store.load()).held == []


async def test_redirects_are_loaded_oldest_first_and_deleted(store: AnyStore) -> None:
    later = Redirect("a", "xmpp:example.org?;node=a", NOW)
    earlier = Redirect("b", "xmpp:example.org?;node=b", NOW - timedelta(seconds=1))
    for _ in range(2):
        await store.commit(Changes(redirects={"a": later, "b": earlier}))
    assert (await store.load()).redirects == [earlier, later]

    await store.commit(Changes(redirects={"a": None}))
    assert (await store.load()).redirects == [earlier]


async def test_nodes_and_what_hangs_on_them_are_loaded_and_deleted(store: AnyStore) -> None:
    affiliation = Affiliation("ext1000", "user1@example.com", Role.MEMBER)
    subscription = Subscription("ext1000", "ivr.example.com", "user1@example.com/crm", "s1", NOW)
    item = Item("ext1000", "call1", "<call a='&lt;'/>", "ivr.example.com", NOW, 17)
    keys = (("ext1000", "user1@example.com"), key_of(subscription))
    await store.commit(
        Changes(
            nodes={"ext1000": NODE},
            affiliations={keys[0]: affiliation},
            subscriptions={keys[1]: subscription},
            items={("ext1000", "call1"): item},
        )
    )
    stored = await store.load()
    assert (stored.nodes, stored.affiliations) == ([NODE], [affiliation])
    assert stored.subscriptions == [subscription]
    assert stored.items == [replace(item, payload=InStore(16))]
    assert await store.read_items([("ext1000", "call1"), ("ext1000", "call2")]) == [item]

    await store.commit(
        Changes(
            affiliations={keys[0]: None},
            subscriptions={keys[1]: None},
            items={("ext1000", "call1"): None},
        )
    )
    stored = await store.load()
    assert (stored.affiliations, stored.subscriptions, stored.items) == ([], [], [])

    await store.commit(Changes(nodes={"ext1000": None}))
    assert (await store.load()).nodes == []


async def test_a_configuration_is_loaded_as_it_was_committed(store: AnyStore) -> None:
    node = Node("news", False, CONFIGURED)
    await store.commit(Changes(nodes={"news": node}))
    assert (await store.load()).nodes == [node]

    default = Node("news", False, creator="a@example.com", created=NOW, has_own_maximum=True)
    await store.commit(Changes(nodes={"news": default}))
    assert (await store.load()).nodes == [default]


async def test_options_and_state_of_a_subscription_are_loaded(store: AnyStore) -> None:
    key = ("news", "ivr.example.com", "a@example.com", "s1")
    shown = frozenset({"online", "dnd"})
    pending = Subscription(*key, NOW, SubscriptionState.PENDING, False, NOW, True, shown, True)
    await store.commit(Changes(nodes={"news": Node("news", False)}, subscriptions={key: pending}))
    assert (await store.load()).subscriptions == [pending]

    approved = Subscription(*key, NOW)
    await store.commit(Changes(subscriptions={key: approved}))
    assert (await store.load()).subscriptions == [approved]

    another = Subscription("news", "ivr.example.com", "a@example.com", "s2", NOW, deliver=False)
    await store.commit(Changes(subscriptions={key_of(another): another}))
    assert (await store.load()).subscriptions == [approved, another]
    await store.commit(Changes(subscriptions={key: None}))
    assert (await store.load()).subscriptions == [another]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NONE])
async def test_every_affiliation_can_be_stored(store: AnyStore, role: Role) -> None:
    affiliation = Affiliation("news", "a@example.com", role)
    changes = Changes(
        nodes={"news": Node("news", False)}, affiliations={("news", "a@example.com"): affiliation}
    )
    await store.commit(changes)
    assert (await store.load()).affiliations == [affiliation]
