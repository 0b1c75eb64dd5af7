"""Shows an agent's calls to other software: the start of an integration, meant to be copied.

    subscriber = Subscriber("user1@example.com", "password", extension="1000")
    async for event in subscriber.events():
        print(event.state, event.caller_number, event.customer_name)

This file and `call_event.py` need slixmpp and nothing else.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any
from xml.etree.ElementTree import Element

from slixmpp import JID, ClientXMPP, Iq
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp.xmlstream.stanzabase import StanzaBase

from component.call_event import OPEN, CallEvent, read

log = logging.getLogger(__name__)

PUBSUB, EVENT = "{http://jabber.org/protocol/pubsub}", "{http://jabber.org/protocol/pubsub#event}"
RETRACT = f"{EVENT}retract"
PUBSUB_ERROR = "{http://jabber.org/protocol/pubsub#errors}"
# What may end by itself. While our service is away, ejabberd without s2s says forbidden, too.
PASSING = ("forbidden", "internal-server-error", "remote-server", "service-unavailable")
SHORTEST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds
REMEMBERED = 1000  # calls, so that none is shown twice


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
        self._shown: dict[str, CallEvent] = {}  # by call id
        self._followed = False
        self._received_ids: dict[str, None] = {}  # of messages, the oldest first
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
                async with aclosing(self._follow(client.plugin["xep_0060"])) as events:
                    async for event in events:
                        yield event
            except (ConnectionError, TimeoutError, IqTimeout) as error:
                reason = str(error) if isinstance(error, ConnectionError) else "no answer"
                log.warning("not connected: %s; trying again in %.1f s", reason, delay)
            finally:
                client.cancel_connection_attempt()
                if client.is_connected():
                    await client.disconnect(wait=1.0)
                if client._run_out_filters:
                    client._run_out_filters.cancel()  # slixmpp would let this task run for ever
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            delay = min(2 * delay, LONGEST_DELAY)

    async def _follow(self, pubsub: Any) -> AsyncGenerator[CallEvent, None]:
        """Yield what happens while the connection lasts, even if the service goes and comes."""
        node = {"jid": self._service, "node": self._node, "timeout": self.keepalive}
        is_behind, patience = True, SHORTEST_DELAY
        while True:
            try:
                await pubsub.subscribe(**node)
                if is_behind:
                    before = {call.call_id for call in self._shown.values() if call.state in OPEN}
                    for event in self._missed(before, await pubsub.get_items(**node)):
                        yield event
                    log.info("following %s at %s", self._node, self._service)
                self._followed, is_behind, patience = True, False, self.keepalive
            except IqError as error:
                reason = f"{self._node} at {self._service}: {error.condition} {error.text}"
                # Prosody without s2s says not-allowed while it starts.
                passing = (*PASSING, "not-allowed") if self._followed else PASSING
                may_pass = error.condition.startswith(passing) and not _is_of_node(error)
                if error.etype != "wait" and not may_pass:
                    raise RefusedError(reason) from error
                patience = min(2 * patience, LONGEST_DELAY) if is_behind else SHORTEST_DELAY
                is_behind = True
                log.warning("%s; asking again in %.1f s", reason, patience)
            with suppress(TimeoutError):  # silence: is everything still there?
                while True:
                    items = await self._next(patience * random.uniform(0.5, 1.0))  # noqa: S311
                    if is_behind:  # the service is back: the node has this, and newer things
                        break
                    for event in self._news(items):
                        yield event

    def _client(self) -> ClientXMPP:
        config = {"feature_mechanisms": {"unencrypted_scram": self.plaintext}}
        client = ClientXMPP(self.jid, self.password, plugin_config=config)
        client.enable_plaintext = self.plaintext
        client.enable_starttls = client.enable_direct_tls = not self.plaintext
        client.auto_authorize = None  # who sees the user's presence is not ours to decide
        client.register_plugin("xep_0060")  # for requests; its events include bounced ones
        client.register_plugin("xep_0199")  # answers pings
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
        if (
            message["type"] != "error"
            and message["from"] == self._service
            and self._is_new(message)
        ):
            for items in message.xml.iter(f"{EVENT}items"):
                if items.get("node") == self._node:
                    self._inbox.put_nowait(items)

    def _is_new(self, message: StanzaBase) -> bool:
        """Tell repetitions: a retraction has no revision, and would hide what came after it."""
        message_id = message.xml.get("id")
        if message_id is None:
            return True
        is_new = message_id not in self._received_ids
        self._received_ids[message_id] = None
        if len(self._received_ids) > REMEMBERED:
            del self._received_ids[next(iter(self._received_ids))]
        return is_new

    async def _next(self, patience: float) -> Element:
        """Return the items of the next notification, or raise what ended the connection."""
        async with asyncio.timeout(patience):
            what = await self._inbox.get()
        if isinstance(what, Exception):
            raise what
        return what

    def _missed(self, were_open: set[str], reply: Iq) -> list[CallEvent]:
        """Compare what the node has with what was shown."""
        items = list(reply.xml.iter(f"{PUBSUB}item"))
        gone = were_open - {item.get("id") for item in items}
        news = self._news([*(Element(RETRACT, id=call_id) for call_id in gone), *items])
        shown = [event for event in news if self.history or event.state in OPEN]
        self.history = True  # what ends from now on is missed if it is not seen
        return sorted(shown, key=lambda e: e.ended or e.answered or e.offered or e.entered)

    def _news(self, items: Iterable[Element]) -> Iterator[CallEvent]:
        """Pass on what was not shown yet."""
        for item in items:
            known = self._shown.get(item.get("id", ""))
            if item.tag == RETRACT:
                event = replace(known, state="withdrawn") if known and known.state in OPEN else None
            else:
                event = read(item)
                if event and known and event.revision <= known.revision:
                    event = None
            if event:
                self._shown[event.call_id] = event
                if len(self._shown) > REMEMBERED:
                    del self._shown[next(iter(self._shown))]
                yield event


def _is_of_node(error: IqError) -> bool:
    """Tell whether it is our service that says so, of its node, and not the server."""
    return any(child.tag.startswith(PUBSUB_ERROR) for child in error.iq["error"].xml)
