"""May this entity do this? One table answers (XEP-0060 §4.1 and §4.5)."""

from collections.abc import Mapping
from enum import Enum, auto

from component.pubsub.errors import ClosedNodeError, ForbiddenError, SubscriptionRequiredError
from component.pubsub.model import AccessModel, Role


class Action(Enum):
    """What an entity may want to do with a node."""

    SUBSCRIBE = auto()
    RETRIEVE = auto()
    """Retrieve items as a subscriber."""
    RETRIEVE_UNSUBSCRIBED = auto()
    """Retrieve items without being subscribed."""


ANYTHING = frozenset(Action)

PERMITTED: Mapping[AccessModel, Mapping[Role, frozenset[Action]]] = {
    AccessModel.OPEN: {
        Role.OWNER: ANYTHING,
        Role.PUBLISHER: ANYTHING,
        Role.MEMBER: ANYTHING,
        Role.NONE: ANYTHING,
        Role.OUTCAST: frozenset(),
    },
    AccessModel.WHITELIST: {
        Role.OWNER: ANYTHING,
        Role.PUBLISHER: ANYTHING,
        Role.MEMBER: frozenset({Action.SUBSCRIBE, Action.RETRIEVE}),
        Role.NONE: frozenset(),
        Role.OUTCAST: frozenset(),
    },
}
"""Owners and publishers retrieve without a subscription (§12.10), others of a whitelist do not
(§6.5.1)."""


def permits(model: AccessModel, role: Role, action: Action) -> bool:
    """Tell whether an entity in this role may do this with a node of this access model."""
    return action in PERMITTED[model][role]


def check(model: AccessModel, role: Role, action: Action) -> None:
    """Raise the error that says why the action is not permitted, if it is not.

    `ForbiddenError` for outcasts (§6.1.3.8), `SubscriptionRequiredError` for those who need only
    subscribe (§6.5.9.3), `ClosedNodeError` for all others (§6.1.3.4).
    """
    if permits(model, role, action):
        return
    if role is Role.OUTCAST:
        raise ForbiddenError
    if action is Action.RETRIEVE_UNSUBSCRIBED and permits(model, role, Action.RETRIEVE):
        raise SubscriptionRequiredError
    raise ClosedNodeError
