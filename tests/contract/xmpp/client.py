"""A user's client that says exactly what it is told, and remembers what it heard."""

import asyncio
import re
from typing import Any, Self
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatcherId, MatchXPath
from slixmpp.xmlstream.stanzabase import StanzaBase

from component import mended_slixmpp
from component.markup import quoted
from lab.xmpp_server import HOST, XmppServerSettings
from tests.contract.xmpp.service import PATIENCE, until

PIECE = 1000
"""So many bytes come in one piece."""

TAG = re.compile(r"""<(?:[^<>'"]|'[^']*'|"[^"]*")*>""")


class Client:
    """One of the lab's users, logged in and available; `async with` logs in."""

    def __init__(
        self,
        settings: XmppServerSettings,
        user: str = "user1",
        resource: str = "desk",
        interest: str = "",
        declaration: str = "",
    ) -> None:
        self.jid = f"{user}@{HOST}"
        self.heard: list[ET.Element] = []
        self.seen: list[ET.Element] = []
        """Presence."""
        self._port = settings.c2s_port
        self._asked = 0
        self._client = mended_slixmpp.Client(
            f"{self.jid}/{resource}", settings.passwords[user], plaintext=True
        )
        self._client.register_plugin("xep_0030")
        self._client.register_plugin("xep_0050")
        self._client.register_plugin("xep_0060")
        self._client.register_plugin("xep_0163")
        self._interest = interest
        """What this client wants to be notified of, without subscribing (XEP-0163)."""
        header: str = self._client.stream_header
        self._client.stream_header = header.replace(" ", f" {declaration} ", 1)
        self._client.register_handler(
            Callback("heard", MatchXPath("{jabber:client}message"), self._hear)
        )
        self._client.register_handler(
            Callback("seen", MatchXPath("{jabber:client}presence"), self._see)
        )

    async def __aenter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        await self._client.wait_until("session_start", PATIENCE)
        await self.roster()  # the server tells of subscriptions only those who ask for it
        if self._interest:
            self._client.plugin["xep_0163"].add_interest(self._interest)
            await self._client.plugin["xep_0115"].update_caps(broadcast=False)
        self._client.send_presence()
        # The library queues presence. What it asks stands behind it, what `say` writes does not.
        await self.disco.get_info(jid=HOST)
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
    def commands(self) -> Any:
        """slixmpp's client side of XEP-0050."""
        return self._client.plugin["xep_0050"]

    @property
    def forms(self) -> Any:
        """slixmpp's data forms (XEP-0004)."""
        return self._client.plugin["xep_0004"]

    @property
    def disco(self) -> Any:
        """slixmpp's client side of XEP-0030."""
        return self._client.plugin["xep_0030"]

    def say(self, stanza: str) -> None:
        """Send a stanza as it is.

        Since the mend of CVE-2023-52425 expat, and so the server, puts off a tag that comes in
        pieces until twice as much has come: blanks follow one that is so long.
        """
        longest_tag = max(map(len, TAG.findall(stanza)), default=0)
        blanks = " " * 2 * longest_tag if longest_tag > PIECE else ""
        self._client.send_raw(stanza + blanks)

    async def ask(self, stanza: str, asked: str | None = None) -> ET.Element:
        """Send a request, which is given an id; return the answer. Raises TimeoutError."""
        self._asked += 1
        asked = asked or f"asked-{self._asked}"
        answer: asyncio.Future[ET.Element] = asyncio.get_running_loop().create_future()
        self._client.register_handler(
            Callback(asked, MatcherId(asked), lambda iq: answer.set_result(iq.xml), once=True)
        )
        self.say(stanza.replace(" ", f" id={quoted(asked)} ", 1))
        return await asyncio.wait_for(answer, PATIENCE)

    async def has_heard_everything(self) -> None:
        """Wait until the server has dealt with all that was said, and sent all it had to say."""
        await self.ask("<iq type='get' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>")

    async def hears(self, count: int) -> list[ET.Element]:
        """Wait until that many messages were heard; return all that were."""
        await until(lambda: len(self.heard) >= count)
        return self.heard

    async def sees(self, contact: str, type_: str) -> ET.Element:
        """Wait for presence of a contact; return it. It, and all before it, is then forgotten."""

        def found() -> int | None:
            wanted = (contact, type_)
            numbers = (
                number
                for number, presence in enumerate(self.seen)
                if (presence.get("from"), presence.get("type", "")) == wanted
            )
            return next(numbers, None)

        await until(lambda: found() is not None)
        number = found()
        assert number is not None
        presence = self.seen[number]
        del self.seen[: number + 1]
        return presence

    async def roster(self) -> dict[str, str]:
        """Return the state of the presence subscription to each contact."""
        answer = await self.ask("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>")
        items = answer.iter("{jabber:iq:roster}item")
        return {item.get("jid", ""): item.get("subscription", "") for item in items}

    def _see(self, presence: StanzaBase) -> None:
        self.seen.append(presence.xml)

    def _hear(self, message: StanzaBase) -> None:
        self.heard.append(message.xml)
