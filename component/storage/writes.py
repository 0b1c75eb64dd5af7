"""How the changes of one transaction are written: one statement, one round trip.

Each table's rows travel as one JSON parameter; the parts that have rows are joined into a single
statement of data-modifying CTEs, which PostgreSQL runs as one transaction of its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from component.domain.choice import Choice
from component.domain.model import NOTHING, Agent, Call, Member, Offer, Told, Turn
from component.domain.queue_log import LogEntry
from component.domain.terms import USUAL, Terms
from component.ports import Changes, Outgoing
from component.pubsub.configuration import DEFAULT, Configuration
from component.pubsub.model import Affiliation, Held, Item, Node, Redirect, Subscription
from component.pubsub.presence import Contact

K = TypeVar("K")
V = TypeVar("V")

Row = dict[str, object]

_MILLISECOND = timedelta(milliseconds=1)

PARTS: dict[str, str] = {
    # The operator may have taken the extension away meanwhile; it is not brought back.
    "agents": """
        INSERT INTO agents
        SELECT new.* FROM json_populate_recordset(NULL::agents, {rows}) AS new
        JOIN extensions USING (extension)
        ON CONFLICT (extension) DO UPDATE SET
            state = excluded.state, leg_call = excluded.leg_call,
            leg_attempt = excluded.leg_attempt, queue = excluded.queue,
            wrap_up_until = excluded.wrap_up_until, last_call = excluded.last_call,
            calls_taken = excluded.calls_taken, person = excluded.person,
            person_jid = excluded.person_jid, others = excluded.others,
            deferred = excluded.deferred""",
    # The operator may have taken the membership away meanwhile; it is not brought back.
    "members": """
        UPDATE members SET
            logged_on_at = new.logged_on_at, logon_order = new.logon_order,
            paused_at = new.paused_at, pause_reason = new.pause_reason,
            calls_taken = new.calls_taken
        FROM json_populate_recordset(NULL::members, {rows}) AS new
        WHERE (members.queue, members.extension) = (new.queue, new.extension)""",
    "calls": """
        INSERT INTO calls SELECT * FROM json_populate_recordset(NULL::calls, {rows})
        ON CONFLICT (id) DO UPDATE SET
            queue = excluded.queue, priority = excluded.priority,
            original_position = excluded.original_position,
            state = excluded.state, extension = excluded.extension, offers = excluded.offers,
            attempt = excluded.attempt, tried = excluded.tried, retrying = excluded.retrying,
            revision = excluded.revision, answered_at = excluded.answered_at,
            ended_at = excluded.ended_at, outcome = excluded.outcome, told = excluded.told,
            transfers = excluded.transfers, direct = excluded.direct,
            wait_until = excluded.wait_until, digits = excluded.digits,
            terms = excluded.terms, channel = excluded.channel,
            dialogue = excluded.dialogue, callback = excluded.callback""",
    "calls_gone": """
        DELETE FROM calls USING json_populate_recordset(NULL::calls, {rows}) AS gone
        WHERE calls.id = gone.id""",
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
    "queue_log_gone": """
        DELETE FROM queue_log USING json_populate_recordset(NULL::queue_log, {rows}) AS gone
        WHERE queue_log.id = gone.id""",
    "choices": """
        INSERT INTO choices SELECT * FROM json_populate_recordset(NULL::choices, {rows})
        ON CONFLICT (call_id, attempt) DO UPDATE SET
            at = excluded.at, chosen_by = excluded.chosen_by, strategy = excluded.strategy,
            offered = excluded.offered, line = excluded.line,
            candidates = excluded.candidates, passed_over = excluded.passed_over""",
    "choices_gone": """
        DELETE FROM choices USING json_populate_recordset(NULL::choices, {rows}) AS gone
        WHERE (choices.call_id, choices.attempt) = (gone.call_id, gone.attempt)""",
    "nodes": """
        INSERT INTO nodes SELECT * FROM json_populate_recordset(NULL::nodes, {rows})
        ON CONFLICT (name) DO UPDATE SET
            managed = excluded.managed, config = excluded.config,
            creator = excluded.creator, created = excluded.created""",
    "nodes_gone": """
        DELETE FROM nodes USING json_populate_recordset(NULL::nodes, {rows}) AS gone
        WHERE nodes.name = gone.name""",
    "affiliations": """
        INSERT INTO affiliations
        SELECT * FROM json_populate_recordset(NULL::affiliations, {rows})
        ON CONFLICT (node, jid) DO UPDATE SET role = excluded.role""",
    "affiliations_gone": """
        DELETE FROM affiliations
        USING json_populate_recordset(NULL::affiliations, {rows}) AS gone
        WHERE (affiliations.node, affiliations.jid) = (gone.node, gone.jid)""",
    "subscriptions": """
        INSERT INTO subscriptions
        SELECT * FROM json_populate_recordset(NULL::subscriptions, {rows})
        ON CONFLICT (node, service, jid, subid) DO UPDATE SET
            since = excluded.since, state = excluded.state, deliver = excluded.deliver,
            expire = excluded.expire, include_body = excluded.include_body,
            show_values = excluded.show_values, until_offline = excluded.until_offline,
            digest_every = excluded.digest_every, digest_first = excluded.digest_first,
            digest_due = excluded.digest_due""",
    "subscriptions_gone": """
        DELETE FROM subscriptions
        USING json_populate_recordset(NULL::subscriptions, {rows}) AS gone
        WHERE (
            subscriptions.node, subscriptions.service, subscriptions.jid, subscriptions.subid
        ) = (gone.node, gone.service, gone.jid, gone.subid)""",
    "items": """
        INSERT INTO items SELECT * FROM json_populate_recordset(NULL::items, {rows})
        ON CONFLICT (node, id) DO UPDATE SET
            payload = excluded.payload, publisher = excluded.publisher,
            published_at = excluded.published_at, seq = excluded.seq""",
    "items_gone": """
        DELETE FROM items USING json_populate_recordset(NULL::items, {rows}) AS gone
        WHERE (items.node, items.id) = (gone.node, gone.id)""",
    "contacts": """
        INSERT INTO contacts SELECT * FROM json_populate_recordset(NULL::contacts, {rows})
        ON CONFLICT (service, jid) DO UPDATE SET since = excluded.since""",
    "contacts_gone": """
        DELETE FROM contacts USING json_populate_recordset(NULL::contacts, {rows}) AS gone
        WHERE (contacts.service, contacts.jid) = (gone.service, gone.jid)""",
    "redirects": """
        INSERT INTO redirects SELECT * FROM json_populate_recordset(NULL::redirects, {rows})
        ON CONFLICT (node) DO UPDATE SET uri = excluded.uri, since = excluded.since""",
    "redirects_gone": """
        DELETE FROM redirects USING json_populate_recordset(NULL::redirects, {rows}) AS gone
        WHERE redirects.node = gone.node""",
    "held": """
        INSERT INTO held SELECT * FROM json_populate_recordset(NULL::held, {rows})
        ON CONFLICT (node, seq) DO UPDATE SET
            item = excluded.item, payload = excluded.payload, reply_to = excluded.reply_to""",
    "held_gone": """
        DELETE FROM held USING json_populate_recordset(NULL::held, {rows}) AS gone
        WHERE (held.node, held.seq) = (gone.node, gone.seq)""",
    "outbox": """
        INSERT INTO outbox SELECT * FROM json_populate_recordset(NULL::outbox, {rows})
        ON CONFLICT (seq) DO NOTHING""",
    "outbox_gone": """
        DELETE FROM outbox USING json_populate_recordset(NULL::outbox, {rows}) AS gone
        WHERE outbox.seq = gone.seq""",
}


def statement(changes: Changes) -> tuple[str, list[str]]:
    """Return the statement that writes these changes, and its parameters."""
    rows = {part: written for part, written in _parts(changes) if written}
    return _text(tuple(rows)), [_json.encode(written) for written in rows.values()]


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
    yield "queue_log_gone", _gone(changes.queue_log, ("id",))
    yield from _keyed("choices", changes.choices, _choice, ("call_id", "attempt"))
    yield from _keyed("nodes", changes.nodes, _node, ("name",))
    yield from _keyed("affiliations", changes.affiliations, _affiliation, ("node", "jid"))
    yield from _keyed(
        "subscriptions", changes.subscriptions, _subscription, ("node", "service", "jid", "subid")
    )
    yield from _keyed("items", changes.items, _item, ("node", "id"))
    yield from _keyed("contacts", changes.contacts, _contact, ("service", "jid"))
    yield from _keyed("redirects", changes.redirects, _redirect, ("node",))
    yield from _keyed("held", changes.held, _held, ("node", "seq"))
    yield "outbox", [_message(message) for message in changes.outgoing]
    yield "outbox_gone", [{"seq": seq} for seq in changes.delivered]


def _keyed(
    part: str, records: Mapping[K, V | None], row: Callable[[V], Row], names: tuple[str, ...]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield what is put and what is deleted; `names` are the columns that the keys consist of."""
    if records:
        yield part, [row(record) for record in records.values() if record is not None]
        yield f"{part}_gone", _gone(records, names)


