"""Rows of the database as the records that the pure parts work with."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg

from component.domain.configuring import Configured
from component.domain.hold_times import COUNTED, HoldTime
from component.domain.kept_place import Asked, Callback, Dialogue
from component.domain.model import (
    NOTHING,
    Agent,
    Call,
    Caller,
    Customer,
    Leg,
    Member,
    Offer,
    Person,
    Spoke,
    Talk,
    Told,
    Transfer,
    Turn,
    WayOut,
    WrapUp,
)
from component.domain.presence import conditions
from component.domain.queue import (
    AnnounceHoldTime,
    AnnouncePosition,
    AutoPause,
    CallingBack,
    MessageTo,
    Queue,
    StrategyName,
)
from component.domain.returning import AWAITED
from component.domain.terms import USUAL, Need, Terms
from component.domain.words import AgentState, CallState, Outcome, QueueStatus
from component.ports import Outgoing, Stored
from component.pubsub.model import Affiliation, Item, Redirect, Role
from component.pubsub.presence import Contact
from component.storage.pubsub_reads import Same, held, kept, node_reader, subscription

HOLDTIMES = """
    SELECT queues.name, last.id, last.held FROM queues, LATERAL (
        SELECT id, answered_at, answered_at - entered_at AS held FROM calls
        WHERE calls.queue = queues.name AND answered_at > now() - interval '1 day'
            AND callback IS NULL
            AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(transfers) AS transfer
                WHERE (transfer ->> 'at')::timestamptz > entered_at
                    AND (transfer ->> 'at')::timestamptz < answered_at
            )
        ORDER BY answered_at DESC LIMIT $1
    ) AS last ORDER BY last.answered_at"""
"""How long callers waited of late for whom they talked with first."""

SPOKE = """
    WITH sticky AS (
        SELECT coalesce(max(sticky), 0) * interval '1 second' AS remembered FROM queues
    )
    SELECT DISTINCT ON (customer) customer, extension, at FROM (
        SELECT (customer ->> 'id')::bigint AS customer, extension, ended_at AS at
        FROM calls WHERE ended_at > now() - (SELECT remembered FROM sticky)
            AND customer IS NOT NULL AND extension IS NOT NULL
        UNION ALL
        SELECT (customer ->> 'id')::bigint, last ->> 'extension', (last ->> 'at')::timestamptz
        FROM calls, LATERAL (SELECT transfers -> -1) AS of (last)
        WHERE ended_at > now() - (SELECT remembered FROM sticky)
            AND customer IS NOT NULL AND extension IS NULL AND transfers <> '[]'
            AND (last ->> 'at')::timestamptz > entered_at
    ) AS spoken
    ORDER BY customer, at DESC"""
"""Who spoke with a customer last, as far back as any queue remembers."""

ASKED = """
    SELECT id AS call_id, callback ->> 'number' AS number, caller_number AS by,
        (callback ->> 'asked_at')::timestamptz AS at
    FROM calls WHERE callback IS NOT NULL AND entered_at > now() - interval '2 days'
    UNION ALL
    SELECT id, asked ->> 'number', asked ->> 'by', (asked ->> 'at')::timestamptz
    FROM calls, jsonb_array_elements(asked_before) AS asked
    WHERE asked_before IS NOT NULL AND entered_at > now() - interval '2 days'"""
"""Who asked to be called back, within a day at least: some waited before they asked."""

PASSED_ON = """
    SELECT * FROM calls
    WHERE state = 'ended' AND ended_at > now() - $1::interval
        AND transfers <> '[]' AND way_out IS NOT NULL AND outcome <> 'completed'
    ORDER BY ended_at"""
"""Calls of callers whom an agent passed on and who may come into a queue again."""

LAST_ENDED = """
    SELECT DISTINCT ON (channel) * FROM calls
    WHERE state = 'ended' AND ended_at > now() - interval '1 day' AND channel = ANY($1::text[])
    ORDER BY channel, ended_at DESC"""

KEPT = """
    SELECT node, id, publisher, published_at, seq, octet_length(payload) AS size
    FROM items ORDER BY seq"""
"""Payloads stay where they are until somebody wants to see them."""

ITEMS = """
    SELECT items.* FROM items
    JOIN unnest($1::text[], $2::text[]) AS wanted (node, id) USING (node, id)"""

Row = Any  # asyncpg.Record, which has no types

V = TypeVar("V")

PORTION = 2000
"""Rows that are in memory at once while a large table is read."""


async def everything(connection: asyncpg.Connection) -> Stored:
    """Read all that the service starts from, as it is at one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _everything(connection)


