"""A user's client that says exactly what it is told, and remembers what it heard."""

import asyncio
from typing import Any, Self
from xml.etree import ElementTree as ET

from slixmpp import ClientXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatcherId, MatchXPath
from slixmpp.xmlstream.stanzabase import StanzaBase

from lab.xmpp_server import HOST, XmppServerSettings
from tests.contract.xmpp.service import PATIENCE, until


class Client:
    """One of the lab's users, logged in and available; `async with` logs in."""

    def __init__(self, settings: XmppServerSettings, user: str = "user1") -> None:
        self.jid = f"{user}@{HOST}"
        self.heard: list[ET.Element] = []
        self._port = settings.c2s_port
        self._asked = 0
        self._client = ClientXMPP(
            f"{self.jid}/desk",
            settings.passwords[user],
            plugin_config={"feature_mechanisms": {"unencrypted_scram": True}},
        )
        self._client.enable_plaintext = True
        self._client.enable_starttls = self._client.enable_direct_tls = False
        self._client.register_plugin("xep_0030")
        self._client.register_plugin("xep_0060")
        self._client.register_handler(
            Callback("heard", MatchXPath("{jabber:client}message"), self._hear)
        )

    async def __aenter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        await self._client.wait_until("session_start", PATIENCE)
        self.say("<presence/>")
        await self.has_heard_everything()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.cancel_connection_attempt()
        if self._client.is_connected():
            await self._client.disconnect(wait=1.0)

    @property
    def pubsub(self) -> Any:
        """slixmpp's client side of XEP-0060."""
        return self._client.plugin["xep_0060"]

    @property
    def disco(self) -> Any:
        """slixmpp's client side of XEP-0030."""
        return self._client.plugin["xep_0030"]

    def say(self, stanza: str) -> None:
        """Send a stanza as it is."""
        self._client.send_raw(stanza)

    async def ask(self, stanza: str) -> ET.Element:
        """Send a request, which is given an id; return the answer. Raises TimeoutError."""
        self._asked += 1
        asked = f"asked-{self._asked}"
        answer: asyncio.Future[ET.Element] = asyncio.get_running_loop().create_future()
        self._client.register_handler(
            Callback(asked, MatcherId(asked), lambda iq: answer.set_result(iq.xml), once=True)
        )
        self.say(stanza.replace(" ", f" id='{asked}' ", 1))
        return await asyncio.wait_for(answer, PATIENCE)

    async def has_heard_everything(self) -> None:
        """Wait until the server has dealt with all that was said, and sent all it had to say."""
        await self.ask("<iq type='get' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>")

    async def hears(self, count: int) -> list[ET.Element]:
        """Wait until that many messages were heard; return all that were."""
        await until(lambda: len(self.heard) >= count)
        return self.heard

    def _hear(self, message: StanzaBase) -> None:
        self.heard.append(message.xml)
