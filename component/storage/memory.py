"""A store without a database: for tests of the engine, and for simulation.

It keeps what PostgreSQL would keep; one behavioural test suite runs against both.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import TypeVar

from component.domain import returning
from component.domain.choice import Choice
from component.domain.hold_times import COUNTED, HoldTime
from component.domain.model import Agent, Call, Customer, Member, Spoke, Turn
from component.domain.queue import Queue
from component.domain.queue_log import LogEntry
from component.domain.words import CallState
from component.ports import Changes, Outgoing, Stored, StoreRefusedError, StoreUnavailableError
from component.pubsub.model import Affiliation, Held, Item, Node, Redirect, Subscription, in_store
from component.pubsub.presence import Contact

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class MemoryStore:
    """Tables in memory. While `away` is set nothing can be read or written."""

    def __init__(
        self,
        queues: Iterable[Queue] = (),
        agents: Iterable[Agent] = (),
        members: Iterable[Member] = (),
        customers: Iterable[Customer] = (),
    ) -> None:
        self.away = False
        self.queues = list(queues)
        self.agents = {agent.extension: agent for agent in agents}
        self.members = {(member.queue, member.extension): member for member in members}
        self.customers = {customer.code: customer for customer in customers}
        self.calls: dict[str, Call] = {}
        self.turns: dict[str, Turn] = {}
        self.queue_log: dict[int, LogEntry] = {}
        self.choices: dict[tuple[str, int], Choice] = {}
        self.nodes: dict[str, Node] = {}
        self.affiliations: dict[tuple[str, str], Affiliation] = {}
        self.subscriptions: dict[tuple[str, str, str, str], Subscription] = {}
        self.items: dict[tuple[str, str], Item] = {}
        self.contacts: dict[tuple[str, str], Contact] = {}
        self.redirects: dict[str, Redirect] = {}
        self.held: dict[tuple[str, int], Held] = {}
        self.outgoing: dict[int, Outgoing] = {}

    async def load(self) -> Stored:
        """Read everything. Raises `StoreUnavailableError`."""
        self._require()
        return Stored(
            queues=self.queues,
            agents=sorted(self.agents.values(), key=lambda agent: agent.extension),
            members=sorted(self.members.values(), key=lambda m: (m.logon_order, m.extension)),
            calls=[call for call in self.calls.values() if call.state is not CallState.ENDED],
            turns=list(self.turns.values()),
            last_logged=max(self.queue_log, default=0),
            holdtimes=self._holdtimes(),
            spoke=self._spoke(),
            asked=[request for call in self.calls.values() for request in call.asked],
            passed_on=[
                call
                for call in self.calls.values()
                if call.state is CallState.ENDED and returning.may_return(call)
            ],
            nodes=list(self.nodes.values()),
            affiliations=list(self.affiliations.values()),
            subscriptions=list(self.subscriptions.values()),
            items=sorted(map(_without_payload, self.items.values()), key=lambda item: item.seq),
            contacts=list(self.contacts.values()),
            redirects=sorted(self.redirects.values(), key=lambda redirect: redirect.since),
            held=sorted(self.held.values(), key=lambda held: (held.node, held.seq)),
            outgoing=sorted(self.outgoing.values(), key=lambda message: message.seq),
        )

    async def read_items(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Read items, with their payloads. Raises `StoreUnavailableError`."""
        self._require()
        return [self.items[key] for key in keys if key in self.items]

    async def last_ended(self, channels: Collection[str]) -> list[Call]:
        """Return of each channel the call that ended last. Raises `StoreUnavailableError`."""
        self._require()
        over = [(call.ended_at, call) for call in self.calls.values() if call.channel in channels]
        ended = sorted(((at, call) for at, call in over if at is not None), key=itemgetter(0))
        return list({call.channel: call for _, call in ended}.values())

    async def commit(self, changes: Changes) -> None:
        """Write all changes. Raises `StoreUnavailableError` or `StoreRefusedError`."""
        self._require()
        for (node, *_), subscription in changes.subscriptions.items():
            if subscription and node not in self.nodes and not changes.nodes.get(node):
                raise StoreRefusedError(f"ForeignKeyViolation: no node {node}")
        self._write_state_of(changes.agents, changes.members)
        self.calls |= {call.id: call for call in changes.calls}
        for call_id in changes.calls_gone:
            self.calls.pop(call_id, None)
        self.turns |= {turn.queue: turn for turn in changes.turns}
        _merge(self.queue_log, changes.queue_log)
        _merge(self.choices, changes.choices)
        _merge(self.nodes, changes.nodes)
        _merge(self.affiliations, changes.affiliations)
        _merge(self.subscriptions, changes.subscriptions)
        _merge(self.items, changes.items)
        _merge(self.contacts, changes.contacts)
        _merge(self.redirects, changes.redirects)
        _merge(self.held, changes.held)
        self.outgoing |= {message.seq: message for message in changes.outgoing}
        narrowed = (message for message in changes.narrowed if message.seq in self.outgoing)
        self.outgoing |= {message.seq: message for message in narrowed}
        for seq in changes.delivered:
            self.outgoing.pop(seq, None)

    async def customer(self, code: str, number: str = "") -> Customer | None:
        """Return the customer with this code, or phone. Raises `StoreUnavailableError`."""
        self._require()
        if code:
            return self.customers.get(code)
        found = [c for c in self.customers.values() if c.attributes.get("phone") == number]
        return found[0] if len(found) == 1 else None

    def _write_state_of(self, agents: Iterable[Agent], members: Iterable[Member]) -> None:
        """Write what agents do; what the operator sets of them, and whom he removed, stays so."""
        for agent in agents:
            row = self.agents.get(agent.extension)
            if row is not None:
                self.agents[agent.extension] = replace(
                    agent,
                    device=row.device,
                    jid=row.jid,
                    skills=row.skills,
                    max_calls=row.max_calls,
                    leaving=False,
                )
        for member in members:
            key = (member.queue, member.extension)
            place = self.members.get(key)
            if place is not None:
                self.members[key] = replace(member, penalty=place.penalty, made=place.made)

    def _holdtimes(self) -> dict[str, tuple[HoldTime, ...]]:
        found: dict[str, tuple[HoldTime, ...]] = {}
        answered = (
            (call.answered_at, call.entered_at, call)
            for call in self.calls.values()
            if call.answered_at is not None and call.callback is None and _is_with_first(call)
        )
        for at, entered, call in sorted(answered, key=itemgetter(0, 1)):
            held = HoldTime(call.id, int((at - entered).total_seconds()))
            found[call.queue] = (*found.get(call.queue, ()), held)[-COUNTED:]
        return found

    def _spoke(self) -> list[Spoke]:
        found: dict[int, Spoke] = {}
        for call in self.calls.values():
            if call.ended_at is None or call.customer is None:
                continue
            if call.answered_at is not None and call.extension is not None:
                spoke = Spoke(call.customer.id, call.extension, call.ended_at)
            elif call.has_waited:
                last = call.transfers[-1]
                spoke = Spoke(call.customer.id, last.extension, last.at)
            else:
                continue
            known = found.setdefault(spoke.customer, spoke)
            found[spoke.customer] = max(known, spoke, key=lambda one: one.at)
        return list(found.values())

    def _require(self) -> None:
        if self.away:
            raise StoreUnavailableError("the store is away")


def _without_payload(item: Item) -> Item:
    return replace(item, payload=in_store(item.payload_size)) if item.payload else item


def _is_with_first(call: Call) -> bool:
    """Tell whether nobody had passed the call on, since it entered, when it was answered."""
    at = call.answered_at
    return at is not None and not any(call.entered_at < t.at < at for t in call.transfers)


def _merge(table: dict[K, V], changes: Mapping[K, V | None]) -> None:
    for key, record in changes.items():
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