def _gone(records: Mapping[K, object], names: tuple[str, ...]) -> list[Row]:
    keys = (key for key, record in records.items() if record is None)
    return [
        dict(zip(names, key if isinstance(key, tuple) else (key,), strict=True)) for key in keys
    ]


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
        "retrying": call.retrying,
        "revision": call.revision,
        "entered_at": call.entered_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "outcome": call.outcome,
        "told": _told(call.told),
        "transfers": [asdict(transfer) for transfer in call.transfers],
        "direct": call.direct,
        "wait_until": call.wait_until,
        "terms": _terms(call.terms),
        "dialogue": call.dialogue and asdict(call.dialogue),
        "callback": call.callback and asdict(call.callback),
    }


def _told(told: Told) -> Row | None:
    return None if told == NOTHING else asdict(told)


def _offer(offer: Offer) -> Row:
    return {
        "extension": offer.extension,
        "attempt": offer.leg.attempt,
        "offered_at": offer.offered_at,
        "answered_at": offer.answered_at,
    }


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
        "agent": entry.agent,
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
            obstacle: {"number": passed_over.number, "extensions": passed_over.extensions}
            for obstacle, passed_over in choice.passed_over.items()
        },
    }


def _node(node: Node) -> Row:
    return {
        "name": node.name,
        "managed": node.managed,
        "config": _config(node.config),
        "creator": node.creator,
        "created": node.created,
    }


