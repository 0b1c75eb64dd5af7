import pytest

from component.pubsub.access import PERMITTED, Action, check, permits
from component.pubsub.configuration import AccessModel
from component.pubsub.errors import ClosedNodeError, ForbiddenError, SubscriptionRequiredError
from component.pubsub.model import Role

pytestmark = pytest.mark.unit


def test_the_table_has_an_answer_for_every_role_at_every_kind_of_node() -> None:
    assert set(PERMITTED) == set(AccessModel)
    assert all(set(roles) == set(Role) for roles in PERMITTED.values())


@pytest.mark.parametrize("model", AccessModel)
@pytest.mark.parametrize("action", Action)
def test_an_outcast_may_do_nothing(model: AccessModel, action: Action) -> None:
    with pytest.raises(ForbiddenError):
        check(model, Role.OUTCAST, action)


@pytest.mark.parametrize("model", AccessModel)
@pytest.mark.parametrize("role", [Role.OWNER, Role.PUBLISHER])
def test_owners_and_publishers_need_no_subscription(model: AccessModel, role: Role) -> None:
    assert all(permits(model, role, action) for action in Action)


def test_anybody_may_use_an_open_node() -> None:
    assert all(permits(AccessModel.OPEN, Role.NONE, action) for action in Action)


@pytest.mark.parametrize("action", Action)
def test_who_is_not_on_the_whitelist_is_told_so(action: Action) -> None:
    with pytest.raises(ClosedNodeError):
        check(AccessModel.WHITELIST, Role.NONE, action)


def test_a_member_of_a_whitelist_subscribes_before_retrieving() -> None:
    check(AccessModel.WHITELIST, Role.MEMBER, Action.SUBSCRIBE)
    check(AccessModel.WHITELIST, Role.MEMBER, Action.RETRIEVE)
    with pytest.raises(SubscriptionRequiredError):
        check(AccessModel.WHITELIST, Role.MEMBER, Action.RETRIEVE_UNSUBSCRIBED)