async def _everything(connection: asyncpg.Connection) -> Stored:
    fetch, same = connection.fetch, Same()

    async def every(statement: str, record: Callable[[Row], V]) -> list[V]:
        """Return the records of a large table."""
        records: list[V] = []
        cursor = await connection.cursor(statement)
        while rows := await cursor.fetch(PORTION):
            records += [record(row) for row in rows]
        return records

    return Stored(
        queues=[_queue(row) for row in await fetch("SELECT * FROM queues ORDER BY name")],
        agents=[
            _agent(row)
            for row in await fetch(
                "SELECT * FROM extensions LEFT JOIN agents USING (extension) ORDER BY extension"
            )
        ],
        members=[
            Member(**row)
            for row in await fetch("SELECT * FROM members ORDER BY logon_order, extension")
        ],
        calls=[
            _call(row)
            for row in await fetch(
                "SELECT * FROM calls WHERE state <> 'ended' ORDER BY entered_at, id"
            )
        ],
        last_logged=await connection.fetchval("SELECT coalesce(max(id), 0) FROM queue_log"),
        holdtimes=_holdtimes(await fetch(HOLDTIMES, COUNTED)),
        spoke=[Spoke(**row) for row in await fetch(SPOKE)],
        asked=[Asked(**row) for row in await fetch(ASKED)],
        passed_on=[_call(row) for row in await fetch(PASSED_ON, AWAITED)],
        turns=[Turn(**row) for row in await fetch("SELECT * FROM turns ORDER BY queue")],
        nodes=await every("SELECT * FROM nodes ORDER BY name", node_reader(same)),
        affiliations=[
            Affiliation(row["node"], row["jid"], Role(row["role"]))
            for row in await fetch("SELECT * FROM affiliations")
        ],
        subscriptions=await every(
            "SELECT * FROM subscriptions ORDER BY node, service, jid, subid",
            lambda row: subscription(row, same),
        ),
        items=await every(KEPT, lambda row: kept(row, same)),
        contacts=[Contact(**row) for row in await fetch("SELECT * FROM contacts")],
        redirects=[
            Redirect(**row) for row in await fetch("SELECT * FROM redirects ORDER BY since")
        ],
        held=[held(row) for row in await fetch("SELECT * FROM held ORDER BY node, seq")],
        outgoing=[_message(row) for row in await fetch("SELECT * FROM outbox ORDER BY seq")],
    )


async def last_ended(connection: asyncpg.Connection, channels: Collection[str]) -> list[Call]:
    """Return of each of these callers' channels the call that ended last, since yesterday."""
    return [_call(row) for row in await connection.fetch(LAST_ENDED, list(channels))]


async def items(connection: asyncpg.Connection, keys: Sequence[tuple[str, str]]) -> list[Item]:
    """Read items by (node, item id), with their payloads."""
    nodes, ids = zip(*keys, strict=True)
    return [Item(**row) for row in await connection.fetch(ITEMS, nodes, ids)]


