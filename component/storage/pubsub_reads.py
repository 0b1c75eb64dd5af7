"""Rows of the publish-subscribe service's tables as the records that its rules work with."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from component.pubsub.configuration import (
    AccessModel,
    Configuration,
    ItemReply,
    MessageType,
    NodeFull,
    PublishModel,
    SendLast,
)
from component.pubsub.model import (
    Digest,
    Held,
    Item,
    Node,
    Subscription,
    SubscriptionState,
    in_store,
)

Row = Any  # asyncpg.Record, which has no types

_NO_VALUES: frozenset[str] = frozenset()

_STATES = {state.value: state for state in SubscriptionState}
"""To look a value up takes a fraction of the time that the enumeration takes."""


class Same(dict[str, str]):
    """Makes one object of equal strings: the records of many nodes repeat names and addresses."""

    def __missing__(self, text: str) -> str:
        self[text] = text
        return text


def node_reader(same: Same) -> Callable[[Row], Node]:
    """Return what makes nodes; those with the same configuration share one record of it."""
    configs: dict[str, Configuration] = {}
    times: dict[datetime | None, datetime | None] = {}

    def node(row: Row) -> Node:
        name, managed, written = row["name"], row["managed"], row["config"]
        config = configs.get(written) or configs.setdefault(written, _config(json.loads(written)))
        created = times.setdefault(row["created"], row["created"])
        creator, own = same[row["creator"]], row["own_maximum"]
        return Node(same[name], managed, config, creator, created, own)

    return node


_KINDS: dict[str, Callable[[str], Any]] = {
    "access_model": AccessModel,
    "publish_model": PublishModel,
    "notification_type": MessageType,
    "send_last_published_item": SendLast,
    "itemreply": ItemReply,
    "publish_node_full": NodeFull,
    "contact": tuple,
}


def _config(data: dict[str, Any]) -> Configuration:
    """Return a configuration of which what differs from the default is stored."""
    for name in data.keys() & _KINDS.keys():
        data[name] = _KINDS[name](data[name])
    return Configuration(**data)


def subscription(row: Row, same: Same) -> Subscription:
    """Return a subscription."""
    return Subscription(
        same[row["node"]],
        same[row["service"]],
        same[row["jid"]],
        row["subid"],
        row["since"],
        _STATES[row["state"]],
        row["deliver"],
        row["expire"],
        row["include_body"],
        frozenset(row["show_values"]) or _NO_VALUES,
        row["until_offline"],
        None if row["digest_every"] is None else _digest(row),
    )


def _digest(row: Row) -> Digest:
    every = timedelta(milliseconds=row["digest_every"])
    return Digest(every, row["digest_first"], row["digest_due"])


def held(row: Row) -> Held:
    """Return what waits to be delivered in digests."""
    return Held(row["node"], row["seq"], row["item"], row["payload"], tuple(row["reply_to"]))


def kept(row: Row, same: Same) -> Item:
    """Return an item whose payload stays in the database."""
    return Item(
        same[row["node"]],
        same[row["id"]],
        in_store(row["size"]) if row["size"] else "",
        same[row["publisher"]],
        row["published_at"],
        row["seq"],
    )
