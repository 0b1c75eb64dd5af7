"""Presence (RFC 6121 §3 and §4): our addresses as contacts of those who may subscribe there."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from component.handlers.namespaces import STANZAS
from component.handlers.stanza import Engine
from component.markup import NOTHING, Markup, attribute, element, text
from component.pubsub.addresses import bare
from component.pubsub.errors import PubSubError
from component.pubsub.presence import Presence, PresenceNotice, PresenceType
from component.pubsub.rules import Request

GONE = frozenset({"gone", "item-not-found", "jid-malformed", "remote-server-not-found"})
"""What a server says of an account that is of no use any more."""


class PresenceHandlers:
    """Takes presence to the addresses of the component.

    What is said in return leaves the way that changes of presence leave, so that it keeps their
    order; only refusals are replies.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def take(self, stanza: ET.Element) -> Markup | None:
        """Take a presence stanza; return the reply, if it calls for one."""
        address = bare(stanza.get("to", ""))
        request = Request(stanza.get("from", ""), address)
        try:
            match stanza.get("type", ""):
                case "subscribe":
                    await self._engine.pubsub(lambda pubsub, now: pubsub.add_contact(request, now))
                case "probe":
                    await self._engine.pubsub(lambda pubsub, _: pubsub.probe(request))
                case "unsubscribe":
                    await self._engine.pubsub(lambda pubsub, _: pubsub.remove_contact(request))
                case "error" if _is_gone(stanza):
                    await self._engine.pubsub(lambda pubsub, _: pubsub.lose_contact(request))
        except PubSubError:
            # Of an address that does not exist no more is told than of one that may not be seen.
            said = PresenceType.UNSUBSCRIBED
            return next(presence_markup(PresenceNotice(address, (request.account,), said)))
        return None


def presence_markup(notice: PresenceNotice) -> Iterator[Markup]:
    """Yield a stanza for each recipient; only the addressee differs."""
    type_, content = _said(notice.said)
    kind = f" type='{type_}'" if type_ else ""
    head = f"<presence{kind} from='{attribute(notice.service)}' to='"
    tail = f"'>{content}</presence>" if content else "'/>"
    for recipient in notice.recipients:
        yield Markup(f"{head}{attribute(recipient)}{tail}")


def _said(said: Presence | PresenceType) -> tuple[str, Markup]:
    if isinstance(said, PresenceType):
        return said.value, NOTHING
    show = element("show", {}, text(said.show)) if said.show else NOTHING
    status = element("status", {}, text(said.status)) if said.status else NOTHING
    return "" if said.available else "unavailable", Markup(show + status)


def _is_gone(bounced: ET.Element) -> bool:
    """Tell whether it came back because the account is gone for good."""
    conditions = bounced.iterfind("{*}error/*")
    return any(child.tag.removeprefix(f"{{{STANZAS}}}") in GONE for child in conditions)
