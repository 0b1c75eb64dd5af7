"""Every stanza that comes in, and what is said to it.

Requests go to the handler of their kind; whatever cannot be handled is answered by the error that
RFC 6120 and RFC 6121 prescribe, never by silence. Errors and results are never answered.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeVar
from xml.etree import ElementTree as ET

import structlog

from component.handlers import (
    archive,
    caps,
    forms,
    notify,
    pending,
    ping,
    rsm,
    times,
    vcard,
    version,
)
from component.handlers.archive import ArchiveHandlers
from component.handlers.caps import Capabilities
from component.handlers.chat import ChatHandlers
from component.handlers.commands import CommandHandlers
from component.handlers.disco import DiscoHandlers
from component.handlers.errors import (
    BAD_REQUEST,
    INTERNAL_SERVER_ERROR,
    POLICY_VIOLATION,
    RESOURCE_CONSTRAINT,
    SERVICE_UNAVAILABLE,
    Condition,
    error_markup,
    known_error_markup,
)
from component.handlers.messages import MessageHandlers
from component.handlers.operation_commands import OperationCommands
from component.handlers.pending import PendingCommand
from component.handlers.ping import PingHandlers
from component.handlers.presence import PresenceHandlers, presence_markup
from component.handlers.pubsub import PubSubHandlers
from component.handlers.stanza import (
    LANGUAGE,
    Answer,
    Engine,
    IqRequest,
    Routes,
    own_text,
    split_name,
)
from component.handlers.times import TimeHandlers
from component.handlers.vcard import PHOTO_HASH, VCardHandlers
from component.handlers.version import VersionHandlers
from component.markup import MAX_STANZA, NOTHING, Markup, element, flaw, quoted, text
from component.operations.desk import Desk
from component.operations.rights import Staff
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.presence import PresenceNotice

log = structlog.get_logger(__name__)

MAX_ID = MAX_STANZA - 20_000
"""Bytes of a stanza's id, as it is written in the answer: with addresses of any length, and why it
is refused, that is a stanza still. What users send does not come near, as servers limit it; other
servers may."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Failure:
    """What the peer is told of what went wrong."""

    error: Markup


async def _attempt(stanza: ET.Element, work: Awaitable[T]) -> T | _Failure:
    """Do what a stanza asks for. What is not foreseen is logged, and not shown."""
    try:
        return await work
    except Exception as error:
        known = known_error_markup(error)
        if known is None:
            log.exception("stanza could not be handled", kind=stanza.tag)
        return _Failure(known or error_markup(INTERNAL_SERVER_ERROR))


class Dispatcher:
    """Answers stanzas, one at a time and independently of one another."""

    def __init__(
        self,
        routes: Routes,
        messages: MessageHandlers,
        presence: PresenceHandlers,
        disco: DiscoHandlers,
    ) -> None:
        self._routes = routes
        self._messages = messages
        self._presence = presence
        self._disco = disco

    async def answer(self, stanza: ET.Element) -> Markup | None:
        """Return the reply to a stanza, or None if it calls for none. Never raises."""
        match _kind(stanza):
            case "request":
                return await self._answer_request(stanza)
            case "message":
                return await self._answer_message(stanza)
            case "groupchat":
                return _refuse(stanza, SERVICE_UNAVAILABLE, "There are no rooms here.")
            case "bounced message":
                await _attempt(stanza, self._messages.bounced(stanza))
                return None
            case "answer":
                await _attempt(stanza, self._presence.answered(stanza))
                return None
            case "presence":
                return await self._answer_presence(stanza)
            case None:
                return None

    def decline(self, stanza: ET.Element) -> Markup | None:
        """Return the reply to a stanza when there are too many to handle."""
        kind = _kind(stanza)
        if kind in ("request", "message") or (kind == "presence" and not _is_statement(stanza)):
            return _refuse(stanza, RESOURCE_CONSTRAINT, "Too many at once: come again later.")
        return None

    def presence(self, notice: PresenceNotice) -> Iterator[Markup]:
        """Yield the stanzas that show the presence of one of our addresses."""
        capabilities = self._disco.own(notice.service).advertised
        return presence_markup(notice, Markup(capabilities + PHOTO_HASH))

    async def _answer_request(self, stanza: ET.Element) -> Markup:
        return _bearable(stanza, await self._replies(stanza))

    async def _answer_message(self, stanza: ET.Element) -> Markup | None:
        taken = await _attempt(stanza, self._messages.take(stanza))
        if isinstance(taken, _Failure):
            return _bearable(stanza, [_error(stanza, taken.error)])
        if taken is None:
            return _refuse(stanza, SERVICE_UNAVAILABLE, "Nobody reads this.")
        return _bearable(stanza, [_written_back(stanza, taken)]) if taken else None

    async def _answer_presence(self, stanza: ET.Element) -> Markup | None:
        taken = await _attempt(stanza, self._presence.take(stanza))
        if not isinstance(taken, _Failure):
            return taken
        return None if _is_statement(stanza) else _error(stanza, taken.error)

    async def _replies(self, stanza: ET.Element) -> list[Markup]:
        """Return what is said to a request, the result or error last."""
        if not stanza.get("id"):  # RFC 6120 §8.1.3
            return [_refuse(stanza, BAD_REQUEST, "A request has an id.")]
        if len(stanza) != 1:
            return [_refuse(stanza, BAD_REQUEST, "A request has exactly one child.")]
        child, type_ = stanza[0], stanza.get("type", "")
        if type_ not in ("get", "set"):
            return [_refuse(stanza, BAD_REQUEST, "There is no such type of request.")]
        handler = self._routes.get((type_, child.tag))
        if handler is None:
            return [_refuse(stanza, SERVICE_UNAVAILABLE, "This is not offered here.")]
        request = IqRequest(type_, stanza.get("from", ""), stanza.get("to", ""), child)
        found = await _attempt(stanza, handler(request))
        if isinstance(found, _Failure):
            return [_error(stanza, found.error)]
        answer = found if isinstance(found, Answer) else Answer(found, ())
        address = _return_address(stanza)
        messages = [element("message", address, content) for content in answer.messages]
        attributes = {"type": "result", "id": stanza.get("id")}
        return [*messages, element("iq", attributes | address, answer.content)]


