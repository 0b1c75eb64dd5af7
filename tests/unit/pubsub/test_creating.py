"""Who may create nodes, and how: the operator's policy (§7.1.4, §8.1)."""

import pytest

from component.pubsub.configuration import AccessModel, Configuration
from component.pubsub.errors import (
    ForbiddenError,
    NodeNotFoundError,
    NodeRequiredError,
    NotAllowedError,
    PayloadRequiredError,
    PreconditionError,
    TooManyNodesError,
)
from component.pubsub.model import Role
from component.pubsub.policy import MAX_NODES, Creators, Policy
from component.pubsub.publishing import Draft
from component.pubsub.service import Request
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN, NOW, STRANGER, Provisioned

pytestmark = pytest.mark.unit

EVERYONE = Policy(Creators.EVERYONE)
AUTOMATIC = Policy(Creators.EVERYONE, auto_create=True)


def create(service: Provisioned, actor: str, name: str = "blog", address: str = DOMAIN) -> None:
    request = Request(actor, address, name)
    service.do(lambda pubsub: pubsub.create(request, name, Configuration()))


def publish(
    service: Provisioned,
    actor: str,
    node: str | None = "blog",
    payload: str = "<x/>",
    **wanted: object,
) -> None:
    request = Request(actor, DOMAIN, node)
    service.do(
        lambda pubsub: pubsub.publish_for(request, [Draft("a", payload)], wanted, lambda: "i", NOW)
    )


def test_administrators_create_nodes_and_nobody_else_unless_configured() -> None:
    service = Provisioned()
    create(service, ADMIN)
    with pytest.raises(ForbiddenError):
        create(service, STRANGER, "other")


def test_everyone_may_if_configured_and_owns_what_they_create() -> None:
    service = Provisioned(policy=EVERYONE)
    create(service, f"{STRANGER}/desk")
    request = Request(STRANGER, DOMAIN, "blog")
    assert service.pubsub.affiliations_at(request)[STRANGER] is Role.OWNER


@pytest.mark.parametrize(
    "name",
    [
        "ext",
        "ext9",
        "ext1000x",
        "extra",
        "Ext1000",
        "EXT1000",
        "\uff45\uff58\uff541000",  # full width
        "e\u00adxt1000",  # with a soft hyphen
        "\u2147xt1000",  # an e of mathematics
    ],
)
@pytest.mark.parametrize("actor", [STRANGER, ADMIN])
def test_nobody_takes_the_name_of_an_extension_to_come(actor: str, name: str) -> None:
    service = Provisioned(policy=AUTOMATIC)
    with pytest.raises(NotAllowedError):
        create(service, actor, name)
    with pytest.raises(NotAllowedError):
        publish(service, actor, name)


def test_there_are_no_other_nodes_at_an_extensions_address() -> None:
    service = Provisioned(policy=EVERYONE)
    with pytest.raises(NotAllowedError):
        create(service, STRANGER, "blog", f"ext1000@{DOMAIN}")


def test_an_account_owns_so_many_nodes_and_an_administrator_any_number() -> None:
    service = Provisioned(policy=EVERYONE)
    for number in range(MAX_NODES):
        create(service, STRANGER, f"n{number}")
    with pytest.raises(TooManyNodesError):
        create(service, STRANGER, "more")
    for number in range(MAX_NODES + 1):
        create(service, ADMIN, f"a{number}")


def test_publishing_creates_the_node_if_configured() -> None:
    service = Provisioned(policy=AUTOMATIC)
    publish(service, STRANGER, access_model=AccessModel.WHITELIST, max_items=3)
    made = service.pubsub.nodes["blog"].config
    assert made == Configuration(access_model=AccessModel.WHITELIST, max_items=3)
    assert service.item_ids(STRANGER, "blog") == ["a"]
    publish(service, STRANGER, max_items=3)
    with pytest.raises(PreconditionError):
        publish(service, STRANGER, max_items=4)


@pytest.mark.parametrize("policy", [Policy(), EVERYONE])
def test_publishing_creates_nothing_by_default(policy: Policy) -> None:
    with pytest.raises(NodeNotFoundError):
        publish(Provisioned(policy=policy), STRANGER)


def test_publishing_creates_nothing_for_those_who_may_not() -> None:
    service = Provisioned(policy=Policy(auto_create=True))
    publish(service, ADMIN)
    with pytest.raises(ForbiddenError):
        publish(service, STRANGER, "other")


def test_what_cannot_be_published_creates_nothing() -> None:
    service = Provisioned(policy=AUTOMATIC)
    with pytest.raises(PayloadRequiredError):
        publish(service, STRANGER, payload="")
    with pytest.raises(NodeRequiredError):
        publish(service, STRANGER, None)
    assert "blog" not in service.pubsub.nodes
