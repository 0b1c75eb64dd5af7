"""May this entity do this? One table answers (XEP-0060 §4.1 and §4.5)."""

from collections.abc import Mapping
from enum import Enum, auto

from component.pubsub.configuration import AccessModel, PublishModel
from component.pubsub.errors import (
    ClosedNodeError,
    ForbiddenError,
    PresenceRequiredError,
    SubscriptionRequiredError,
)
from component.pubsub.model import Role


class Action(Enum):
    """What an entity may want to do with a node."""

    SUBSCRIBE = auto()
    """Subscribe, if only after approval."""
    RETRIEVE = auto()
    """Retrieve items as a subscriber."""
    RETRIEVE_UNSUBSCRIBED = auto()
    """Retrieve items without being subscribed."""


ANYTHING = frozenset(Action)
AS_SUBSCRIBER = frozenset({Action.SUBSCRIBE, Action.RETRIEVE})
NOTHING: frozenset[Action] = frozenset()

PERMITTED: Mapping[AccessModel, Mapping[Role, frozenset[Action]]] = {
    AccessModel.OPEN: {
        Role.OWNER: ANYTHING,
        Role.PUBLISHER: ANYTHING,
        Role.PUBLISH_ONLY: NOTHING,
        Role.MEMBER: ANYTHING,
        Role.NONE: ANYTHING,
        Role.OUTCAST: NOTHING,
    },
    AccessModel.PRESENCE: {
        Role.OWNER: ANYTHING,
        Role.PUBLISHER: ANYTHING,
        Role.PUBLISH_ONLY: NOTHING,
        Role.MEMBER: NOTHING,
        Role.NONE: NOTHING,
        Role.OUTCAST: NOTHING,
    },
    AccessModel.AUTHORIZE: {
        Role.OWNER: ANYTHING,
        Role.PUBLISHER: ANYTHING,
        Role.PUBLISH_ONLY: NOTHING,
        Role.MEMBER: AS_SUBSCRIBER,
        Role.NONE: AS_SUBSCRIBER,
        Role.OUTCAST: NOTHING,
    },
    AccessModel.WHITELIST: {
        Role.OWNER: ANYTHING,
        Role.PUBLISHER: ANYTHING,
        Role.PUBLISH_ONLY: NOTHING,
        Role.MEMBER: AS_SUBSCRIBER,
        Role.NONE: NOTHING,
        Role.OUTCAST: NOTHING,
    },
}
"""Owners and publishers retrieve without a subscription (§12.12), others of a node that is not
open do not (§6.5.1)."""

PUBLISHERS = frozenset({Role.OWNER, Role.PUBLISHER, Role.PUBLISH_ONLY})


CONTACTS = frozenset({Role.MEMBER, Role.NONE})
"""Whom a subscription to presence helps."""


def permits(model: AccessModel, role: Role, action: Action, *, is_contact: bool = False) -> bool:
    """Tell whether an entity in this role may do this with a node of this access model.

    `is_contact` is whether the entity sees the presence of the node's account.
    """
    if model is AccessModel.PRESENCE and is_contact and role in CONTACTS:
        return True
    return action in PERMITTED[model][role]


def check(model: AccessModel, role: Role, action: Action, *, is_contact: bool = False) -> None:
    """Raise the error that says why the action is not permitted, if it is not.

    `ForbiddenError` for outcasts (§6.1.3.8) and those who only publish,
    `SubscriptionRequiredError` for those who need only subscribe (§6.5.9.3),
    `PresenceRequiredError` for those who need only be contacts (§6.1.3.2), `ClosedNodeError` for
    all others (§6.1.3.4).
    """
    if permits(model, role, action, is_contact=is_contact):
        return
    if role in (Role.OUTCAST, Role.PUBLISH_ONLY):
        raise ForbiddenError
    if model is AccessModel.PRESENCE:
        raise PresenceRequiredError
    if action is Action.RETRIEVE_UNSUBSCRIBED and permits(model, role, Action.RETRIEVE):
        raise SubscriptionRequiredError
    raise ClosedNodeError


def needs_approval(model: AccessModel, role: Role) -> bool:
    """Tell whether a subscription has to be approved by an owner (§4.5)."""
    return model is AccessModel.AUTHORIZE and role is Role.NONE


def may_publish(model: PublishModel, role: Role, *, subscribed: bool) -> bool:
    """Tell whether an entity may publish (pubsub#publish_model)."""
    if role is Role.OUTCAST:
        return False
    if role in PUBLISHERS or model is PublishModel.OPEN:
        return True
    return model is PublishModel.SUBSCRIBERS and subscribed