def dispatcher(
    engine: Engine,
    domain: str,
    software_version: str,
    new_id: Callable[[], str],
    policy: Policy = DEFAULT_POLICY,
    *,
    desk: Desk,
    staff: Staff,
    contact: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Dispatcher:
    """Return a dispatcher to all families of stanzas."""
    cards = VCardHandlers(engine, domain)
    pubsub = PubSubHandlers(engine, new_id, policy, cards)
    families = (PendingCommand(engine), OperationCommands(desk, staff))
    commands = CommandHandlers(engine, families, new_id)
    features = {
        *pubsub.features,
        *archive.FEATURES,
        *caps.FEATURES,
        *commands.features,
        *forms.FEATURES,
        *notify.FEATURES,
        *pending.FEATURES,
        *ping.FEATURES,
        *rsm.FEATURES,
        *times.FEATURES,
        *vcard.FEATURES,
        *version.FEATURES,
    }
    disco = DiscoHandlers(engine, domain, features, contact, commands)
    stanzas = (
        pubsub,
        ArchiveHandlers(engine),
        commands,
        PingHandlers(engine, domain),
        TimeHandlers(engine, domain),
        cards,
        VersionHandlers(engine, domain, software_version),
        disco,
    )
    routes = {route: h for family in stanzas for route, h in family.routes.items()}
    presence = PresenceHandlers(engine, Capabilities(new_id))
    return Dispatcher(routes, MessageHandlers(engine, ChatHandlers(desk, staff)), presence, disco)


Kind = Literal["request", "message", "groupchat", "bounced message", "presence", "answer"]


def _kind(stanza: ET.Element) -> Kind | None:
    """Return what is to be done about a stanza, None if it is nothing."""
    name, type_ = split_name(stanza.tag)[1], stanza.get("type")
    if not stanza.get("from") or _has_endless_id(stanza):
        return None
    if name == "iq":
        return "answer" if type_ in ("result", "error") else "request"
    if name == "message" and type_ not in ("error", "groupchat", "headline"):
        return "message"
    if name == "message" and type_ == "error":
        return "bounced message"
    if name == "message" and type_ == "groupchat":  # RFC 6121 §8.5.2
        return "groupchat"
    if name == "presence":
        return "presence"
    return None


def _is_statement(presence: ET.Element) -> bool:
    """Tell whether presence only says how somebody is: who asks for something is told of errors."""
    statements = ("", "unavailable", "subscribed", "unsubscribed", "error")
    return presence.get("type", "") in statements


def _has_endless_id(stanza: ET.Element) -> bool:
    """Tell whether no stanza could repeat the id, as answers have to (RFC 6120 §8.1.3)."""
    size = len(quoted(stanza.get("id", "")).encode())
    if size > MAX_ID:
        log.warning("stanza not answered, its id is too long", size=size, sender=stanza.get("from"))
    return size > MAX_ID


def _bearable(stanza: ET.Element, replies: Sequence[Markup]) -> Markup:
    """Return replies to a stanza; if the stream could not bear them, a refusal instead."""
    size = max(len(reply.encode(errors="replace")) for reply in replies)
    if size > MAX_STANZA:
        log.warning("reply too large", size=size, to=stanza.get("from"))
        words = "The answer is larger than a stanza may be: ask for less at once."
        return _refuse(stanza, POLICY_VIOLATION, words)
    reply = Markup("".join(replies))
    if (fault := flaw(reply)) is not None:
        log.error("reply is not XML", fault=fault, to=stanza.get("from"))
        return _refuse(stanza, INTERNAL_SERVER_ERROR)
    return reply


def _return_address(stanza: ET.Element) -> dict[str, str | None]:
    return {"from": stanza.get("to"), "to": stanza.get("from")}


def _written_back(message: ET.Element, words: str) -> Markup:
    """Return the answer to a message, in the same conversation (RFC 6121 §5.2.5)."""
    type_ = "chat" if message.get("type") == "chat" else None
    attributes = {"type": type_, "id": message.get("id"), "xml:lang": LANGUAGE}
    thread = own_text(message, "thread")
    return element(
        "message",
        attributes | _return_address(message),
        element("body", None, text(words)),
        element("thread", None, text(thread)) if thread else NOTHING,
    )


def _error(stanza: ET.Element, error: Markup) -> Markup:
    name = split_name(stanza.tag)[1]
    without = "" if name == "iq" else None  # RFC 6120 §8.3.1: requests always get one back
    attributes = {"type": "error", "id": stanza.get("id", without)}
    return element(name, attributes | _return_address(stanza), error)


def _refuse(stanza: ET.Element, condition: Condition, words: str = "") -> Markup:
    return _error(stanza, error_markup(condition, words))
