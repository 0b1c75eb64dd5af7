"""What the families have in common: the request as they get it, and what they are given to act."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from xml.etree import ElementTree as ET

from component.handlers.namespaces import STANZAS
from component.markup import Markup
from component.pubsub.errors import PubSubError
from component.pubsub.model import Item
from component.pubsub.service import PubSub

T = TypeVar("T")

LANGUAGE = "en"
"""Of what is written for people: stanzas say so (RFC 6120 §8.1.5)."""

GONE = frozenset({"gone", "item-not-found", "jid-malformed", "remote-server-not-found"})
"""What a server says of an address that is of no use any more."""

PASSING = frozenset(
    {
        "bad-request",
        "internal-server-error",
        "not-acceptable",
        "redirect",
        "remote-server-timeout",
        "resource-constraint",
        "service-unavailable",
        "undefined-condition",
    }
)
"""With these a message may come back, though later ones need not. `service-unavailable` is how a
user is who has gone home."""


class Engine(Protocol):
    """Where the rules of publish-subscribe are run, one operation at a time."""

    async def pubsub(
        self, operation: Callable[[PubSub, datetime], T], *, patient: bool = False
    ) -> T:
        """Run an operation; return its result once what it changed is committed.

        A `patient` one waits for that as long as it takes: for what has happened in any case.
        Raises the operation's `PubSubError`, or `StoreUnavailableError`.
        """
        ...

    async def whole(self, items: Sequence[Item]) -> list[Item]:
        """Return items with their payloads, without those that are not as they were any more.

        Raises `StoreUnavailableError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class IqRequest:
    """An IQ of type get or set, with its one child."""

    type: str
    sender: str
    """The full JID that asks."""
    address: str
    """Which address of ours is asked."""
    child: ET.Element


Route = tuple[str, str]
"""(the type of the IQ, the qualified name of its child as ElementTree writes it)"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a result contains, and the messages that come before it."""

    content: Markup
    messages: tuple[Markup, ...]
    """What each contains."""


Handler = Callable[[IqRequest], Awaitable[Markup | Answer]]
"""Returns what the result contains. What it raises, `component.handlers.errors` translates."""

Routes = Mapping[Route, Handler]


class BadRequestError(Exception):
    """The request is not understood: it does not follow its specification."""

    def __init__(self, explanation: str, pubsub_condition: str | None = None) -> None:
        super().__init__(explanation)
        self.pubsub_condition = pubsub_condition
        """The condition that XEP-0060 adds to bad-request, if it has one for this."""


class CommandError(Exception):
    """An ad-hoc command is not carried out."""

    def __init__(self, explanation: str, condition: str) -> None:
        super().__init__(explanation)
        self.condition = condition
        """The one of XEP-0050 §4.4."""


class NotImplementedHereError(Exception):
    """The request is understood, and is for something that there is not."""


class RefusedChangesError(Exception):
    """A list of changes was refused as a whole: how things stand goes with the error (§8.8.2.4)."""

    def __init__(self, reason: PubSubError, unchanged: Markup) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.unchanged = unchanged
        """The list as it is."""


async def check_address(engine: Engine, domain: str, address: str) -> None:
    """Raise `AddressNotFoundError` unless there is something at this address.

    At the component's own domain there always is, even while the engine waits for its database.
    """
    if address != domain:
        await engine.pubsub(lambda pubsub, _: pubsub.check_address(address))


async def read_whole(
    engine: Engine,
    operation: Callable[[PubSub, datetime], T],
    items_of: Callable[[T], Sequence[Item]],
) -> tuple[T, list[Item]]:
    """Run an operation that finds items; return its result, and these items with their payloads.

    If any was replaced before its payload was read, the operation is run again. What cannot be
    found then either, because somebody else has deleted it from the database, is left out.
    """
    found = await engine.pubsub(operation)
    items = await engine.whole(items_of(found))
    if len(items) < len(items_of(found)):
        found = await engine.pubsub(operation)
        items = await engine.whole(items_of(found))
    return found, items


def qualified(namespace: str, name: str) -> str:
    """Return a name as ElementTree writes it."""
    return f"{{{namespace}}}{name}"


def split_name(tag: str) -> tuple[str, str]:
    """Return namespace and local name of an element's tag."""
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)


def own_text(stanza: ET.Element, name: str) -> str:
    """Return the text of a child that is the stanza's own, not an extension's; empty if none."""
    return stanza.findtext(qualified(split_name(stanza.tag)[0], name), "")


def is_gone(bounced: ET.Element) -> bool:
    """Tell whether a stanza came back because the address is gone for good."""
    type_, conditions = _reason(bounced)
    return type_ != "wait" and not conditions.isdisjoint(GONE)


def is_unwanted(bounced: ET.Element) -> bool:
    """Tell whether a message came back as all that follow would (XEP-0060 §12.4)."""
    type_, conditions = _reason(bounced)
    is_final = type_ == "cancel" and bool(conditions) and conditions.isdisjoint(PASSING)
    return is_final or is_gone(bounced)


def _reason(bounced: ET.Element) -> tuple[str, set[str]]:
    """Return the type of an error, and its conditions of RFC 6120 §8.3.3."""
    error = bounced.find("{*}error")
    if error is None:
        return "", set()
    names = (split_name(child.tag) for child in error)
    return error.get("type", ""), {name for namespace, name in names if namespace == STANZAS}
