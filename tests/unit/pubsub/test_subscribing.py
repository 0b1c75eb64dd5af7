import pytest

from component.pubsub.errors import (
    AddressNotFoundError,
    ClosedNodeError,
    ForbiddenError,
    InvalidSubidError,
    JidMismatchError,
    NodeNotFoundError,
    NodeRequiredError,
    NotSubscribedError,
)
from component.pubsub.model import Affiliation, Role, Subscription
from component.pubsub.service import Request
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    NOW,
    STRANGER,
    SUPERVISOR,
    Provisioned,
)

pytestmark = pytest.mark.unit

OWN_ADDRESS = f"ext1000@{DOMAIN}"


@pytest.fixture
def service() -> Provisioned:
    return Provisioned()


@pytest.mark.parametrize("account", [AGENT, SUPERVISOR, ADMIN])
def test_the_linked_account_supervisors_and_admins_may_subscribe(
    service: Provisioned, account: str
) -> None:
    subscription = service.subscribe(account)
    assert subscription == Subscription("ext1000", DOMAIN, account, "sub-1", NOW)


@pytest.mark.parametrize("account", [STRANGER, "user2@example.com", "example.com"])
def test_nobody_else_may(service: Provisioned, account: str) -> None:
    with pytest.raises(ClosedNodeError):
        service.subscribe(account)


def test_an_outcast_is_forbidden_to_subscribe(service: Provisioned) -> None:
    outcast = Affiliation("ext1000", SUPERVISOR, Role.OUTCAST)
    service.pubsub.affiliations.load(("ext1000", SUPERVISOR), outcast)
    with pytest.raises(ForbiddenError):
        service.subscribe(SUPERVISOR)


def test_an_admin_cannot_be_cast_out_of_a_managed_node(service: Provisioned) -> None:
    outcast = Affiliation("ext1000", ADMIN, Role.OUTCAST)
    service.pubsub.affiliations.load(("ext1000", ADMIN), outcast)
    service.subscribe(ADMIN)


def test_rights_are_those_of_the_bare_jid(service: Provisioned) -> None:
    assert service.subscribe(f"{AGENT}/desk").jid == f"{AGENT}/desk"


