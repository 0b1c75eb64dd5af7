"""One life of the service: the real engine and the real adapter for Asterisk, from start to death.

It is put together as the composition root does it, with models in place of sockets.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import takewhile
from random import Random
from typing import TypeVar

from component.configuration import Takeover
from component.domain.events import CallerEntered, CallerReplaced, Event
from component.domain.state import State
from component.engine import Engine
from component.handlers.presence import presence_markup
from component.outbox import Outbox
from component.ports import Committed, Snapshot, Stored, StoreUnavailableError, WaitingChannel
from component.pubsub.addresses import bare, extension_node
from component.pubsub.model import ItemPublished, ItemRetracted, Role
from component.pubsub.service import PubSub
from component.records import Ledger
from component.telephony.asterisk import Asterisk as Adapter
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
    on_connecting: Callable[[], None]


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
        self._seen: dict[str, int] = {}
        """For which time a caller's channel was there of which the engine has been told."""
        self._adopted: list[dict[str, int]] = []
        """Callers who came while nobody listened and are to enter, as they came: the channels, and
        for which time each is there."""

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
            tasks.create_task(self.adapter.run())

    def committed(self, what: Committed) -> None:
        """Count, as an observer; and see that nobody is shown what is another's.

        Until the nodes are provisioned, those who had a removed extension are shown its last call.
        """
        self.around.history.counts["commits"] += 1
        before: dict[str, str] = {}
        for agent in what.changes.agents:
            node = extension_node(agent.extension)
            before[node] = self._accounts.get(node, agent.account)
            self._accounts[node] = agent.account
        for shown in what.notifications if self.serving else ():
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
            "lanes of commands": len(self.adapter._control._lanes),
            "announcements to be cut off": len(self.adapter._control._owed),
            "callers being looked up": len(self.adapter._intake._entering),
            "phones looked after": len(self.adapter._ringing._devices),
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
        self.adapter = Adapter(
            self._new_ari(),
            APP,
            directory=around.store,
            lookup_deadline=LOOKUP_DEADLINE,
            submit=self._submit,
            reconcile=self._reconcile,
            acted_until=lambda: self.engine.acted_until,
            devices=lambda: [d for agent in self.state.agents.values() for d in agent.devices],
            shown=self.link.settled,
            new_id=around.new_id,
        )
        self.engine = Engine(
            ledger=self.ledger,
            state=self.state,
            pubsub=self.pubsub,
            outbox=self.outbox,
            store=around.store,
            control=self.adapter.control,
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

    def _new_ari(self) -> SimulatedAri:
        around = self.around
        return SimulatedAri(
            around.asterisk, around.dice, around.history, around.on_fault, around.on_dying,
            around.on_connecting,
        )  # fmt: skip

    def _submit(self, event: Event) -> None:
        if isinstance(event, CallerEntered):
            self._seen[event.channel] = self.around.asterisk.stays[event.channel]
            self._enters_in_turn(event.channel)
        elif isinstance(event, CallerReplaced):
            self._is_passed_on(event)
        self.engine.submit(event)

    def _is_passed_on(self, event: CallerReplaced) -> None:
        """Look whether nobody is sent away in whose place a caller is about to come.

        While it is being compared what there is, whoever is there is found. The engine may yet
        have to take in who has entered.
        """
        stays, is_known = self.around.asterisk.stays, self.state.call_on(event.channel) is not None
        if is_known or self._seen.get(event.channel) == stays[event.channel]:
            self._seen[event.by] = stays[event.by]
        elif not event.unsettled:
            self.around.history.fail(f"{event.by} is lost: {event.channel} is about to enter")

    def _enters_in_turn(self, channel: str) -> None:
        """Look whether nobody is passed over who came before, while nobody listened.

        Of who leaves before the comparison after the next connect nothing is told.
        """
        asterisk = self.around.asterisk
        for line in self._adopted:
            if channel not in line:
                continue
            for other, stay in takewhile(lambda one: one[0] != channel, line.items()):
                there = asterisk.channels.get(other)
                if there is not None and there.in_stasis and asterisk.stays[other] == stay:
                    self.around.history.fail(f"{channel} enters before {other}")
            del line[channel]

    async def _reconcile(self, snapshot: Snapshot) -> tuple[WaitingChannel, ...]:
        """Have the engine compare, and note whom it does not know: they are to enter in turn."""
        history, intake = self.around.history, self.adapter._intake
        history.note("reconcile", sorted(map(str, snapshot.ringing_legs)))
        strangers = await self.engine.reconcile(snapshot)
        for caller in strangers:
            history.note("stranger", caller.channel)
        for caller in snapshot.callers:
            if caller not in strangers:
                self._seen[caller.channel] = self.around.asterisk.stays[caller.channel]
        known = snapshot.newcomers | intake._entering.keys() | (intake._told or set())
        stays = self.around.asterisk.stays
        new = [caller.channel for caller in strangers if caller.channel not in known]
        for line in self._adopted:  # whose place they have they know no more if the event is lost
            for channel in new:
                line.pop(channel, None)
        self._adopted.append({channel: stays[channel] for channel in new})
        self.settled_at = self.around.loop.time()
        return strangers

    async def _until_there(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except StoreUnavailableError:
                await asyncio.sleep(1.0)
