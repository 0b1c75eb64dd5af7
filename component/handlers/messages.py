"""Messages that mean something here.

They are an owner's decision, what somebody asks for in words, what a server grants, and a
notification that came back.
"""

from xml.etree import ElementTree as ET

from component.handlers.chat import ChatHandlers
from component.handlers.forms import boolean, form_in, form_type_of, single
from component.handlers.namespaces import FORM
from component.handlers.operations import jid_of
from component.handlers.privileges import take_grant
from component.handlers.stanza import BadRequestError, Engine, is_unwanted, qualified
from component.handlers.subscription_form import AUTHORIZATION
from component.pubsub.rules import Request


class MessageHandlers:
    """Takes messages to the addresses of the component."""

    def __init__(self, engine: Engine, chat: ChatHandlers) -> None:
        self._engine = engine
        self._chat = chat

    async def take(self, message: ET.Element) -> str | None:
        """Take a message; return what is written back, which may be nothing.

        None: it means nothing here. Raises what the rules refuse.
        """
        if take_grant(message):
            return ""
        forms = message.findall(qualified(FORM, "x"))
        if not any(form_type_of(form) == AUTHORIZATION for form in forms):
            return await self._chat.take(message)
        values = form_in(message, AUTHORIZATION)
        if values is None:
            return ""  # the owner will decide later
        node, subscriber, subid = (
            single(name, values.get(name, ()))
            for name in ("pubsub#node", "pubsub#subscriber_jid", "pubsub#subid")
        )
        request = Request(message.get("from", ""), message.get("to", ""), node or None)
        jid = jid_of(ET.Element("subscriber", {"jid": subscriber}))
        if "pubsub#allow" not in values:
            raise BadRequestError("The form says neither yes nor no.")
        allow = boolean("pubsub#allow", values["pubsub#allow"])
        await self._engine.pubsub(
            lambda pubsub, _: pubsub.decide(request, jid, subid or None, allow=allow)
        )
        return ""

    async def bounced(self, message: ET.Element) -> None:
        """Take note that a message could not be delivered, and why."""
        service, jid = message.get("to", ""), message.get("from", "")
        if is_unwanted(message):
            await self._engine.pubsub(lambda pubsub, _: pubsub.undeliverable(service, jid))
