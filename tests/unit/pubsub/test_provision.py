from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from component.pubsub.configuration import (
    MANAGED,
    AccessModel,
    Configuration,
    MessageType,
    NodeFull,
)
from component.pubsub.errors import AddressNotFoundError, ClosedNodeError, NodeNotFoundError
from component.pubsub.managing import Wish
from component.pubsub.model import (
    Affiliation,
    ItemsRetracted,
    Node,
    NodeDeleted,
    NodeEvent,
    Notification,
    Role,
    Subscription,
    SubscriptionEnded,
    SubscriptionState,
)
from component.pubsub.policy import DEFAULT_POLICY, Limits, Policy
from component.pubsub.service import Request
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.provisioned import (
    ACCOUNTS,
    ADMIN,
    AGENT,
    DOMAIN,
    EXTENSION,
    PRIVILEGED,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)

pytestmark = pytest.mark.unit


def ended(subscription: Subscription) -> Notification:
    """Return what a subscriber is told whose subscription is ended."""
    event, to = SubscriptionEnded(subscription), (subscription.jid,)
    return Notification(subscription.node, subscription.service, to, event, MessageType.NORMAL)


def test_each_extension_has_a_node_open_to_its_account() -> None:
    service = Provisioned({"1000": AGENT}, max_items=20)
    (made,), affiliations, *_ = service.contents()
    assert replace(made, created=None) == Node("ext1000", True, replace(MANAGED, max_items=20))
    assert affiliations == ()
    assert made.title == "Calls of extension 1000"
    roles = service.pubsub.affiliations_of(Request(AGENT, DOMAIN))
    assert roles == [Affiliation("ext1000", AGENT, Role.MEMBER)]


def test_an_extension_without_an_account_has_a_node_all_the_same() -> None:
    service = Provisioned({"1000": ""})
    assert "ext1000" in service.pubsub.nodes
    assert not service.pubsub.affiliations_of(Request("", DOMAIN))


def test_provisioning_again_writes_nothing() -> None:
    service = Provisioned()
    service.pubsub.provision(ACCOUNTS, 3)
    assert not list(service.pubsub.nodes.pending())
    assert not list(service.pubsub.affiliations.pending())


def test_a_new_account_takes_the_place_of_the_old_one() -> None:
    service = Provisioned({"1000": AGENT})
    subscription = service.subscribe(f"{AGENT}/desk")
    service.provision({"1000": STRANGER})

    assert not service.pubsub.subscriptions
    with pytest.raises(ClosedNodeError):
        service.subscribe(AGENT)
    service.subscribe(STRANGER)
    assert service.told == [ended(subscription)]


def test_a_supervisor_who_was_the_account_too_stays_subscribed() -> None:
    service = Provisioned({"1000": SUPERVISOR})
    service.subscribe(SUPERVISOR)
    service.provision({"1000": AGENT})
    assert len(service.pubsub.subscriptions) == 1


def test_whoever_is_no_longer_in_the_configuration_loses_the_subscription() -> None:
    before, after = Provisioned(), Provisioned()
    before.provision({"1000": STRANGER})
    before.subscribe(STRANGER)
    before.subscribe(SUPERVISOR)
    after.pubsub.load([], [], before.pubsub.subscriptions.values(), [])
    after.provision(ACCOUNTS)
    assert [s.jid for s in after.pubsub.subscriptions.values()] == [SUPERVISOR]


def test_one_whom_an_owner_has_put_off_waits_after_a_restart_too() -> None:
    before, after = News(), Provisioned()
    before.subscribe(AGENT)
    before.arrange(Wish(AGENT, SubscriptionState.PENDING), node="ext1000")
    after.load(before.contents())
    after.provision(ACCOUNTS)
    assert [s.active for s in after.pubsub.subscriptions.values()] == [False]
    assert not after.told


LET_IN: dict[str, Callable[[Provisioned], None]] = {
    "the extension's account": lambda service: service.do(lambda p: p.host("1000", STRANGER)),
    "a supervisor": lambda service: govern(service, PRIVILEGED | {STRANGER: Role.MEMBER}),
}


@pytest.mark.parametrize("let_in", LET_IN.values(), ids=LET_IN)
def test_who_waits_and_needs_approval_no_longer_is_let_in_unlike_who_is_put_off(
    let_in: Callable[[Provisioned], None],
) -> None:
    service = News()
    service.configure(node="ext1000", access_model=AccessModel.AUTHORIZE)
    for jid in (STRANGER, SUPERVISOR):
        service.subscribe(jid)
    service.arrange(Wish(SUPERVISOR, SubscriptionState.PENDING), node="ext1000")
    assert service.subscribers() == []
    let_in(service)
    assert service.subscribers() == [STRANGER]


