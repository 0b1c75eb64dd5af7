"""The component on a real server: the real rules, handlers and link; an engine without a store."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Self, TypeVar
from xml.etree import ElementTree as ET

from component.domain.events import Event
from component.domain.state import State
from component.domain.step import step
from component.handlers.dispatch import dispatcher
from component.handlers.notify import event_markup
from component.markup import Markup
from component.operations.desk import Desk
from component.operations.rights import Staff
from component.ports import Outgoing
from component.pubsub.model import Item, Role
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.presence import Contact, Presence, PresenceNotice
from component.pubsub.service import PubSub
from component.records import Ledger
from component.xmpp.link import XmppLink
from component.xmpp.session import Place, Timings
from lab.xmpp_server import COMPONENT, XmppServerSettings
from tests.small_centre import Notebook, small_centre

T = TypeVar("T")

PATIENCE = 20.0

QUICK = Timings(
    handshake=3.0,
    keepalive=0.3,
    answer=2.0,
    goodbye=0.5,
    first_retry=0.1,
    longest_retry=0.5,
    refused_retry=0.5,
)
"""For a server that is to be found dead."""
PATIENT = replace(QUICK, handshake=PATIENCE, answer=PATIENCE)
"""For one that lives, on a machine that has much to do."""

ADMIN = "user3@example.com"
ACCOUNTS = {"1000": "user1@example.com", "2000": "user2@example.com"}


class Service:
    """Owes messages until the server has confirmed them, as the engine does.

    `async with` runs it; the server need not be there.
    """

    def __init__(
        self,
        settings: XmppServerSettings,
        timings: Timings = PATIENT,
        domain: str = COMPONENT,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._domain = domain
        self._policy = policy
        ledger = Ledger()
        self.state = small_centre(ledger, ACCOUNTS)
        self.books = Notebook()
        self._pubsub = PubSub(ledger, domain, {ADMIN: Role.OWNER}, policy)
        self._pubsub.provision(ACCOUNTS, 20)
        self._owed: dict[int, Outgoing] = {}
        self._seq = 0
        self.confirmed: list[int] = []
        self.presences_heard: list[ET.Element] = []
        self.is_working = asyncio.Event()
        """Cleared, requests wait as they do while the database is slow."""
        self.is_working.set()
        port, secret = settings.component_port, settings.component_secret
        self.link = XmppLink(Place(domain, "127.0.0.1", port, secret), timings)

    async def __aenter__(self) -> Self:
        ids = count(1)
        self._dispatcher = dispatcher(
            self,
            self._domain,
            "1.2.3",
            lambda: f"new-{next(ids)}",
            self._policy,
            desk=Desk(self, self.books),
            staff=Staff(self._domain, administrators=frozenset({ADMIN})),
        )
        self._task = asyncio.create_task(self.link.run(self, self))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    # What the link and the handlers see. --------------------------------------------------------

    async def answer(self, stanza: ET.Element) -> Markup | None:
        if stanza.tag.endswith("}presence"):
            self.presences_heard.append(stanza)
        return await self._dispatcher.answer(stanza)

    def decline(self, stanza: ET.Element) -> Markup | None:
        return self._dispatcher.decline(stanza)

    async def pubsub(
        self, operation: Callable[[PubSub, datetime], T], *, patient: bool = False
    ) -> T:
        await self.is_working.wait()
        result = operation(self._pubsub, datetime.now(UTC))
        notifications = self._pubsub.take_notifications()
        self.send(
            *(
                self.message(event_markup(n), *n.recipients, sender=n.service, type_=n.type)
                for n in notifications
            )
        )
        self.link.announce(self._stanzas(self._pubsub.take_presences()))
        return result

    async def errand(self, run: Callable[[State, Callable[[Event], None], datetime], T]) -> T:
        await self.is_working.wait()
        now = datetime.now(UTC)
        return run(self.state, lambda event: self._step(event, now), now)

    def _step(self, event: Event, now: datetime) -> None:
        step(self.state, event, now, Random(0))

    async def whole(self, items: Sequence[Item]) -> list[Item]:
        return list(items)

    def _stanzas(self, notices: Iterable[PresenceNotice]) -> list[Markup]:
        return [stanza for notice in notices for stanza in self._dispatcher.presence(notice)]

    def owed(self) -> list[Outgoing]:
        return list(self._owed.values())

    def confirm(self, seqs: Iterable[int]) -> None:
        for seq in seqs:
            del self._owed[seq]
            self.confirmed.append(seq)

    def presences(self) -> list[Markup]:
        self._pubsub.forget_audience(datetime.now(UTC))
        return self._stanzas(self._pubsub.shown())

    def farewell(self) -> list[Markup]:
        return self._stanzas(self._pubsub.farewell())

    # What a test does. --------------------------------------------------------------------------

    @property
    def contacts(self) -> list[Contact]:
        return list(self._pubsub.contacts.values())

    def heard_presence(self, sender: str, type_: str, show: str | None = None) -> bool:
        """Tell whether such presence came in."""
        return any(
            (heard.get("from"), heard.get("type", ""), heard.findtext("{*}show"))
            == (sender, type_, show)
            for heard in self.presences_heard
        )

    async def reconnect(self) -> None:
        """Lose the connection and make it again, with all that is known."""
        await self.__aexit__()
        await self.__aenter__()
        await self.is_up()

    async def publish(self, item_id: str, payload: str = "<call xmlns='urn:x'/>") -> None:
        await self.pubsub(
            lambda pubsub, now: pubsub.publish("ext1000", item_id, payload, COMPONENT, now)
        )

    async def show(self, presence: Presence, address: str = f"ext1000@{COMPONENT}") -> None:
        await self.pubsub(lambda pubsub, _: pubsub.show(address, presence))

    def message(
        self, body: str, *recipients: str, sender: str = COMPONENT, type_: str = "headline"
    ) -> Outgoing:
        """Return a message that is sent after all those before."""
        self._seq += 1
        return Outgoing(self._seq, sender, recipients, type_, body)

    def send(self, *messages: Outgoing) -> None:
        """Owe messages and hand them over."""
        self._owed.update((message.seq, message) for message in messages)
        self.link.send(messages)

    async def is_up(self) -> None:
        await until(lambda: self.link.up)

    async def is_down(self) -> None:
        await until(lambda: not self.link.up)

    async def owes_nothing(self) -> None:
        await until(lambda: not self._owed)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so. Raises TimeoutError after a generous time."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
