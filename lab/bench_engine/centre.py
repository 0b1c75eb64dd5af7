"""The engine with everything that a fact passes through, except Asterisk and the XMPP server.

PostgreSQL is real and durable; notifications are made, counted and logged as ever.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import SystemRandom

import asyncpg

from component.clock import SystemClock
from component.domain.commands import CallCommand, Ring
from component.domain.events import AsteriskFound
from component.engine import Engine
from component.handlers.notify import event_markup, node_shown_in
from component.handlers.presence import presence_markup
from component.journal import Journal, Observers
from component.markup import Markup
from component.metrics import Metrics
from component.observer import EngineObserver
from component.ports import Committed, Outgoing
from component.pubsub.addresses import extension_node
from component.pubsub.service import PubSub, Request
from component.records import Ledger
from component.restored import restore
from component.storage.embedded import EmbeddedServer
from component.storage.migrations import migrate
from component.storage.postgres import PostgresStore

DOMAIN = "ivr.example.com"
QUEUE = "q"

ACCOUNT = "agents@example.com"
"""All agents have one account, as if one program showed the calls of all."""


class Outside:
    """Asterisk and the XMPP server: whatever they are given, they are done with at once."""

    def __init__(self) -> None:
        self.rung: asyncio.Queue[Ring] = asyncio.Queue()
        self.engine: Engine | None = None
        self.also: Callable[[Iterable[CallCommand]], None] = lambda _: None
        """Told of all that is to be done, too."""

    def perform(self, commands: Iterable[CallCommand]) -> None:
        """Take note of phones that are to be rung."""
        given = list(commands)
        for command in given:
            if isinstance(command, Ring):
                self.rung.put_nowait(command)
        self.also(given)

    def discard_bridge(self, call_id: str) -> None:
        """Do nothing."""

    def watch_devices(self, devices: Sequence[str]) -> None:
        """Do nothing."""

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Confirm the messages a moment later, as the ping after them would."""
        assert self.engine is not None, "the engine is set before it runs"
        confirm, seqs = self.engine.confirm, [message.seq for message in messages]
        asyncio.get_running_loop().call_soon(confirm, seqs)

    def announce(self, presences: Sequence[Markup]) -> None:
        """Do nothing."""


class Commits:
    """Takes note of how long transactions took, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def committed(self, what: Committed) -> None:
        """Take note of those that wrote anything."""
        if what.changes:
            self.seconds.append(what.duration.total_seconds())

    def turned_away(self, queue: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Centre:
    """What runs."""

    engine: Engine
    outside: Outside
    commits: Commits
    database: str
    """Where its records are."""


def agent(number: int) -> str:
    """Name an agent, from 0."""
    return f"a{number:05}"


@asynccontextmanager
async def running(directory: Path, agents: int) -> AsyncIterator[Centre]:
    """Run an engine with one queue of so many agents, all of whom are logged on and subscribe."""
    server = await EmbeddedServer.start(directory)
    try:
        await migrate(server.url)
        await _fill(server.url, agents)
        async with PostgresStore(server.url) as store, _engine(store, server.url) as centre:
            yield centre
    finally:
        await server.stop()


@asynccontextmanager
async def _engine(store: PostgresStore, url: str) -> AsyncIterator[Centre]:
    clock, ledger, outside, commits = SystemClock(), Ledger(), Outside(), Commits()
    pubsub = PubSub(ledger, DOMAIN, {})
    restored = await restore(store, ledger, pubsub, clock.now())
    state, outbox = restored.state, restored.outbox
    counted = EngineObserver(Metrics("0"), state, outbox, clock)
    engine = outside.engine = Engine(
        ledger=ledger,
        state=state,
        pubsub=pubsub,
        outbox=outbox,
        store=store,
        control=outside,
        publisher=outside,
        clock=clock,
        rng=SystemRandom(),
        observer=Observers(counted, Journal(state, clock), commits),
        render=event_markup,
        shown_in=node_shown_in,
        render_presence=presence_markup,
        address=DOMAIN,
    )
    running = asyncio.create_task(engine.run())
    try:
        await engine.pubsub(lambda pubsub, _: pubsub.provision(restored.accounts, 20))
        await engine.pubsub(lambda pubsub, now: _subscribe(pubsub, restored.accounts, now))
        await engine.step(AsteriskFound())
        yield Centre(engine, outside, commits, url)
    finally:
        running.cancel()
        await asyncio.wait([running])


def _subscribe(pubsub: PubSub, accounts: Mapping[str, str], now: datetime) -> None:
    """Let each agent's software see the agent's calls."""
    for extension, account in accounts.items():
        request = Request(account, DOMAIN, extension_node(extension))
        pubsub.subscribe(request, account, f"sub{extension}", now)


async def _fill(url: str, agents: int) -> None:
    connection = await asyncpg.connect(url)
    names = [agent(number) for number in range(agents)]
    try:
        await connection.execute(
            "INSERT INTO extensions (extension, device, jid)"
            " SELECT name, 'PJSIP/' || name, $2 FROM unnest($1::text[]) AS name",
            names,
            ACCOUNT,
        )
        await connection.execute(
            "INSERT INTO queues (name, timeout, retry, max_wait, message_to)"
            " VALUES ($1, 600, 1, 3600, 'agent')",
            QUEUE,
        )
        await connection.execute(
            "INSERT INTO members (queue, extension, logged_on_at, logon_order)"
            " SELECT $1, name, now(), place FROM unnest($2::text[])"
            " WITH ORDINALITY AS new (name, place)",
            QUEUE,
            names,
        )
    finally:
        await connection.close()