def test_a_bare_and_a_full_jid_are_two_subscribers(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.subscribe(f"{AGENT}/desk")
    assert len(service.pubsub.subscriptions) == 2


def test_one_cannot_subscribe_somebody_else(service: Provisioned) -> None:
    request = Request(f"{AGENT}/desk", DOMAIN, "ext1000")
    with pytest.raises(JidMismatchError):
        service.do(lambda pubsub: pubsub.subscribe(request, "user2@example.com", "sub-1", NOW))


def test_subscribing_again_returns_what_there_is(service: Provisioned) -> None:
    first = service.subscribe(AGENT, subid="sub-1")
    assert service.subscribe(AGENT, subid="sub-2") == first


def test_an_extension_needs_no_node_name_at_its_own_address(service: Provisioned) -> None:
    subscription = service.subscribe(AGENT, node=None, service=OWN_ADDRESS)
    assert (subscription.node, subscription.service) == ("ext1000", OWN_ADDRESS)
    assert service.subscribe(AGENT, node="ext1000", service=OWN_ADDRESS) == subscription


def test_subscriptions_at_both_addresses_stand_side_by_side(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.subscribe(AGENT, service=OWN_ADDRESS)
    service.unsubscribe(AGENT)
    assert [s.service for s in service.pubsub.subscriptions.values()] == [OWN_ADDRESS]


def test_the_domain_hosts_many_nodes_so_one_must_be_named(service: Provisioned) -> None:
    with pytest.raises(NodeRequiredError):
        service.subscribe(AGENT, node=None)


@pytest.mark.parametrize(
    ("address", "node"), [(DOMAIN, "ext9999"), (OWN_ADDRESS, "ext2000"), (OWN_ADDRESS, "")]
)
def test_a_node_that_the_address_does_not_host_is_not_found(
    service: Provisioned, address: str, node: str
) -> None:
    with pytest.raises(NodeNotFoundError):
        service.subscribe(AGENT, node=node, service=address)


@pytest.mark.parametrize(
    "address", [f"ext9999@{DOMAIN}", f"{OWN_ADDRESS}/desk", f"{DOMAIN}/desk", "ext1000@example.com"]
)
def test_there_is_nothing_at_other_addresses(service: Provisioned, address: str) -> None:
    with pytest.raises(AddressNotFoundError):
        service.subscribe(AGENT, service=address)


def test_who_unsubscribes_is_told_of_nothing_more(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.unsubscribe(AGENT)
    service.publish("call-1")
    assert not service.told


def test_only_an_existing_subscription_can_be_ended(service: Provisioned) -> None:
    service.subscribe(f"{AGENT}/desk")
    with pytest.raises(NotSubscribedError):
        service.unsubscribe(AGENT)


def test_nobody_ends_the_subscription_of_somebody_else(service: Provisioned) -> None:
    service.subscribe(AGENT)
    request = Request(SUPERVISOR, DOMAIN, "ext1000")
    with pytest.raises(ForbiddenError):
        service.do(lambda pubsub: pubsub.unsubscribe(request, AGENT, None))


def test_a_subid_that_is_given_must_be_right(service: Provisioned) -> None:
    service.subscribe(AGENT, subid="right")
    request = Request(AGENT, DOMAIN, "ext1000")
    with pytest.raises(InvalidSubidError):
        service.do(lambda pubsub: pubsub.unsubscribe(request, AGENT, "wrong"))
    service.do(lambda pubsub: pubsub.unsubscribe(request, AGENT, "right"))
    assert not service.pubsub.subscriptions


def test_one_sees_the_subscriptions_of_all_own_jids_at_the_address(service: Provisioned) -> None:
    service.subscribe(AGENT)
    service.subscribe(f"{AGENT}/desk")
    service.subscribe(AGENT, service=OWN_ADDRESS)
    service.subscribe(SUPERVISOR)
    found = service.pubsub.subscriptions_of(Request(f"{AGENT}/phone", DOMAIN))
    assert {s.jid for s in found} == {AGENT, f"{AGENT}/desk"}


def test_a_node_filters_the_subscriptions(service: Provisioned) -> None:
    service.subscribe(SUPERVISOR, node="ext1000")
    service.subscribe(SUPERVISOR, node="ext2000")
    found = service.pubsub.subscriptions_of(Request(SUPERVISOR, DOMAIN, "ext2000"))
    assert [s.node for s in found] == ["ext2000"]
    with pytest.raises(NodeNotFoundError):
        service.pubsub.subscriptions_of(Request(SUPERVISOR, DOMAIN, "ext9999"))


def roles(service: Provisioned, account: str, address: str = DOMAIN) -> dict[str, Role]:
    found = service.pubsub.affiliations_of(Request(account, address))
    return {affiliation.node: affiliation.role for affiliation in found}


def test_one_sees_ones_own_affiliations(service: Provisioned) -> None:
    assert roles(service, AGENT) == {"ext1000": Role.MEMBER}
    assert roles(service, STRANGER) == {}
    assert roles(service, ADMIN) == dict.fromkeys(["ext1000", "ext2000", "ext3000"], Role.OWNER)


def test_at_an_extensions_address_there_is_only_its_node(service: Provisioned) -> None:
    assert roles(service, SUPERVISOR, OWN_ADDRESS) == {"ext1000": Role.MEMBER}
    assert roles(service, "user2@example.com", OWN_ADDRESS) == {}


def test_an_outcast_sees_being_one(service: Provisioned) -> None:
    outcast = Affiliation("ext2000", AGENT, Role.OUTCAST)
    service.pubsub.affiliations.load(("ext2000", AGENT), outcast)
    assert roles(service, AGENT) == {"ext1000": Role.MEMBER, "ext2000": Role.OUTCAST}
