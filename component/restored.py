"""The state as the database has it, when the service starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from component.domain.state import State
from component.garbage import collected_never, give_back
from component.outbox import Outbox
from component.ports import Store, Stored
from component.pubsub.service import PubSub
from component.records import Ledger


@dataclass(frozen=True, slots=True)
class Restored:
    """All that the engine works on."""

    ledger: Ledger
    pubsub: PubSub
    state: State
    outbox: Outbox
    accounts: Mapping[str, str]
    """Extension → the account of who is there."""


async def restore(store: Store, ledger: Ledger, pubsub: PubSub, now: datetime) -> Restored:
    """Read everything; `pubsub` is given its part. Raises `StoreUnavailableError`."""
    with collected_never():
        restored = _taken_over(await store.load(), ledger, pubsub, now)
    give_back()
    return restored


def _taken_over(stored: Stored, ledger: Ledger, pubsub: PubSub, now: datetime) -> Restored:
    pubsub.load(
        stored.nodes,
        stored.affiliations,
        stored.subscriptions,
        stored.items,
        stored.contacts,
        redirects=stored.redirects,
        held=stored.held,
    )
    pubsub.resume(now)
    state = _state(ledger, stored)
    accounts = {agent.extension: agent.account for agent in state.agents.values()}
    return Restored(ledger, pubsub, state, Outbox(stored.outgoing, now), accounts)


def _state(ledger: Ledger, stored: Stored) -> State:
    state = State(ledger)
    state.load(
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
    return state
