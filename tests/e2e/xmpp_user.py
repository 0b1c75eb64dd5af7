"""A person's XMPP client, for what `component.subscriber` does not do."""

import asyncio
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree as ET

from slixmpp import Message
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from component.mended_slixmpp import Client
from lab.xmpp_server import HOST, XmppServer

DISCO_INFO = "http://jabber.org/protocol/disco#info"
PUBSUB = "http://jabber.org/protocol/pubsub"

PATIENCE = 20.0
"""Seconds that a server or the service may take to say something."""


class XmppUser:
    """One of the users of the lab, online as long as the context lasts.

    `interest` is what the client wants to be notified of by its contacts (XEP-0163).
    """

    def __init__(self, server: XmppServer, user: str, interest: str = "") -> None:
        self.jid = f"{user}@{HOST}"
        self.presences: asyncio.Queue[Any] = asyncio.Queue()
        self._interest = interest
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self._port = server.settings.c2s_port
        self._client = Client(self.jid, server.settings.passwords[user], plaintext=True)
        self._client.auto_authorize = True
        # Not the event "message": it tells only of those with a body.
        any_message = MatchXPath("{jabber:client}message")
        self._client.register_handler(Callback("any", any_message, self.messages.put_nowait))
        any_presence = MatchXPath("{jabber:client}presence")
        self._client.register_handler(Callback("presence", any_presence, self.presences.put_nowait))
        self._client.register_plugin("xep_0163")

    async def __aenter__(self) -> Self:
        online = asyncio.Event()
        self._client.add_event_handler("session_start", lambda _: online.set())
        self._client.connect("127.0.0.1", self._port)
        async with asyncio.timeout(PATIENCE):
            await online.wait()
        if self._interest:
            self._client.plugin["xep_0163"].add_interest(self._interest)
            await self._client.plugin["xep_0115"].update_caps(broadcast=False)
        await self._client.get_roster()
        self._client.send_presence()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.disconnect(wait=1.0)

    async def next_message(self, type_: str) -> Message:
        """Return the next message of a type; others are passed over. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            message: Message = await self.messages.get()
            while message["type"] != type_:
                message = await self.messages.get()
        return message

    def add_contact(self, jid: str) -> None:
        """Ask to see the presence of somebody; whoever asks to see the user's, may."""
        self._client.send_presence_subscription(jid)

    async def sees(self, contact: str, status: str) -> str:
        """Wait until a contact is shown with this status; return what is shown. TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while True:
                presence = await self.presences.get()
                if (presence["from"], presence["status"]) == (contact, status):
                    return str(presence["show"])

    async def ask(self, to: str, content: str, type_: str = "get") -> ET.Element:
        """Send a request; return the child of the answer, or the whole answer if it has none."""
        request: Any = self._client.Iq()
        request["to"], request["type"] = to, type_
        request.xml.append(ET.fromstring(content))
        answer: ET.Element = (await request.send(timeout=PATIENCE)).xml
        return answer[0] if len(answer) else answer

    async def refused(self, to: str, content: str, type_: str = "get") -> tuple[str, str]:
        """Send a request that is refused; return the condition and the pubsub-specific one."""
        try:
            answer = await self.ask(to, content, type_)
        except IqError as error:
            conditions = [child.tag for child in error.iq["error"].xml]
            return error.condition, next((c for c in conditions if "pubsub#errors" in c), "")
        raise AssertionError(f"not refused: {ET.tostring(answer, encoding='unicode')}")

    async def features(self, to: str) -> set[str]:
        """Return what an address announces (XEP-0030)."""
        info = await self.ask(to, f"<query xmlns='{DISCO_INFO}'/>")
        return {feature.get("var", "") for feature in info.iter(f"{{{DISCO_INFO}}}feature")}


def subscribe(jid: str, node: str | None = None) -> str:
    """A request to subscribe (XEP-0060 §6.1)."""
    named = f" node='{node}'" if node else ""
    return f"<pubsub xmlns='{PUBSUB}'><subscribe jid='{jid}'{named}/></pubsub>"


def retrieve(node: str) -> str:
    """A request for the items of a node (XEP-0060 §6.5)."""
    return f"<pubsub xmlns='{PUBSUB}'><items node='{node}'/></pubsub>"
