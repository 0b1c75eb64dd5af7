"""What the publish-subscribe rules refuse. A refused operation changes nothing.

PubSubError
├── AddressNotFoundError
├── NodeNotFoundError
├── NodeRequiredError
├── ForbiddenError
├── ClosedNodeError
├── SubscriptionRequiredError
├── NotSubscribedError
├── InvalidSubidError
├── JidMismatchError
├── PageNotFoundError
└── UnsupportedError

The docstring is what the peer is told; `component.handlers.errors` has the XMPP condition of each.
"""


class PubSubError(Exception):
    """The request does not fit the state of the service."""

    def __init__(self) -> None:
        super().__init__(self.explanation())

    @classmethod
    def explanation(cls) -> str:
        """Return the reason in a sentence that contains nothing of the request."""
        return (cls.__doc__ or "").strip()


class AddressNotFoundError(PubSubError):
    """There is nothing at this address."""


class NodeNotFoundError(PubSubError):
    """There is no such node at this address."""


class NodeRequiredError(PubSubError):
    """This address hosts many nodes: name one."""


class ForbiddenError(PubSubError):
    """You may not do this."""


class ClosedNodeError(PubSubError):
    """You are not on the whitelist of this node."""


class SubscriptionRequiredError(PubSubError):
    """Subscribe first: this node shows its items only to subscribers."""


class NotSubscribedError(PubSubError):
    """There is no such subscription."""


class InvalidSubidError(PubSubError):
    """There is no subscription with this subscription identifier."""


class JidMismatchError(PubSubError):
    """The JID to subscribe is not yours."""


class PageNotFoundError(PubSubError):
    """There is no such page: what it should begin or end at does not exist."""


class UnsupportedError(PubSubError):
    """This is not implemented."""

    def __init__(self, feature: str) -> None:
        super().__init__()
        self.feature = feature
        """The feature's name in XEP-0060 §10."""