def test_a_vanished_extension_takes_everything_with_it() -> None:
    service = Provisioned()
    service.subscribe(AGENT)
    service.publish("call-1")
    service.told.clear()
    service.provision({"2000": "user2@example.com"})

    assert [node.name for node in service.contents()[0]] == ["ext2000"]
    assert not any(service.contents()[2:])
    assert service.told == [Notification("ext1000", DOMAIN, (AGENT,), NodeDeleted())]
    with pytest.raises(NodeNotFoundError):
        service.subscribe(AGENT)


def test_nodes_that_are_not_managed_are_left_alone() -> None:
    service = Provisioned()
    news = Node("news", managed=False, config=Configuration("News"))
    service.pubsub.nodes.load("news", news)
    service.provision({})
    assert list(service.pubsub.nodes.values()) == [news]


def test_a_shorter_history_drops_the_oldest_items() -> None:
    service = Provisioned(max_items=3)
    service.subscribe(AGENT)
    for number in range(3):
        service.publish(f"call-{number}")
    service.provision(ACCOUNTS, max_items=1)
    assert service.item_ids(AGENT) == ["call-2"]


@pytest.mark.parametrize(
    ("full", "events"),
    [
        (NodeFull.DISCARD_OLDEST, []),
        (NodeFull.RETRACT_OLDEST, [ItemsRetracted(("call-0", "call-1"))]),
    ],
)
def test_a_shorter_history_is_told_if_the_node_says_so(
    full: NodeFull, events: list[NodeEvent]
) -> None:
    service = with_history(full)
    govern(service, max_items=1)
    assert [n.event for n in service.told] == events


def test_a_shorter_history_is_not_told_to_another_name_of_the_component() -> None:
    before, after = with_history(NodeFull.RETRACT_OLDEST, "old.example.com"), Provisioned()
    after.load(before.contents())
    after.provision(ACCOUNTS, max_items=1)
    assert len(after.pubsub.items) == 1
    assert not after.told, "nobody can be told from an address that is not ours"


def with_history(full: NodeFull, domain: str = DOMAIN) -> Provisioned:
    """A service whose extension keeps three calls, with a subscriber."""
    service = Provisioned(domain=domain)
    config = replace(service.pubsub.nodes["ext1000"].config, publish_node_full=full)
    request = Request(ADMIN, domain, "ext1000")
    service.do(lambda pubsub: pubsub.configure(request, config))
    service.subscribe(AGENT, service=domain)
    for number in range(3):
        service.publish(f"call-{number}")
    service.told.clear()
    return service


def test_subscriptions_made_under_another_name_of_the_component_are_forgotten() -> None:
    before, after = Provisioned(domain="old.example.com"), Provisioned()
    before.subscribe(AGENT, service="old.example.com")
    before.subscribe(AGENT, service="ext1000@old.example.com")
    after.pubsub.load([], [], before.pubsub.subscriptions.values(), [])
    after.subscribe(AGENT)
    after.provision(ACCOUNTS)
    assert [s.service for s in after.pubsub.subscriptions.values()] == [DOMAIN]
    assert not after.told, "nobody can be told from an address that is not ours"


def test_contacts_made_under_another_name_of_the_component_are_forgotten() -> None:
    before, after = Provisioned(domain="old.example.com"), Provisioned()
    before.add_contact(AGENT, "old.example.com")
    before.add_contact(AGENT, "ext1000@old.example.com")
    after.pubsub.load([], [], [], [], before.pubsub.contacts.values())
    after.add_contact(AGENT)
    after.presences.clear()
    after.provision(ACCOUNTS)
    assert [c.service for c in after.pubsub.contacts.values()] == [EXTENSION]
    assert {notice.service for notice in after.pubsub.shown()} == {EXTENSION}
    assert not after.presences, "nobody can be told from an address that is not ours"


def test_a_new_extension_gets_a_node_like_the_others() -> None:
    service = Provisioned({"1000": AGENT}, max_items=7)
    service.do(lambda pubsub: pubsub.host("2000", STRANGER))

    assert service.pubsub.nodes["ext2000"].config is service.pubsub.nodes["ext1000"].config
    service.subscribe(STRANGER, "ext2000")
    with pytest.raises(ClosedNodeError):
        service.subscribe(AGENT, "ext2000")


