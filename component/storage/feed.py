"""What the operator changes in the database, told to the running service as it is changed.

Triggers notify us of the rows; see `sql/migrations`. What was missed while the database was away is
found by comparing everything, after each connect.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from component.domain.configuring import Configured
from component.ports import StoreUnavailableError
from component.storage import reads
from component.storage.errors import UNAVAILABLE

log = structlog.get_logger(__name__)

CHANNEL = "ivr_pubsub_configuration"

RETRY_SECONDS = 1.0
"""Between attempts to connect."""

PING_SECONDS = 10.0
"""How often a connection on which nothing is heard is tried."""

MOST_ROWS = 1000
"""If more were changed at a time, everything is read."""


class News:
    """What was heard and not yet taken: names of rows, whether or not they still exist."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()
        self._everything = False
        self._count = 0
        self._queues: dict[str, None] = {}
        self._agents: dict[str, None] = {}
        self._members: dict[tuple[str, str], None] = {}

    def hear(self, payload: str) -> None:
        """Take in a notification: the table and the key of a row; empty is all."""
        self._heard.set()
        if not payload or self._count == MOST_ROWS:
            self._everything = True
            return
        self._count += 1
        table, key, _gone = json.loads(payload)
        match table:
            case "queues":
                self._queues[key[0]] = None
            case "extensions":
                self._agents[key[0]] = None
            case "members":
                self._members[key[0], key[1]] = None

    def end(self) -> None:
        """Let `wait` return: nothing is heard any more."""
        self._heard.set()

    async def wait(self) -> None:
        """Wait until there is something to take."""
        await self._heard.wait()

    def take(self) -> tuple[Configured, bool]:
        """Return what to read, and whether to read everything."""
        named = Configured(self._queues, self._agents, self._members)
        everything = self._everything
        self._heard.clear()
        self._everything = False
        self._count = 0
        self._queues, self._agents, self._members = {}, {}, {}
        return named, everything


class ConfigurationFeed:
    """Follows the database's configuration for as long as it runs.

    `known` names all that the service knows; `take_over` is given what is configured. `deadline`
    is how long any request may take, in seconds.
    """

    def __init__(
        self,
        url: str,
        known: Callable[[], Configured],
        take_over: Callable[[Configured], Awaitable[None]],
        deadline: float = 5.0,
    ) -> None:
        self._url = url
        self._known = known
        self._take_over = take_over
        self._deadline = deadline

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._follow()
            except (*UNAVAILABLE, asyncpg.PostgresError, StoreUnavailableError) as error:
                log.warning("configuration not followed", error=str(error) or type(error).__name__)
            except Exception:  # the service must outlive a row that it cannot read
                log.exception("configuration not followed")
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        """Follow until the connection is lost, which raises what asyncpg raises."""
        connection = await asyncpg.connect(
            self._url,
            timeout=self._deadline,
            command_timeout=self._deadline,
            server_settings={"application_name": "ivr-pubsub"},
        )
        news = News()
        try:
            connection.add_termination_listener(lambda _: news.end())
            await connection.add_listener(CHANNEL, lambda *heard: news.hear(heard[-1]))
            news.hear("")
            while True:
                await self._catch_up(connection, news)
        finally:
            connection.terminate()

    async def _catch_up(self, connection: asyncpg.Connection, news: News) -> None:
        """Take over what is heard within a while; if nothing is, see whether anything can be."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await news.wait()
        except TimeoutError:
            await connection.execute("SELECT 1")
            return
        named, everything = news.take()
        names = self._known() if everything else named
        await self._take_over(await reads.configured(connection, names, only_named=not everything))
