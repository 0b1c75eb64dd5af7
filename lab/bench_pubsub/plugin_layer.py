"""The same service behind slixmpp's plugin layer, to compare with: `python -m … CONFIG`.

Requests are taken as stanza objects with the plugins' interfaces, answered by the same handlers,
and sent as stanza objects. Notifications are sent as the library's messages.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import uvloop
from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import CoroutineCallback
from slixmpp.xmlstream.matcher import StanzaPath

from component import app, config
from component.config import Config
from component.markup import Markup
from component.ports import Outgoing
from component.service_manager import ServiceManager
from component.xmpp.session import Answerer, Debtor


class PluginLink:
    """What `XmppLink` is to the engine, as one would write it with the library alone."""

    def __init__(self, settings: Config) -> None:
        self._settings = settings.xmpp
        self._component: Any = None
        self.up = False
        self.detail = "not connected yet"

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Send messages to their recipients, one object each."""
        for message in messages:
            for recipient in message.recipients:
                stanza = self._component.make_message(
                    mto=recipient, mfrom=message.sender, mtype=message.type
                )
                for child in ET.fromstring(f"<all>{message.body}</all>"):  # noqa: S314 our own
                    stanza.append(child)
                stanza.send()

    def announce(self, presences: Sequence[Markup]) -> None:
        """Show no presence: nobody asks for it here."""

    async def settled(self) -> None:
        """Wait for nothing: there are no calls here."""

    async def run(self, _: Debtor, answerer: Answerer) -> None:
        """Stay connected, without what the real link does when something fails."""
        place = self._settings
        component: Any = ComponentXMPP(  # type: ignore[no-untyped-call]  # slixmpp's has no types
            place.domain, place.secret.get_secret_value(), place.host, place.port
        )
        for plugin in ("xep_0030", "xep_0059", "xep_0060", "xep_0199"):
            component.register_plugin(plugin)

        async def answer(iq: Any) -> None:
            answered = await answerer.answer(iq.xml)
            assert answered is not None
            parsed = ET.fromstring(answered)  # noqa: S314 our own
            reply = iq.reply()
            reply["type"] = parsed.get("type")
            for child in parsed:
                reply.append(child)
            reply.send()

        for kind in ("get", "set"):
            name, path = f"pubsub {kind}", f"iq@type={kind}/pubsub"
            component.register_handler(CoroutineCallback(name, StanzaPath(path), answer))
        component.add_event_handler("session_start", self._started)
        self._component = component
        component.connect()
        await component.disconnected

    def _started(self, _: object) -> None:
        self.up = True
        self.detail = "connected"


class PluginService(app.Service):
    """The service with that link."""

    def __init__(self, settings: Config, manager: ServiceManager) -> None:
        super().__init__(settings, lambda: settings, manager)
        self._xmpp = PluginLink(settings)  # type: ignore[assignment]


if __name__ == "__main__":
    uvloop.run(PluginService(config.load(Path(sys.argv[1])), ServiceManager()).run())