def test_an_extension_with_another_account_is_closed_to_the_old_one() -> None:
    service = Provisioned({"1000": AGENT, "2000": AGENT})
    subscription = service.subscribe(f"{AGENT}/desk")
    service.do(lambda pubsub: pubsub.host("1000", STRANGER))

    assert service.told == [ended(subscription)]
    assert service.pubsub.affiliations_of(Request(AGENT, DOMAIN)) == [
        Affiliation("ext2000", AGENT, Role.MEMBER)
    ]
    assert service.pubsub.affiliations_of(Request(STRANGER, DOMAIN)) == [
        Affiliation("ext1000", STRANGER, Role.MEMBER)
    ]


def test_the_node_of_an_extension_that_is_gone_is_gone_and_subscribers_are_told() -> None:
    service = Provisioned({"1000": AGENT})
    service.subscribe(AGENT)
    service.do(lambda pubsub: pubsub.drop("1000"))

    assert service.told == [Notification("ext1000", DOMAIN, (AGENT,), NodeDeleted())]
    assert not any(service.contents())
    assert not service.pubsub.affiliations_of(Request(AGENT, DOMAIN))


def test_those_who_wait_for_approval_are_told_that_the_node_is_gone() -> None:
    service = Provisioned({"1000": AGENT})
    authorize = replace(MANAGED, access_model=AccessModel.AUTHORIZE, max_items=3)
    service.do(lambda pubsub: pubsub.configure(Request(ADMIN, DOMAIN, "ext1000"), authorize))
    service.subscribe(STRANGER)
    service.told.clear()
    service.do(lambda pubsub: pubsub.drop("1000"))

    assert service.told == [Notification("ext1000", DOMAIN, (STRANGER,), NodeDeleted())]


def test_an_account_that_was_given_in_vain_is_taken_back() -> None:
    service = Provisioned({"1000": AGENT})
    service.pubsub.host("1000", STRANGER)
    service.ledger.rollback()

    assert service.pubsub.affiliations_of(Request(AGENT, DOMAIN)) == [
        Affiliation("ext1000", AGENT, Role.MEMBER)
    ]
    assert not service.pubsub.affiliations_of(Request(STRANGER, DOMAIN))


def test_an_extension_with_capitals_is_found_at_its_address() -> None:
    service = Provisioned({"Sales": AGENT, "support": AGENT})
    own_address = f"extsales@{DOMAIN}"
    assert service.subscribe(AGENT, None, own_address).node == "extSales"
    service.publish("call-1", node="extSales")
    assert [n.service for n in service.told] == [own_address]
    assert service.item_ids(AGENT, None, own_address) == ["call-1"]
    service.provision({"support": AGENT})
    with pytest.raises(AddressNotFoundError):
        service.item_ids(AGENT, None, own_address)


def govern(
    service: Provisioned,
    privileged: Mapping[str, Role] = PRIVILEGED,
    policy: Policy = DEFAULT_POLICY,
    max_items: int = 3,
) -> None:
    service.do(lambda pubsub: pubsub.govern(privileged, policy, max_items))


def test_who_is_a_supervisor_no_longer_loses_the_subscription_and_is_told() -> None:
    service = Provisioned()
    subscription = service.subscribe(f"{SUPERVISOR}/desk")
    kept = service.subscribe(AGENT)
    govern(service, {ADMIN: Role.OWNER, STRANGER: Role.MEMBER})

    assert list(service.pubsub.subscriptions.values()) == [kept]
    assert service.told == [ended(subscription)]
    with pytest.raises(ClosedNodeError):
        service.subscribe(SUPERVISOR)
    service.subscribe(STRANGER)


def test_what_the_configuration_gives_is_given_back_if_it_cannot_be_stored() -> None:
    service = Provisioned()
    mark = service.ledger.mark()
    service.pubsub.govern({}, Policy(limits=Limits(1, 1, 1)), 1)
    service.ledger.rollback(mark)
    service.subscribe(SUPERVISOR)
    assert service.pubsub.nodes["ext1000"].config.max_items == 3


def test_the_history_that_is_kept_changes_at_every_extension() -> None:
    service = Provisioned()
    govern(service, max_items=1)
    assert {node.config.max_items for node in service.pubsub.nodes.values()} == {1}


def test_nothing_is_written_if_nothing_changes() -> None:
    service = Provisioned()
    govern(service)
    assert not list(service.pubsub.nodes.pending())