async def configured(
    connection: asyncpg.Connection, names: Configured, *, only_named: bool = False
) -> Configured:
    """Read at one moment what is configured; what is named and does not exist is None in it.

    `only_named`: nothing else is read.
    """
    queues = "SELECT * FROM queues"
    agents = "SELECT extension, device, jid, skills, max_calls FROM extensions"
    members = "SELECT queue, extension, penalty, made FROM members"
    asked: list[list[list[str]]] = [[], [], []]
    if only_named:
        queues += " WHERE name = ANY($1)"
        agents += " WHERE extension = ANY($1)"
        members += " WHERE (queue, extension) IN (SELECT * FROM unnest($1::text[], $2::text[]))"
        asked = [
            [list(names.queues)],
            [list(names.agents)],
            [[queue for queue, _ in names.members], [extension for _, extension in names.members]],
        ]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = [
            await connection.fetch(statement, *arguments)
            for statement, arguments in zip((queues, agents, members), asked, strict=True)
        ]
    return Configured(
        {**names.queues, **{row["name"]: _queue(row) for row in found[0]}},
        {**names.agents, **{row["extension"]: _extension(row) for row in found[1]}},
        {**names.members, **{(r["queue"], r["extension"]): Member(**r) for r in found[2]}},
    )


def _customer(data: dict[str, Any]) -> Customer:
    attributes = {name: str(value) for name, value in data["attributes"].items()}
    return Customer(data["id"], data["code"], data["name"], attributes)


def _queue(row: Row) -> Queue:
    return Queue(
        row["name"],
        timeout=timedelta(seconds=row["timeout"]),
        retry=timedelta(seconds=row["retry"]),
        max_wait=timedelta(seconds=row["max_wait"]),
        strategy=StrategyName(row["strategy"]),
        wrapuptime=timedelta(seconds=row["wrapuptime"]),
        maxlen=row["maxlen"],
        servicelevel=timedelta(seconds=row["servicelevel"]),
        joinempty=conditions(row["joinempty"], joining=True),
        leavewhenempty=conditions(row["leavewhenempty"], joining=False),
        ringinuse=row["ringinuse"],
        autopause=AutoPause(row["autopause"]),
        weight=row["weight"],
        musicclass=row["musicclass"],
        announce_frequency=timedelta(seconds=row["announce_frequency"]),
        min_announce_frequency=timedelta(seconds=row["min_announce_frequency"]),
        announce_position=AnnouncePosition(row["announce_position"]),
        announce_position_limit=row["announce_position_limit"],
        announce_holdtime=AnnounceHoldTime(row["announce_holdtime"]),
        periodic_announce=tuple(filter(None, row["periodic_announce"].split(","))),
        periodic_announce_frequency=timedelta(seconds=row["periodic_announce_frequency"]),
        context=row["context"],
        memberdelay=timedelta(seconds=row["memberdelay"]),
        skills_timeout=timedelta(seconds=row["skills_timeout"]),
        sticky=timedelta(seconds=row["sticky"]),
        sticky_wait=timedelta(seconds=row["sticky_wait"]),
        callback=_calling_back(row),
        message_to=MessageTo(row["message_to"]),
        message_personal=row["message_personal"],
        closed_until=_moment(row["closed_until"]),
    )


def _moment(found: datetime | None) -> datetime | None:
    """Return a moment with its zone, which the library leaves out of infinity."""
    return found and found.replace(tzinfo=UTC)


def _calling_back(row: Row) -> CallingBack:
    return CallingBack(
        key=row["callback_key"],
        dial=row["callback_dial"],
        numbers=tuple(filter(None, row["callback_numbers"].split(","))),
        callerid=row["callback_callerid"],
        maxlen=row["callback_maxlen"],
        per_number=row["callback_per_number"],
        per_day=row["callback_per_day"],
        max_age=timedelta(seconds=row["callback_max_age"]),
        timeout=timedelta(seconds=row["callback_timeout"]),
        tries=row["callback_tries"],
        retry=timedelta(seconds=row["callback_retry"]),
    )


def _holdtimes(rows: Iterable[Row]) -> dict[str, tuple[HoldTime, ...]]:
    found: dict[str, tuple[HoldTime, ...]] = {}
    for row in rows:
        held = HoldTime(row["id"], int(row["held"].total_seconds()))
        found[row["name"]] = (*found.get(row["name"], ()), held)
    return found


def _extension(row: Row) -> Agent:
    skills = json.loads(row["skills"])
    return Agent(
        row["extension"], row["device"], row["jid"], skills=skills, max_calls=row["max_calls"]
    )


