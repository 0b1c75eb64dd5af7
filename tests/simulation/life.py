"""One life of the service: the real engine and the real adapter for Asterisk, from start to death.

It is put together as the composition root does it, with models in place of sockets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from component.configuration import Takeover
from component.domain.events import (
    AsteriskLost,
    CallerEntered,
    CallerLeft,
    DeviceStateChanged,
    Event,
)
from component.domain.state import State
from component.engine import Engine
from component.handlers.presence import presence_markup
from component.outbox import Outbox
from component.ports import Committed, Stored, StoreRefusedError, StoreUnavailableError
from component.pubsub.addresses import bare, extension_node
from component.pubsub.model import ItemPublished, ItemRetracted, Role
from component.pubsub.service import PubSub
from component.records import Ledger
from component.telephony.connection import AriConnection
from component.telephony.control import AriCallControl
from component.telephony.errors import NotSettledError
from component.telephony.intake import Intake
from component.telephony.snapshot import SnapshotReader
from tests.simulation.ari import SimulatedAri
from tests.simulation.asterisk import Asterisk
from tests.simulation.channels import APP
from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.phone_codes import PhoneCodes
from tests.simulation.store import LOOKUP_DEADLINE, UnreliableStore
from tests.simulation.xmpp import Link, node_shown_in, render

T = TypeVar("T")

ADDRESS = "ivr.example.com"
WALLBOARD = "wallboard@example.com"
"""Who may see all that is shown, whoever sits where."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What outlives the service."""

    loop: VirtualTimeLoop
    dice: Random
    history: History
    store: UnreliableStore
    asterisk: Asterisk
    new_id: Callable[[], str]
    on_fault: Callable[[str], None]
    on_dying: Callable[[], None]


