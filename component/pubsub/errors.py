"""What the publish-subscribe rules refuse. A refused operation changes nothing.

The docstring of each is what the peer is told; `component.handlers.errors` has its XMPP condition.
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


class NodeMovedError(PubSubError):
    """The node has moved: it is where this error says."""

    def __init__(self, uri: str) -> None:
        super().__init__()
        self.uri = uri


class NodeRequiredError(PubSubError):
    """This address hosts many nodes: name one."""


class ForbiddenError(PubSubError):
    """You may not do this."""


class ClosedNodeError(PubSubError):
    """You are not on the whitelist of this node."""


class SubscriptionRequiredError(PubSubError):
    """Subscribe first: this node shows its items only to subscribers."""


class PresenceRequiredError(PubSubError):
    """Add the address to your contacts first: this node is for those who see its presence."""


class NotSubscribedError(PubSubError):
    """There is no such subscription."""


class SubidRequiredError(PubSubError):
    """There are several subscriptions of this JID: say which one by its identifier."""


class TooManySubscriptionsError(PubSubError):
    """This JID, or its account, has as many subscriptions as it may have."""


class FullError(PubSubError):
    """There are as many of these as there may be, of your domain or of all: come again later."""


class TooManyAffiliationsError(PubSubError):
    """The node has as many affiliations as it may have."""


class InvalidSubidError(PubSubError):
    """There is no subscription with this subscription identifier."""


class JidMismatchError(PubSubError):
    """The JID to subscribe is not yours."""


class PageNotFoundError(PubSubError):
    """There is no such page: what it should begin or end at does not exist."""


class NotAllowedError(PubSubError):
    """This belongs to the service."""


class NodeExistsError(PubSubError):
    """There is a node of this name already."""


class TooManyNodesError(PubSubError):
    """You own as many nodes as an account may."""


class NotAcceptableError(PubSubError):
    """The node cannot be configured like this."""


class UnsupportedAccessModelError(PubSubError):
    """Only the node of an address can be for those who see its presence."""


class NameTooLongError(PubSubError):
    """Names have at most 255 characters."""


class NameNotPreparedError(PubSubError):
    """A name has no hidden characters and no compatibility forms: see Resourceprep, RFC 3920."""


class ItemNotFoundError(PubSubError):
    """There is no such item."""


class ItemRequiredError(PubSubError):
    """Name an item."""


class ItemForbiddenError(PubSubError):
    """This node has no items: publish without one."""


class PayloadRequiredError(PubSubError):
    """The item needs a payload."""


class InvalidPayloadError(PubSubError):
    """The payload is in another namespace than those of the node."""


class PayloadTooBigError(PubSubError):
    """The payload is larger than the node takes."""


class NodeFullError(PubSubError):
    """The node keeps no more items: retract some first."""


class MaxItemsExceededError(PubSubError):
    """These are more items at once than the node keeps."""


class PreconditionError(PubSubError):
    """The node is not configured like this."""


class PendingError(PubSubError):
    """An owner has yet to approve the subscription."""


class LastOwnerError(PubSubError):
    """A node must keep an owner."""


class TransitionError(PubSubError):
    """Take this affiliation away first: it cannot become the other at once."""


class InvalidOptionsError(PubSubError):
    """Such a subscription would have ended already."""


class UnsupportedError(PubSubError):
    """This is not implemented."""

    def __init__(self, feature: str) -> None:
        super().__init__()
        self.feature = feature
        """The feature's name in XEP-0060 §10."""
