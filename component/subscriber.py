"""Shows an agent's calls to other software: the start of an integration, meant to be copied.

    subscriber = Subscriber("user1@example.com", "password", extension="1000")
    async for event in subscriber.events():
        print(event.state, event.caller_number, event.customer_name)

Copy this file, `call_event.py`, `mended_slixmpp.py` and `stream_parser.py`; they need slixmpp and
nothing else.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from slixmpp import JID
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.stanzabase import StanzaBase

from component.call_event import EMPTIED, EVENT, OPEN, CallEvent, Recent, ShownCalls
from component.mended_slixmpp import Client

log = logging.getLogger(__name__)

PUBSUB = "{http://jabber.org/protocol/pubsub}"
# What may end by itself. While our service is away, ejabberd without s2s says forbidden, too.
PASSING = ("forbidden", "internal-server-error", "remote-server", "service-unavailable")
SHORTEST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds


class RefusedError(Exception):
    """The server or the service says no, and trying again will not help."""


@dataclass
class Subscriber:
    """Follows the calls of one extension while `events` is iterated over."""

    jid: str
    password: str = field(repr=False)
    _: KW_ONLY
    extension: str
    service: str = ""  # by default `ivr.` and the domain of `jid`
    history: bool = False  # show also calls that had ended before
    host: str = ""  # with `port` instead of the look-up of the server in the DNS
    port: int = 5222
    plaintext: bool = False  # do without TLS: in a laboratory
    keepalive: float = 20.0  # seconds of silence after which the connection must prove itself

    def __post_init__(self) -> None:
        self._service = JID(self.service or f"ivr.{JID(self.jid).domain}")
        self._node = f"ext{self.extension}"
        self._calls = ShownCalls()
        self._messages: Recent[None] = Recent()
        self._followed = False
        self._inbox: asyncio.Queue[Element | Exception] = asyncio.Queue()

    async def events(self) -> AsyncGenerator[CallEvent, None]:
        """Yield what happens, nothing twice; reconnect for ever. Raises `RefusedError`."""
        client, delay = self._client(), SHORTEST_DELAY
        while True:
            self._inbox = asyncio.Queue()
            try:
                client.connect(*((self.host, self.port) if self.host else ()))
                await self._next(self.keepalive)  # the session has started
                delay = SHORTEST_DELAY
                client.send_presence()
                async with aclosing(self._follow(client)) as events:
                    async for event in events:
                        yield event
            except (ConnectionError, TimeoutError) as error:
                log.warning("not connected: %s; again in %.1f s", str(error) or "no answer", delay)
            finally:
                await client.leave()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            delay = min(2 * delay, LONGEST_DELAY)

    async def _follow(self, client: Client) -> AsyncGenerator[CallEvent, None]:
        """Yield what happens while the connection lasts, even if the service goes and comes."""
        pubsub: Any = client.plugin["xep_0060"]
        node = {"jid": self._service, "node": self._node, "timeout": self.keepalive}
        is_behind, patience = True, SHORTEST_DELAY
        while True:
            try:
                await client.answer(pubsub.subscribe(**node))
                if is_behind:
                    reply = await client.answer(pubsub.get_items(**node))
                    for event in self._calls.missed(reply.xml.iter(f"{PUBSUB}item")):
                        if self.history or self._followed or event.state in OPEN:
                            yield event
                    log.info("following %s at %s", self._node, self._service)
                self._followed, is_behind, patience = True, False, self.keepalive
            except IqError as error:
                reason = f"{self._node} at {self._service}: {error.condition} {error.text}"
                # Prosody without s2s says not-allowed while it starts.
                passing = (*PASSING, "not-allowed") if self._followed else PASSING
                # Our service, unlike the server, says what is wrong with its node.
                is_of_node = error.iq["error"]["pubsub"]["condition"]
                may_pass = error.condition.startswith(passing) and not is_of_node
                if error.etype != "wait" and not may_pass:
                    raise RefusedError(reason) from error
                patience = min(2 * patience, LONGEST_DELAY) if is_behind else SHORTEST_DELAY
                is_behind = True
                log.warning("%s; asking again in %.1f s", reason, patience)
            with suppress(TimeoutError):  # silence: is everything still there?
                while True:
                    what = await self._next(patience * random.uniform(0.5, 1.0))  # noqa: S311
                    if is_behind:  # the service is back: the node has this, and newer things
                        break
                    for event in self._calls.heard(what):
                        yield event

    def _client(self) -> Client:
        client = Client(self.jid, self.password, plaintext=self.plaintext)
        client.register_plugin("xep_0060")  # for requests; its events include bounced ones
        notification = MatchXPath(f"{{jabber:client}}message/{EVENT}event")
        client.register_handler(Callback("notification", notification, self._received))
        for name, what in {
            "session_start": Element("none"),
            "reconnect_delay": ConnectionError("the server cannot be reached"),
            "disconnected": ConnectionError("the connection is lost"),
            "failed_all_auth": RefusedError(f"{self.jid} cannot log in with this password"),
        }.items():
            client.add_event_handler(name, lambda _, what=what: self._inbox.put_nowait(what))
        return client

    def _received(self, message: StanzaBase) -> None:
        """Take a notification, unless it is a repetition: an old retraction could hide an offer."""
        message_id = message.xml.get("id", "")
        is_notification = message["type"] != "error" and message["from"] == self._service
        if not is_notification or message_id in self._messages:
            return
        if message_id:
            self._messages[message_id] = None
        for event in message.xml.iterfind(f"{EVENT}event/*"):
            if event.tag in (f"{EVENT}items", *EMPTIED) and event.get("node") == self._node:
                self._inbox.put_nowait(event)

    async def _next(self, patience: float) -> Element:
        """Return the next event of the node, or raise what ended the connection."""
        async with asyncio.timeout(patience):
            what = await self._inbox.get()
        if isinstance(what, Exception):
            raise what
        return what