class Life:
    """The service, from `run` until its tasks are cancelled."""

    def __init__(self, around: Surroundings, link: Link) -> None:
        self.around = around
        self.link = link
        self.ledger = Ledger()
        self.state = State(self.ledger)
        self.pubsub = PubSub(self.ledger, ADDRESS, {WALLBOARD: Role.MEMBER})
        self.serving = False
        self.settled_at: float | None = None
        """When it last had compared what Asterisk has with what it believes."""
        self._adopted: list[list[str]] = []
        """The channels of callers who came while nobody listened and are to enter, as they came."""

    async def run(self, on_loaded: Callable[[Stored], None]) -> None:
        """Serve until cancelled."""
        stored = await self._until_there(self.around.store.load)
        on_loaded(stored)
        self._wire(stored)
        accounts = {agent.extension: agent.account for agent in self.state.agents.values()}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.engine.run())
            await self._until_there(
                lambda: self.engine.pubsub(lambda pubsub, _: pubsub.provision(accounts, 20))
            )
            self.link.connect(self.engine)
            self.serving = True
            tasks.create_task(self.connection.run())

    def committed(self, what: Committed) -> None:
        """Count, as an observer; and see that nobody is shown what is another's."""
        self.around.history.counts["commits"] += 1
        before: dict[str, str] = {}
        for agent in what.changes.agents:
            node = extension_node(agent.extension)
            before[node] = self._accounts.get(node, agent.account)
            self._accounts[node] = agent.account
        for shown in what.notifications:
            if isinstance(shown.event, ItemPublished | ItemRetracted):
                account = self._accounts[shown.node]
                entitled = {WALLBOARD, account, before.get(shown.node, account)}
                if not entitled.issuperset(map(bare, shown.recipients)):
                    self.around.history.fail(f"{shown} is for {entitled} only")

    def turned_away(self, queue: str) -> None:
        self.around.history.note("turned away", queue)

    @property
    def backlog(self) -> dict[str, int]:
        """What the engine and the adapter have yet to do, by its name."""
        return {
            "facts in the inbox": len(self.engine._inbox),
            "messages owed": len(self.outbox),
            "lanes of commands": len(self.control._lanes),
            "callers being looked up": len(self.intake._entering),
            "timers": self.around.loop.timers_of(self.engine),
        }

    def _wire(self, stored: Stored) -> None:
        around = self.around
        self.state.load(
            stored.queues,
            stored.agents,
            stored.members,
            stored.calls,
            stored.turns,
            last_logged=stored.last_logged,
            holdtimes=stored.holdtimes,
            spoke=stored.spoke,
            asked=stored.asked,
            passed_on=stored.passed_on,
        )
        self._accounts = {
            extension_node(a.extension): a.account for a in self.state.agents.values()
        }
        self.pubsub.load(stored.nodes, stored.affiliations, stored.subscriptions, stored.items)
        self.outbox = Outbox(stored.outgoing, around.loop.now())
        self._ari = ari = SimulatedAri(
            around.asterisk, around.dice, around.history, around.on_fault, around.on_dying
        )
        self.control = AriCallControl(
            ari,
            APP,
            self._submit,
            connected=lambda: self.connection.connected,
            shown=self.link.settled,
            watch=self._watch,
        )
        self.engine = Engine(
            ledger=self.ledger,
            state=self.state,
            pubsub=self.pubsub,
            outbox=self.outbox,
            store=around.store,
            control=self.control,
            publisher=self.link,
            clock=around.loop,
            observer=self,
            render=render,
            shown_in=node_shown_in,
            render_presence=presence_markup,
            address=ADDRESS,
            rng=around.dice,
        )
        self.takeover = Takeover(self.state, self.engine.step)
        self.phone_codes = PhoneCodes(around.store, self.engine.step, around.loop, around.history)
        self._snapshots = SnapshotReader(ari, APP)
        self.intake = Intake(self._submit, around.store, LOOKUP_DEADLINE, around.new_id)
        self.connection = AriConnection(
            ari,
            APP,
            on_event=self.intake.receive,
            on_connected=self._settle,
            on_lost=lambda: self.engine.submit(AsteriskLost()),
            devices=self._devices,
        )

    def _devices(self) -> list[str]:
        return [device for agent in self.state.agents.values() for device in agent.devices]

    async def _watch(self, devices: Sequence[str]) -> None:
        await self._ari.subscribe_device_states(APP, devices)
        for device, state in (await self._snapshots.states(devices)).items():
            self.engine.submit(DeviceStateChanged(device, state))

    def _submit(self, event: Event) -> None:
        if isinstance(event, DeviceStateChanged | CallerLeft):
            self._snapshots.note(event)
        if isinstance(event, CallerLeft):
            self.control.caller_left(event.channel)
        if isinstance(event, CallerEntered):
            self._enters_in_turn(event.channel)
        self.engine.submit(event)

    def _enters_in_turn(self, channel: str) -> None:
        """Look whether nobody is passed over who came before, while nobody listened."""
        for line in self._adopted:
            if channel in line:
                if line.index(channel):
                    self.around.history.fail(f"{channel} enters before {line[0]}")
                line.remove(channel)

    async def _settle(self) -> None:
        self.intake.begin_listing()
        found = await self._snapshots.read(self._devices(), self.engine.acted_until)
        snapshot = replace(found, newcomers=self.intake.newcomers)
        self.around.history.note("reconcile", sorted(map(str, snapshot.ringing_legs)))
        try:
            strangers = await self.engine.reconcile(snapshot)
        except (StoreUnavailableError, StoreRefusedError) as error:
            raise NotSettledError(str(error)) from error
        for caller in strangers:
            self.around.history.note("stranger", caller.channel)
        told = self.intake._told or set()
        known = snapshot.newcomers | self.intake._entering.keys() | told
        self._adopted.append([c.channel for c in strangers if c.channel not in known])
        listed = [caller.channel for caller in snapshot.callers]
        self.intake.adopt(strangers, listed, snapshot.newcomers)
        self.settled_at = self.around.loop.time()

    async def _until_there(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except StoreUnavailableError:
                await asyncio.sleep(1.0)
