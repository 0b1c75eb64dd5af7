"""How the changes of one transaction are written: one statement, one round trip.

Each table's rows travel as one JSON parameter; the parts that have rows are joined into a single
statement of data-modifying CTEs, which PostgreSQL runs as one transaction of its own.
"""

from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache

import orjson

from component.domain.choice import Choice
from component.domain.kept_place import Asked
from component.domain.model import NOTHING, Agent, Call, Member, Offer, Told, Turn
from component.domain.queue_log import LogEntry
from component.domain.terms import USUAL, Terms
from component.ports import Changes, Outgoing
from component.storage import pubsub_writes
from component.storage.rows import Row, deletion, few, gone, keyed

PARTS: dict[str, str] = {
    # The operator may have taken the extension away meanwhile; it is not brought back. Looked for
    # one by one: joined, PostgreSQL would read all extensions with each transaction.
    "agents": """
        INSERT INTO agents
        SELECT new.* FROM json_populate_recordset(NULL::agents, {rows}) AS new,
            LATERAL (SELECT FROM extensions WHERE extension = new.extension OFFSET 0) AS found
        ON CONFLICT (extension) DO UPDATE SET
            state = excluded.state, leg_call = excluded.leg_call,
            leg_attempt = excluded.leg_attempt, queue = excluded.queue,
            wrap_up_until = excluded.wrap_up_until, last_call = excluded.last_call,
            calls_taken = excluded.calls_taken, person = excluded.person,
            person_jid = excluded.person_jid, others = excluded.others,
            deferred = excluded.deferred""",
    # The operator may have taken the membership away meanwhile; it is not brought back.
    "members": f"""
        UPDATE members SET
            logged_on_at = new.logged_on_at, logon_order = new.logon_order,
            paused_at = new.paused_at, pause_reason = new.pause_reason,
            calls_taken = new.calls_taken
        FROM {few("members")} AS new
        WHERE (members.queue, members.extension) = (new.queue, new.extension)""",  # noqa: S608 - the name is ours
    "calls": """
        INSERT INTO calls SELECT * FROM json_populate_recordset(NULL::calls, {rows})
        ON CONFLICT (id) DO UPDATE SET
            queue = excluded.queue, entered_at = excluded.entered_at,
            caller_number = excluded.caller_number, caller_name = excluded.caller_name,
            customer = excluded.customer, priority = excluded.priority,
            original_position = excluded.original_position,
            state = excluded.state, extension = excluded.extension, offers = excluded.offers,
            attempt = excluded.attempt, tried = excluded.tried, retry_at = excluded.retry_at,
            revision = excluded.revision, answered_at = excluded.answered_at,
            ended_at = excluded.ended_at, outcome = excluded.outcome, told = excluded.told,
            transfers = excluded.transfers, direct = excluded.direct,
            wait_until = excluded.wait_until, digits = excluded.digits,
            terms = excluded.terms, channel = excluded.channel,
            dialogue = excluded.dialogue, callback = excluded.callback,
            asked_before = excluded.asked_before, keys = excluded.keys,
            way_out = excluded.way_out""",
    "calls_gone": deletion("calls", "id"),
    # The operator may have taken the queue away meanwhile; its turn is of no use then.
    "turns": """
        INSERT INTO turns
        SELECT new.* FROM json_populate_recordset(NULL::turns, {rows}) AS new
        JOIN queues ON queues.name = new.queue
        ON CONFLICT (queue) DO UPDATE SET
            extension = excluded.extension, logon_order = excluded.logon_order""",
    "queue_log": """
        INSERT INTO queue_log SELECT * FROM json_populate_recordset(NULL::queue_log, {rows})
        ON CONFLICT (id) DO NOTHING""",
    "queue_log_gone": deletion("queue_log", "id"),
    "choices": """
        INSERT INTO choices SELECT * FROM json_populate_recordset(NULL::choices, {rows})
        ON CONFLICT (call_id, attempt) DO UPDATE SET
            at = excluded.at, chosen_by = excluded.chosen_by, strategy = excluded.strategy,
            offered = excluded.offered, line = excluded.line,
            candidates = excluded.candidates, passed_over = excluded.passed_over""",
    "choices_gone": deletion("choices", "call_id", "attempt"),
    **pubsub_writes.PARTS,
    "outbox": """
        INSERT INTO outbox SELECT * FROM json_populate_recordset(NULL::outbox, {rows})
        ON CONFLICT (seq) DO NOTHING""",
    "outbox_narrowed": """
        UPDATE outbox SET recipients = new.recipients
        FROM json_populate_recordset(NULL::outbox, {rows}) AS new WHERE outbox.seq = new.seq""",
    "outbox_gone": deletion("outbox", "seq"),
}


def statement(changes: Changes) -> tuple[str, list[str]]:
    """Return the statement that writes these changes, and its parameters.

    Raises `orjson.JSONEncodeError` if there is text in them that is not Unicode.
    """
    rows = {part: written for part, written in _parts(changes) if written}
    return _text(tuple(rows)), [orjson.dumps(written).decode() for written in rows.values()]


@lru_cache(maxsize=1000)
def _text(parts: tuple[str, ...]) -> str:
    """Return the statement that writes these parts."""
    written = [
        f"part{number} AS ({PARTS[part].format(rows=f'${number}::json')})"
        for number, part in enumerate(parts, start=1)
    ]
    return f"WITH {', '.join(written)} SELECT"