def _config(config: Configuration) -> Row:
    """Return what differs from the default: most nodes store next to nothing."""
    values = ((field.name, getattr(config, field.name)) for field in fields(config))
    return {name: value for name, value in values if value != getattr(DEFAULT, name)}


def _affiliation(affiliation: Affiliation) -> Row:
    return {"node": affiliation.node, "jid": affiliation.jid, "role": affiliation.role}


def _subscription(subscription: Subscription) -> Row:
    digest = subscription.digest
    return {
        "node": subscription.node,
        "service": subscription.service,
        "jid": subscription.jid,
        "subid": subscription.subid,
        "since": subscription.since,
        "state": subscription.state,
        "deliver": subscription.deliver,
        "expire": subscription.expire,
        "include_body": subscription.include_body,
        "show_values": sorted(subscription.show_values),
        "until_offline": subscription.until_offline,
        "digest_every": digest and digest.every // _MILLISECOND,
        "digest_first": digest and digest.first,
        "digest_due": digest and digest.due,
    }


def _item(item: Item) -> Row:
    return {
        "node": item.node,
        "id": item.id,
        "payload": item.xml,
        "publisher": item.publisher,
        "published_at": item.published_at,
        "seq": item.seq,
    }


def _contact(contact: Contact) -> Row:
    return {"service": contact.service, "jid": contact.jid, "since": contact.since}


def _redirect(redirect: Redirect) -> Row:
    return {"node": redirect.node, "uri": redirect.uri, "since": redirect.since}


def _held(held: Held) -> Row:
    return {
        "node": held.node,
        "seq": held.seq,
        "item": held.item_id,
        "payload": held.payload,
        "reply_to": held.reply_to,
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


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


_json = json.JSONEncoder(default=_encode, check_circular=False)
