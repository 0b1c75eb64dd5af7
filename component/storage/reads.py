"""Rows of the database as the records that the pure parts work with."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import asyncpg

from component.domain.model import (
    Agent,
    AgentState,
    AutoPause,
    Call,
    Caller,
    CallState,
    Customer,
    Leg,
    Member,
    Outcome,
    Queue,
    StrategyName,
    Turn,
)
from component.domain.presence import conditions
from component.ports import Outgoing, Stored
from component.pubsub.configuration import (
    AccessModel,
    Configuration,
    MessageType,
    PublishModel,
    SendLast,
)
from component.pubsub.model import (
    Affiliation,
    Item,
    Node,
    Role,
    Subscription,
    SubscriptionState,
)

Row = Any  # asyncpg.Record, which has no types


async def everything(connection: asyncpg.Connection) -> Stored:
    """Read all that the service starts from."""
    fetch = connection.fetch
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
        turns=[Turn(**row) for row in await fetch("SELECT * FROM turns ORDER BY queue")],
        nodes=_nodes(await fetch("SELECT * FROM nodes ORDER BY name")),
        affiliations=[
            Affiliation(row["node"], row["jid"], Role(row["role"]))
            for row in await fetch("SELECT * FROM affiliations")
        ],
        subscriptions=[_subscription(row) for row in await fetch("SELECT * FROM subscriptions")],
        items=[Item(**row) for row in await fetch("SELECT * FROM items ORDER BY seq")],
        outgoing=[_message(row) for row in await fetch("SELECT * FROM outbox ORDER BY seq")],
    )


def customer(row: Row) -> Customer:
    """Return a row of `customers` as a record."""
    return _customer({**row, "attributes": json.loads(row["attributes"])})


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
    )


def _agent(row: Row) -> Agent:
    agent = Agent(row["extension"], row["device"], row["jid"])
    if row["state"] is None:
        return agent
    leg = row["leg_call"] and Leg(row["leg_call"], row["leg_attempt"])
    return Agent(
        agent.extension,
        agent.device,
        agent.jid,
        state=AgentState(row["state"]),
        leg=leg,
        queue=row["queue"],
        wrap_up_until=row["wrap_up_until"],
        last_call=row["last_call"],
        calls_taken=row["calls_taken"],
    )


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
        extension=row["extension"],
        attempt=row["attempt"],
        tried=frozenset(row["tried"]),
        retrying=row["retrying"],
        revision=row["revision"],
        offered_at=row["offered_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=row["outcome"] and Outcome(row["outcome"]),
    )


def _nodes(rows: Iterable[Row]) -> list[Node]:
    """Return the nodes; those with the same configuration share one record of it."""
    configs: dict[str, Configuration] = {}
    nodes = []
    for row in rows:
        written = row["config"]
        config = configs.get(written) or configs.setdefault(written, _config(json.loads(written)))
        nodes.append(Node(row["name"], row["managed"], config))
    return nodes


_KINDS: dict[str, Callable[[str], Any]] = {
    "access_model": AccessModel,
    "publish_model": PublishModel,
    "notification_type": MessageType,
    "send_last_published_item": SendLast,
}


def _config(data: dict[str, Any]) -> Configuration:
    """Return a configuration of which what differs from the default is stored."""
    for name in data.keys() & _KINDS.keys():
        data[name] = _KINDS[name](data[name])
    return Configuration(**data)


def _subscription(row: Row) -> Subscription:
    return Subscription(**{**row, "state": SubscriptionState(row["state"])})


def _message(row: Row) -> Outgoing:
    return Outgoing(
        row["seq"],
        row["sender"],
        tuple(row["recipients"]),
        row["type"],
        row["body"],
        row["expires_at"],
    )