def _parts(changes: Changes) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each part; those of a part without changes may be none."""
    yield "agents", [_agent(agent) for agent in changes.agents]
    yield "members", [_member(member) for member in changes.members]
    yield "calls", [_call(call) for call in changes.calls]
    yield "calls_gone", [{"id": call_id} for call_id in changes.calls_gone]
    yield "turns", [_turn(turn) for turn in changes.turns]
    yield "queue_log", [_log_entry(id_, entry) for id_, entry in changes.queue_log.items() if entry]
    yield "queue_log_gone", gone(changes.queue_log, ("id",))
    yield from keyed("choices", changes.choices, _choice, ("call_id", "attempt"))
    yield from pubsub_writes.parts(changes)
    yield "outbox", [_message(message) for message in changes.outgoing]
    yield "outbox_narrowed", [_message(message) for message in changes.narrowed]
    yield "outbox_gone", [{"seq": seq} for seq in changes.delivered]


def _agent(agent: Agent) -> Row:
    return {
        "extension": agent.extension,
        "state": agent.state,
        "leg_call": agent.leg and agent.leg.call_id,
        "leg_attempt": agent.leg and agent.leg.attempt,
        "queue": agent.queue,
        "wrap_up_until": agent.wrap_up_until,
        "last_call": agent.last_call,
        "calls_taken": agent.calls_taken,
        "person": agent.person and agent.person.number,
        "person_jid": agent.person and agent.person.jid,
        "others": [asdict(talk) for talk in agent.others] or None,
        "deferred": agent.deferred and asdict(agent.deferred),
    }


def _member(member: Member) -> Row:
    return {
        "queue": member.queue,
        "extension": member.extension,
        "logged_on_at": member.logged_on_at,
        "logon_order": member.logon_order,
        "paused_at": member.paused_at,
        "pause_reason": member.pause_reason,
        "calls_taken": member.calls_taken,
    }


def _call(call: Call) -> Row:
    customer = call.customer
    return {
        "id": call.id,
        "queue": call.queue,
        "channel": call.channel,
        "caller_number": call.caller.number,
        "caller_name": call.caller.name,
        "digits": call.digits,
        "customer": customer
        and {
            "id": customer.id,
            "code": customer.code,
            "name": customer.name,
            "attributes": customer.attributes,
        },
        "priority": call.priority,
        "original_position": call.original_position,
        "state": call.state,
        "extension": call.extension if call.answered_at else None,
        "offers": [_offer(offer) for offer in call.offers],
        "attempt": call.attempt,
        "tried": sorted(call.tried),
        "retry_at": call.retry_at,
        "revision": call.revision,
        "entered_at": call.entered_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "outcome": call.outcome,
        "way_out": call.way_out and asdict(call.way_out),
        "told": _told(call.told),
        "transfers": [asdict(transfer) for transfer in call.transfers],
        "direct": call.direct,
        "wait_until": call.wait_until,
        "terms": _terms(call.terms),
        "dialogue": call.dialogue and asdict(call.dialogue),
        "callback": call.callback and asdict(call.callback),
        "asked_before": [_asked(request) for request in call.asked_before] or None,
        "keys": call.keys,
    }


def _told(told: Told) -> Row | None:
    return None if told == NOTHING else asdict(told)


def _offer(offer: Offer) -> Row:
    row: Row = {
        "extension": offer.extension,
        "attempt": offer.leg.attempt,
        "offered_at": offer.offered_at,
        "answered_at": offer.answered_at,
    }
    if offer.ends_consultation:
        row |= {"peer": offer.peer, "instead_of": offer.instead_of}
    return row


def _asked(request: Asked) -> Row:
    return {"number": request.number, "by": request.by, "at": request.at}


def _terms(terms: Terms) -> Row | None:
    if terms == USUAL:
        return None
    return {
        "min_penalty": terms.need.min_penalty,
        "max_penalty": terms.need.max_penalty,
        "skills": dict(terms.need.skills),
        "timeout": terms.timeout and terms.timeout.total_seconds(),
        "continues": terms.continues,
    }


def _turn(turn: Turn) -> Row:
    return {
        "queue": turn.queue,
        "extension": turn.extension,
        "logon_order": turn.logon_order,
    }


def _log_entry(id_: int, entry: LogEntry) -> Row:
    data = (*entry.data, "", "", "", "", "")
    return {
        "id": id_,
        "time": entry.time,
        "callid": entry.callid,
        "queuename": entry.queuename,
        "agent": entry.person or entry.agent,
        "event": entry.event,
        **{f"data{number}": data[number - 1] for number in range(1, 6)},
    }


def _choice(choice: Choice) -> Row:
    return {
        "call_id": choice.call_id,
        "attempt": choice.attempt,
        "queue": choice.queue,
        "at": choice.at,
        "chosen_by": choice.by,
        "strategy": choice.strategy,
        "offered": choice.offered,
        "line": list(choice.ordered()),
        "candidates": choice.candidates,
        "passed_over": {
            obstacle.value: {"number": passed_over.number, "extensions": passed_over.extensions}
            for obstacle, passed_over in choice.passed_over.items()
        },
    }


def _message(message: Outgoing) -> Row:
    return {
        "seq": message.seq,
        "sender": message.sender,
        "recipients": message.recipients,
        "type": message.type,
        "body": message.body,
        "expires_at": message.expires_at,
    }
