"""This service as an operator runs it, with everything durable in an embedded PostgreSQL.

There is no Asterisk: it is looked for all the time, which costs next to nothing.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from component.xmpp.session import Place
from lab.bench_pubsub.addresses import ADMIN
from lab.bench_pubsub.run import Run
from lab.bench_pubsub.stanzas import PAYLOAD
from lab.bench_pubsub.stored import Subscriber
from lab.bench_pubsub.wire import PATIENCE
from lab.ports import PortBlock
from lab.service import Service, Settings


class PubSubService(Service):
    """The service; it is ready without Asterisk."""

    needs = ("xmpp", "database")
    patience = PATIENCE


class PluginLayerService(PubSubService):
    """The same behind slixmpp's plugin layer."""

    command = (sys.executable, "-m", "lab.bench_pubsub.plugin_layer")


@asynccontextmanager
async def running(
    kind: type[PubSubService],
    directory: Path,
    place: Place,
    run: Run,
    subscribers: Sequence[Subscriber],
    *,
    items: bool = False,
) -> AsyncIterator[PubSubService]:
    """Run a service that has these subscribers, with an item in each node if wanted."""
    url = await run.databases.fresh()
    await _fill(url, place.domain, subscribers, items=items)
    async with kind(directory, _settings(place, url, run.ports)) as service:
        yield service


async def _fill(url: str, domain: str, subscribers: Sequence[Subscriber], *, items: bool) -> None:
    nodes, jids = zip(*subscribers, strict=True)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            # What is beyond the maximum goes in silence, as it does elsewhere.
            "INSERT INTO nodes (name, managed, config) SELECT DISTINCT node, false, $2::jsonb"
            " FROM unnest($1::text[]) AS node",
            nodes,
            '{"publish_node_full": "discard-oldest"}',
        )
        await connection.execute(
            "INSERT INTO subscriptions (node, service, jid, subid, since)"
            " SELECT node, $3, jid, left(md5(node || jid), 16), now()"
            " FROM unnest($1::text[], $2::text[]) AS new (node, jid)",
            nodes,
            jids,
            domain,
        )
        if items:
            await connection.execute(
                "INSERT INTO items (node, id, payload, publisher, published_at, seq)"
                " SELECT node, 'current', $2, $3, now(), number"
                " FROM unnest($1::text[]) WITH ORDINALITY AS new (node, number)",
                nodes,
                PAYLOAD,
                ADMIN,
            )
    finally:
        await connection.close()


def _settings(place: Place, database_url: str, ports: PortBlock) -> Settings:
    return {
        "xmpp": {
            "domain": place.domain,
            "port": place.port,
            "secret": place.secret,
            "admins": [ADMIN],
        },
        "pubsub": {"account_limit": 1_000_000, "domain_limit": 1_000_000, "total_limit": 1_000_000},
        "asterisk": {"url": "http://127.0.0.1:1", "username": "none", "password": "none"},
        "agi": {"port": ports.take()},
        "database": {"url": database_url},
        "http": {"port": ports.take()},
        "log": {"format": "json", "level": "error"},
    }
