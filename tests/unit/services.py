"""A whole service in memory: the real engine, domain and publish-subscribe rules, no sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from xml.etree import ElementTree as ET

from component.domain.commands import CallCommand, Command
from component.domain.events import AsteriskFound, CallerEntered, LogOn
from component.domain.model import Agent, Caller, Customer, Member
from component.domain.queue import Queue
from component.domain.state import State
from component.engine import Engine
from component.handlers.presence import presence_markup
from component.markup import Markup
from component.outbox import Outbox
from component.ports import Committed, Outgoing
from component.pubsub.model import ItemPublished, LastItem, Notification
from component.pubsub.service import PubSub, Request
from component.records import Ledger
from component.storage.memory import MemoryStore

DOMAIN = "ivr.example.com"

COMPANY_1 = Customer(1, "1111", "Company 1", {"contract": "gold"})


def demo_store() -> MemoryStore:
    """A store with one queue and three extensions."""
    seconds = timedelta(seconds=1)
    extensions = ("1000", "2000", "3000")
    return MemoryStore(
        queues=[Queue("support", timeout=15 * seconds, retry=5 * seconds, max_wait=60 * seconds)],
        agents=[Agent(e, f"PJSIP/{e}", f"user{e[0]}@example.com") for e in extensions],
        members=[Member("support", e) for e in extensions],
        customers=[COMPANY_1],
    )


class Outside:
    """Asterisk, the XMPP server, the clock and the metrics, all of which only take notes.

    `done` lists what reached the outside, in order.
    """

    def __init__(self) -> None:
        self.done: list[CallCommand | Outgoing] = []
        self.announced: list[Markup] = []
        self.discarded: list[str] = []
        self.watched: list[str] = []
        self.decided: list[Command] = []
        self.turned_away_from: list[str] = []
        self.time = datetime(2026, 1, 1, 9, tzinfo=UTC)

    def perform(self, commands: Iterable[CallCommand]) -> None:
        self.done += commands

    def discard_bridge(self, bridge: str) -> None:
        self.discarded.append(bridge)

    def watch_devices(self, devices: Sequence[str]) -> None:
        self.watched += devices

    def send(self, messages: Sequence[Outgoing]) -> None:
        self.done += messages

    def announce(self, presences: Sequence[Markup]) -> None:
        self.announced += presences

    def now(self) -> datetime:
        return self.time

    def committed(self, what: Committed) -> None:
        self.decided += what.commands

    def turned_away(self, queue: str) -> None:
        self.turned_away_from.append(queue)


class Service:
    """An engine that runs, and all that it is plugged into."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.outside = Outside()
        ledger = Ledger()
        self.state = State(ledger)
        self.pubsub = PubSub(ledger, DOMAIN, {})
        self._ledger = ledger

    async def start(self) -> None:
        stored = await self.store.load()
        self.state.load(
            stored.queues,
            stored.agents,
            stored.members,
            stored.calls,
            stored.turns,
            last_logged=stored.last_logged,
            holdtimes=stored.holdtimes,
            spoke=stored.spoke,
            passed_on=stored.passed_on,
        )
        self.pubsub.load(
            stored.nodes,
            stored.affiliations,
            stored.subscriptions,
            stored.items,
            stored.contacts,
            redirects=stored.redirects,
            held=stored.held,
        )
        outbox = Outbox(stored.outgoing, self.outside.now())
        self.engine = Engine(
            ledger=self._ledger,
            state=self.state,
            pubsub=self.pubsub,
            outbox=outbox,
            store=self.store,
            control=self.outside,
            publisher=self.outside,
            clock=self.outside,
            rng=Random(0),
            observer=self.outside,
            render=render,
            shown_in=node_shown_in,
            render_presence=presence_markup,
            address=DOMAIN,
        )
        accounts = {agent.extension: agent.jid for agent in self.state.agents.values()}
        self.task = asyncio.create_task(self.engine.run())
        await self.engine.pubsub(lambda pubsub, _: pubsub.provision(accounts, 20))

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])

    async def log_on(self, *extensions: str) -> None:
        for extension in extensions:
            await self.engine.step(LogOn(f"PJSIP/{extension}", "support"))

    async def subscribe(self, extension: str) -> None:
        account = f"user{extension[0]}@example.com"
        await self.engine.pubsub(
            lambda pubsub, now: pubsub.subscribe(
                Request(account, DOMAIN, f"ext{extension}"), account, f"sub{extension}", now
            )
        )

    def enter(self, number: int = 1) -> CallerEntered:
        """The fact that a caller entered, not yet told to the engine."""
        channel = f"channel{number}"
        caller = Caller(f"555010{number}")
        return CallerEntered(f"call{number}", "support", channel, caller, "1111", COMPANY_1)


def render(notification: Notification) -> str:
    """What a notification says, in short."""
    event = notification.event
    if isinstance(event, ItemPublished):
        return f"<published node='{notification.node}'>{event.item.xml}</published>"
    if isinstance(event, LastItem):
        return f"<last node='{notification.node}'>{event.item.xml}</last>"
    return f"<{type(event).__name__} node='{notification.node}'/>"


def node_shown_in(body: str) -> str | None:
    """The node of what `render` says of an item."""
    said = ET.fromstring(f"<message>{body}</message>")[0]
    return said.get("node") if said.tag in ("published", "last", "ItemRetracted") else None


@asynccontextmanager
async def running(store: MemoryStore | None = None) -> AsyncIterator[Service]:
    """Run a service on a store, with Asterisk there."""
    service = Service(store or demo_store())
    await service.start()
    try:
        await service.engine.step(AsteriskFound())
        yield service
    finally:
        await service.stop()
