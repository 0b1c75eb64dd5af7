"""Errors as XMPP says them: one table."""

from collections.abc import Mapping
from dataclasses import dataclass

from component.handlers.forms import AccessModelError, FormError
from component.handlers.namespaces import COMMANDS, PUBSUB_ERRORS, STANZAS
from component.handlers.stanza import (
    LANGUAGE,
    BadRequestError,
    CommandError,
    NotImplementedHereError,
    RefusedChangesError,
)
from component.markup import NOTHING, Markup, element, text
from component.operations.model import NotPermittedError
from component.ports import StoreRefusedError, StoreUnavailableError
from component.pubsub import errors


@dataclass(frozen=True, slots=True)
class Condition:
    """What an `<error/>` says: its type, the condition of RFC 6120 §8.3.3, and XEP-0060's own."""

    type: str
    name: str
    pubsub: str | None = None


BAD_REQUEST = Condition("modify", "bad-request")
FEATURE_NOT_IMPLEMENTED = Condition("cancel", "feature-not-implemented")
INTERNAL_SERVER_ERROR = Condition("cancel", "internal-server-error")
POLICY_VIOLATION = Condition("modify", "policy-violation")
RESOURCE_CONSTRAINT = Condition("wait", "resource-constraint")
SERVICE_UNAVAILABLE = Condition("cancel", "service-unavailable")

CONDITIONS: Mapping[type[Exception], Condition] = {
    errors.AddressNotFoundError: SERVICE_UNAVAILABLE,
    errors.NodeNotFoundError: Condition("cancel", "item-not-found"),
    errors.NodeMovedError: Condition("cancel", "gone"),
    errors.NodeRequiredError: Condition("modify", "bad-request", "nodeid-required"),
    errors.ForbiddenError: Condition("auth", "forbidden"),
    errors.ClosedNodeError: Condition("cancel", "not-allowed", "closed-node"),
    errors.SubscriptionRequiredError: Condition("auth", "not-authorized", "not-subscribed"),
    errors.PresenceRequiredError: Condition(
        "auth", "not-authorized", "presence-subscription-required"
    ),
    errors.NotSubscribedError: Condition("cancel", "unexpected-request", "not-subscribed"),
    errors.SubidRequiredError: Condition("modify", "bad-request", "subid-required"),
    errors.InvalidSubidError: Condition("modify", "not-acceptable", "invalid-subid"),
    errors.TooManySubscriptionsError: Condition(
        "wait", "policy-violation", "too-many-subscriptions"
    ),
    errors.FullError: Condition("wait", "resource-constraint"),
    errors.TooManyAffiliationsError: Condition("wait", "policy-violation"),
    errors.JidMismatchError: Condition("modify", "bad-request", "invalid-jid"),
    errors.PageNotFoundError: Condition("cancel", "item-not-found"),
    errors.NotAllowedError: Condition("cancel", "not-allowed"),
    errors.NodeExistsError: Condition("cancel", "conflict"),
    errors.TooManyNodesError: Condition("wait", "policy-violation", "max-nodes-exceeded"),
    errors.NotAcceptableError: Condition("modify", "not-acceptable"),
    errors.UnsupportedAccessModelError: Condition(
        "modify", "not-acceptable", "unsupported-access-model"
    ),
    errors.NameTooLongError: Condition("modify", "not-acceptable"),
    errors.NameNotPreparedError: Condition("modify", "not-acceptable"),
    errors.ItemNotFoundError: Condition("cancel", "item-not-found"),
    errors.ItemRequiredError: Condition("modify", "bad-request", "item-required"),
    errors.ItemForbiddenError: Condition("modify", "bad-request", "item-forbidden"),
    errors.PayloadRequiredError: Condition("modify", "bad-request", "payload-required"),
    errors.InvalidPayloadError: Condition("modify", "bad-request", "invalid-payload"),
    errors.PayloadTooBigError: Condition("modify", "not-acceptable", "payload-too-big"),
    errors.NodeFullError: Condition("cancel", "conflict", "node-full"),
    errors.MaxItemsExceededError: Condition("cancel", "not-allowed", "max-items-exceeded"),
    errors.PreconditionError: Condition("cancel", "conflict", "precondition-not-met"),
    errors.PendingError: Condition("auth", "not-authorized", "pending-subscription"),
    errors.LastOwnerError: Condition("modify", "not-acceptable"),
    errors.TransitionError: Condition("modify", "not-acceptable"),
    errors.InvalidOptionsError: Condition("modify", "bad-request", "invalid-options"),
    errors.UnsupportedError: Condition("cancel", "feature-not-implemented", "unsupported"),
    # What the database cannot hold, such as a JID of thousands of characters.
    StoreRefusedError: Condition("modify", "not-acceptable"),
    FormError: Condition("modify", "not-acceptable"),
    NotImplementedHereError: FEATURE_NOT_IMPLEMENTED,
    AccessModelError: Condition("modify", "not-acceptable", "unsupported-access-model"),
    NotPermittedError: Condition("cancel", "forbidden"),  # XEP-0050 §4.4
    # RFC 6120 §8.3.3.18: try again later. Nothing is wrong with the request, nor with us.
    StoreUnavailableError: RESOURCE_CONSTRAINT,
}

COMMAND_CONDITIONS: Mapping[str, Condition] = {
    "session-expired": Condition("cancel", "not-allowed"),
}
"""What stands beside a condition of XEP-0050 §4.4, where it is not bad-request."""


def error_markup(
    condition: Condition,
    explanation: str = "",
    feature: str | None = None,
    specific: Markup = NOTHING,
    instead: str = "",
) -> Markup:
    """Return the `<error/>` child of a stanza; `specific` is a condition of another XEP.

    `instead` is the URI to use instead of an address (RFC 6120 §8.3.3.5).
    """
    if condition.pubsub is not None:
        specific = element(condition.pubsub, {"xmlns": PUBSUB_ERRORS, "feature": feature})
    words = NOTHING
    if explanation:
        words = element("text", {"xmlns": STANZAS, "xml:lang": LANGUAGE}, text(explanation))
    return element(
        "error",
        {"type": condition.type},
        element(condition.name, {"xmlns": STANZAS}, text(instead)),
        words,
        specific,
    )


def known_error_markup(error: Exception) -> Markup | None:
    """Return the `<error/>` for what a handler raised, or None if that was not foreseen.

    What stands as it was after refused changes is put before it.
    """
    match error:
        case BadRequestError():
            condition = Condition(BAD_REQUEST.type, BAD_REQUEST.name, error.pubsub_condition)
            return error_markup(condition, str(error))
        case CommandError():
            specific = element(error.condition, {"xmlns": COMMANDS})
            condition = COMMAND_CONDITIONS.get(error.condition, BAD_REQUEST)
            return error_markup(condition, str(error), specific=specific)
        case NotPermittedError():
            return error_markup(CONDITIONS[type(error)], str(error))
        case RefusedChangesError():
            condition = CONDITIONS[type(error.reason)]
            return Markup(error.unchanged + error_markup(condition, str(error)))
        case errors.NodeMovedError():
            return error_markup(CONDITIONS[type(error)], str(error), instead=error.uri)
        case errors.UnsupportedError():
            return error_markup(CONDITIONS[type(error)], str(error), error.feature)
        case errors.PubSubError() | FormError() | NotImplementedHereError():
            return error_markup(CONDITIONS[type(error)], str(error))
        case StoreRefusedError():
            return error_markup(CONDITIONS[type(error)], "This cannot be stored.")
        case StoreUnavailableError():
            return error_markup(
                CONDITIONS[type(error)], "This cannot be done now: try again later."
            )
    return None
