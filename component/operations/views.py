"""How things stand, in tables: agents, queues, and the callers who wait or talk."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from component.domain.model import Agent, Call, Member
from component.domain.queue import Queue
from component.domain.state import State
from component.domain.words import AgentState, MemberState
from component.operations.model import Cell, Table

AGENT_COLUMNS = (
    "extension", "state", "for", "queues", "reason", "calls", "last_call", "logged_on_at",
    "device", "account",
)  # fmt: skip
QUEUE_COLUMNS = (
    "queue", "state", "waiting", "longest_wait", "logged_on", "free", "paused", "busy", "strategy",
)  # fmt: skip
CALL_COLUMNS = (
    "call", "queue", "state", "position", "priority", "waited", "talked", "agent", "caller",
    "customer",
)  # fmt: skip

_BRIEF = {
    AGENT_COLUMNS: ("extension", "state", "for", "queues", "reason", "calls"),
    QUEUE_COLUMNS: (
        "queue", "state", "waiting", "longest_wait", "logged_on", "free", "paused", "busy",
    ),
}  # fmt: skip

_BUSY = {
    AgentState.RESERVED: "ringing",
    AgentState.ON_CALL: "on call",
    AgentState.WRAP_UP: "wrap-up",
}


def agents_table(state: State, extensions: Iterable[str], now: datetime) -> Table:
    """Return how agents are, each in a row."""
    return Table(AGENT_COLUMNS, tuple(_agent_row(state, e, now) for e in extensions))


def queues_table(state: State, now: datetime) -> Table:
    """Return how all queues are, by name."""
    queues = (state.queues[name] for name in queue_names(state))
    return Table(QUEUE_COLUMNS, tuple(_queue_row(state, queue, now) for queue in queues))


def calls_table(state: State, now: datetime, queue: str = "") -> Table:
    """Return the calls of a queue, or of all, that have not ended: those who wait come first."""
    rows = [_call_row(state, call, now) for call in _calls(state, queue)]
    return Table(CALL_COLUMNS, tuple(rows))


def briefly(table: Table) -> Table:
    """Return what of a table is looked at all day, for where there is little room."""
    columns = _BRIEF.get(table.columns, table.columns)
    places = [table.columns.index(column) for column in columns]
    return Table(columns, tuple(tuple(row[place] for place in places) for row in table.rows))


def queue_names(state: State) -> list[str]:
    """Return the names of all queues, sorted."""
    return sorted(state.queues)


def members_of(state: State, extension: str) -> list[Member]:
    """Return an agent's places in queues."""
    return [state.members[queue, extension] for queue in state.queues_of(extension)]


def condition(agent: Agent, members: Iterable[Member]) -> str:
    """Return in a word how an agent is."""
    logged_on = [member for member in members if member.state is not MemberState.LOGGED_OFF]
    if len(agent.talks) > 1:
        return f"on {len(agent.talks)} calls"
    if agent.state in _BUSY:
        return _BUSY[agent.state]
    if not logged_on:
        return "logged off"
    if not agent.device_state.is_there:
        return "no telephone"
    if all(member.state is MemberState.PAUSED for member in logged_on):
        return "paused"
    if agent.do_not_disturb:
        return "do not disturb"
    return "free" if agent.device_state.can_ring else "on the telephone"


def is_queued(call: Call) -> bool:
    """Tell whether a caller waits to be connected, perhaps while a phone rings."""
    return call.is_waiting and not call.direct


def _agent_row(state: State, extension: str, now: datetime) -> tuple[Cell, ...]:
    agent, members = state.agents[extension], members_of(state, extension)
    logged_on = [member for member in members if member.state is not MemberState.LOGGED_OFF]
    since = _since(state, agent, logged_on)
    reasons = dict.fromkeys(member.pause_reason for member in logged_on if member.pause_reason)
    return (
        extension,
        condition(agent, members),
        None if since is None else now - since,
        ", ".join(member.queue for member in logged_on),
        ", ".join(reasons),
        agent.calls_taken,
        agent.last_call,
        min((m.logged_on_at for m in logged_on if m.logged_on_at), default=None),
        agent.device,
        agent.account,
    )


def _since(state: State, agent: Agent, logged_on: Sequence[Member]) -> datetime | None:
    """Return since when an agent is as `condition` says; None: that is not known.

    Who is free is idle since the last call, even one before the log-on: so `leastrecent` has it.
    """
    if agent.leg is not None:
        call = state.calls.get(agent.leg.call_id)
        offer = None if call is None else call.offer_on(agent.leg)
        return None if offer is None else offer.answered_at or offer.offered_at
    if agent.state is AgentState.WRAP_UP:
        return agent.last_call
    match condition(agent, logged_on):
        case "paused":
            return min(m.paused_at for m in logged_on if m.paused_at)
        case "free":
            return agent.last_call or min(m.logged_on_at for m in logged_on if m.logged_on_at)
    return None


def _queue_row(state: State, queue: Queue, now: datetime) -> tuple[Cell, ...]:
    conditions = [
        _BUSY.get(state.agents[member.extension].state)
        or ("paused" if member.state is MemberState.PAUSED else None)
        or condition(state.agents[member.extension], [member])
        for member in state.logged_on(queue.name)
    ]
    longest = state.longest_waiting(queue.name)
    return (
        queue.name,
        "closed" if queue.closed_until is not None and now < queue.closed_until else "open",
        state.callers(queue.name),
        None if longest is None else now - longest,
        len(conditions),
        conditions.count("free"),
        conditions.count("paused"),
        sum(condition in _BUSY.values() for condition in conditions),
        queue.strategy.value,
    )


def _calls(state: State, queue: str) -> list[Call]:
    calls = [call for call in state.calls.values() if queue in ("", call.queue)]
    return sorted(calls, key=lambda call: _place(state, call))


def _place(state: State, call: Call) -> tuple[bool, str, int, datetime]:
    queued = is_queued(call)
    return not queued, call.queue, state.position(call) if queued else 0, call.entered_at


def _call_row(state: State, call: Call, now: datetime) -> tuple[Cell, ...]:
    waited = (call.answered_at or now) - call.entered_at
    talked: timedelta | None = None if call.answered_at is None else now - call.answered_at
    return (
        call.id,
        call.queue,
        call.state.value,
        state.position(call) if is_queued(call) else None,
        call.priority,
        waited,
        talked,
        call.extension,
        call.caller.number,
        "" if call.customer is None else call.customer.name,
    )