def _agent(row: Row) -> Agent:
    agent = _extension(row)
    if row["state"] is None:
        return agent
    leg = row["leg_call"] and Leg(row["leg_call"], row["leg_attempt"])
    return replace(
        agent,
        state=AgentState(row["state"]),
        leg=leg,
        queue=row["queue"],
        wrap_up_until=row["wrap_up_until"],
        last_call=row["last_call"],
        calls_taken=row["calls_taken"],
        person=row["person"] and Person(row["person"], row["person_jid"]),
        others=tuple(map(_talk, json.loads(row["others"]))) if row["others"] else (),
        deferred=row["deferred"] and _wrap_up(json.loads(row["deferred"])),
    )


def _talk(data: dict[str, Any]) -> Talk:
    return Talk(Leg(**data["leg"]), data["queue"])


def _wrap_up(data: dict[str, Any]) -> WrapUp:
    return WrapUp(data["queue"], datetime.fromisoformat(data["until"]))


def _call(row: Row) -> Call:
    return Call(
        row["id"],
        row["queue"],
        row["channel"],
        Caller(row["caller_number"], row["caller_name"]),
        row["entered_at"],
        digits=row["digits"],
        customer=row["customer"] and _customer(json.loads(row["customer"])),
        priority=row["priority"],
        original_position=row["original_position"],
        state=CallState(row["state"]),
        offers=tuple(_offer(row["id"], offer) for offer in json.loads(row["offers"])),
        attempt=row["attempt"],
        tried=frozenset(row["tried"]),
        retry_at=row["retry_at"],
        revision=row["revision"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=row["outcome"] and Outcome(row["outcome"]),
        way_out=row["way_out"] and _way_out(json.loads(row["way_out"])),
        told=_told(json.loads(row["told"])) if row["told"] else NOTHING,
        transfers=tuple(_transfer(transfer) for transfer in json.loads(row["transfers"])),
        direct=row["direct"],
        wait_until=row["wait_until"],
        terms=_terms(json.loads(row["terms"])) if row["terms"] else USUAL,
        dialogue=row["dialogue"] and Dialogue(**_timed(json.loads(row["dialogue"]))),
        callback=row["callback"] and Callback(**_timed(json.loads(row["callback"]))),
        asked_before=_asked(row["id"], row["asked_before"]),
        keys=row["keys"],
    )


def _asked(call_id: str, data: str | None) -> tuple[Asked, ...]:
    return tuple(Asked(call_id, **_timed(asked)) for asked in json.loads(data)) if data else ()


def _terms(data: dict[str, Any]) -> Terms:
    skills = frozenset(data["skills"].items())
    return Terms(
        Need(data["min_penalty"], data["max_penalty"], skills),
        timeout=data["timeout"] and timedelta(seconds=data["timeout"]),
        continues=data["continues"],
    )


def _transfer(data: dict[str, Any]) -> Transfer:
    at = datetime.fromisoformat(data["at"])
    return Transfer(data["extension"], at, data["attended"])


def _way_out(data: dict[str, Any]) -> WayOut:
    return replace(WayOut(**data), status=data["status"] and QueueStatus(data["status"]))


def _told(data: dict[str, Any]) -> Told:
    return Told(**_timed(data))


def _timed(data: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a record, with times read of what is named as one."""
    for name, value in data.items():
        if value and (name == "at" or name.endswith("_at")):
            data[name] = datetime.fromisoformat(value)
    return data


def _offer(call_id: str, data: dict[str, Any]) -> Offer:
    offered_at, answered_at = data["offered_at"], data.get("answered_at")
    return Offer(
        data["extension"],
        Leg(call_id, data["attempt"]),
        datetime.fromisoformat(offered_at),
        answered_at and datetime.fromisoformat(answered_at),
        peer=data.get("peer", ""),
        instead_of=data.get("instead_of", ""),
    )


def _message(row: Row) -> Outgoing:
    return Outgoing(
        row["seq"],
        row["sender"],
        tuple(row["recipients"]),
        row["type"],
        row["body"],
        row["expires_at"],
    )
