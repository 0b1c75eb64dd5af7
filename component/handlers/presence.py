"""Presence (RFC 6121 §3 and §4): our addresses as contacts of those who may subscribe there."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar
from xml.etree import ElementTree as ET

from component.handlers.caps import Capabilities, Question, advertised_in
from component.handlers.stanza import LANGUAGE, BadRequestError, Engine, is_gone, own_text
from component.markup import NOTHING, Markup, attribute, element, quoted, text
from component.pubsub.addresses import bare
from component.pubsub.audience import Resource
from component.pubsub.errors import FullError, PubSubError, TooManySubscriptionsError
from component.pubsub.presence import OFFLINE, Presence, PresenceNotice, PresenceType, Show
from component.pubsub.rules import Request
from component.pubsub.service import PubSub

T = TypeVar("T")

_PRIORITY = re.compile(r"[+-]?[0-9]{1,9}")
_PRIORITIES = range(-128, 128)

_NOT_OF_RESOURCES = frozenset({"", "unavailable", "subscribed", "unsubscribe", "unsubscribed"})
"""What is ignored at a full JID that there is not; our addresses have none (RFC 6121 §8.5.3.2)."""


class PresenceHandlers:
    """Takes presence to the addresses of the component.

    What is said in return leaves the way that changes of presence leave, so that it keeps their
    order; only refusals are replies.
    """

    def __init__(self, engine: Engine, capabilities: Capabilities) -> None:
        self._engine = engine
        self._capabilities = capabilities

    async def take(self, stanza: ET.Element) -> Markup | None:
        """Take a presence stanza; return the reply, if it calls for one.

        Raises `TooManySubscriptionsError`, `FullError`, `BadRequestError`.
        """
        to, sender, type_ = stanza.get("to", ""), stanza.get("from", ""), stanza.get("type", "")
        address = bare(to)
        if to != address and type_ in _NOT_OF_RESOURCES:
            return None
        request = Request(sender, address)
        try:
            match type_:
                case "":
                    return await self._arrive(stanza, sender, address)
                case "unavailable":
                    await self._hear(lambda pubsub, _: pubsub.leave(address, sender))
                case "unsubscribed":
                    account = request.account
                    await self._hear(lambda pubsub, _: pubsub.lose_sight(address, account))
                case "subscribe":
                    await self._engine.pubsub(lambda pubsub, now: pubsub.add_contact(request, now))
                case "probe":
                    return await self._probed(request, to, stanza.get("id"))
                case "unsubscribe":
                    await self._engine.pubsub(lambda pubsub, _: pubsub.remove_contact(request))
                case "error" if is_gone(stanza):
                    await self._hear(lambda pubsub, _: pubsub.lose_contact(request))
                case "error" | "subscribed":
                    pass
                case _:
                    raise BadRequestError("There is no such type of presence.")
        except (FullError, TooManySubscriptionsError):
            raise  # that may change: it is no answer to who may see whom
        except PubSubError:
            # Of an address that does not exist no more is told than of one that may not be seen.
            said, probe = PresenceType.UNSUBSCRIBED, stanza.get("id") if type_ == "probe" else None
            return next(presence_markup(PresenceNotice(address, (request.account,), said, probe)))
        return None

    async def answered(self, iq: ET.Element) -> None:
        """Take the answer to a request of ours: what software wants to be notified of."""
        learned = self._capabilities.answered(iq)
        if learned is not None:
            asked, wants = learned.question, learned.wants
            await self._hear(
                lambda pubsub, _: pubsub.learn(asked.address, asked.jid, asked.about.name, wants)
            )

    async def _probed(self, request: Request, to: str, probe: str | None) -> Markup | None:
        """Answer a probe (RFC 6121 §4.3.2): of a full JID, that there is nobody."""
        if to == request.service:
            await self._engine.pubsub(lambda pubsub, _: pubsub.probe(request, probe))
            return None
        await self._engine.pubsub(lambda pubsub, _: pubsub.check_contact(request))
        return next(presence_markup(PresenceNotice(to, (request.actor,), OFFLINE, probe)))

    async def _hear(self, operation: Callable[[PubSub, datetime], T]) -> T:
        """Take in what nobody says twice: it is so, whether the database is there or not."""
        return await self._engine.pubsub(operation, patient=True)

    async def _arrive(self, stanza: ET.Element, sender: str, address: str) -> Markup | None:
        """Take note of who is available; return the request for what they want, if need be."""
        about = advertised_in(stanza)
        resource = Resource(
            sender,
            _show(own_text(stanza, "show")),
            _priority(own_text(stanza, "priority")),
            about.name if about else "",
            self._capabilities.wants(about) if about else frozenset(),
        )
        is_unknown = await self._hear(lambda pubsub, _: pubsub.arrive(address, resource))
        if about is None or not is_unknown:
            return None
        return self._capabilities.ask(Question(address, sender, about))


def presence_markup(notice: PresenceNotice, extras: Markup = NOTHING) -> Iterator[Markup]:
    """Yield a stanza for each recipient; only the addressee differs.

    `extras` is what available presence contains besides.
    """
    type_, content = _said(notice.said)
    is_for_people = isinstance(notice.said, Presence) and notice.said.status
    if isinstance(notice.said, Presence) and notice.said.available:
        content = Markup(content + extras)
    optional = {"type": type_, "id": notice.probe, "xml:lang": LANGUAGE if is_for_people else None}
    written = "".join(f" {name}={quoted(value)}" for name, value in optional.items() if value)
    head = f"<presence{written} from='{attribute(notice.service)}' to='"
    tail = f"'>{content}</presence>" if content else "'/>"
    for recipient in notice.recipients:
        yield Markup(f"{head}{attribute(recipient)}{tail}")


def _said(said: Presence | PresenceType) -> tuple[str, Markup]:
    if isinstance(said, PresenceType):
        return said.value, NOTHING
    show = element("show", {}, text(said.show)) if said.show else NOTHING
    status = element("status", {}, text(said.status)) if said.status else NOTHING
    return "" if said.available else "unavailable", Markup(show + status)


def _show(written: str) -> Show | None:
    return Show(written) if written in set(Show) else None


def _priority(written: str) -> int:
    """Return a priority (RFC 6121 §4.7.2.3); what is none counts as none."""
    priority = int(written) if _PRIORITY.fullmatch(written.strip()) else 0
    return priority if priority in _PRIORITIES else 0
