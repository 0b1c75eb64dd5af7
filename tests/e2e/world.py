"""The whole system under test, and what people do with it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Set
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from component.call_event import CallEvent
from component.control_client import ControlClient
from component.subscriber import Subscriber
from lab.asterisk import ARI_USER, Asterisk
from lab.paths import PROMPTS
from lab.service import Service, Settings
from lab.sip import OutgoingCall, Phone
from lab.xmpp_server import COMPONENT, HOST, XmppServer

PATIENCE = 20.0
"""Seconds that anything may take that is expected to happen."""

RINGING = 60.0
"""Seconds that a phone rings, unless a test says otherwise: longer than anybody waits."""

CALLER = "5550100"
"""The number of a customer of whom there is but one."""

ADMIN = "user3"
"""Who administers the service, among the users."""


class World:
    """Asterisk, an XMPP server, a database of its own, the service, and people.

    Used as a context manager; `queue` are settings of the queue that differ from the defaults, and
    `prepared` is SQL that is run before the service starts. The service reaches Asterisk at
    `ari_port`, if that is given.
    """

    def __init__(
        self,
        asterisk: Asterisk,
        xmpp: XmppServer,
        database: str,
        directory: Path,
        http_port: int,
        queue: dict[str, float],
        ari_port: int | None = None,
        prepared: str = "",
    ) -> None:
        self.asterisk = asterisk
        self.xmpp = xmpp
        self.database = database
        self._ari_port = ari_port or asterisk.settings.http_port
        self.service = Service(directory, self._settings(http_port))
        self._queue = queue
        self._prepared = prepared
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self.database)
        self._stack.push_async_callback(self._disconnect)
        for setting, value in self._queue.items():
            await self.sql(f"UPDATE queues SET {setting} = $1", value)
        if self._prepared:
            await self._connection.execute(self._prepared)
        await self._stack.enter_async_context(self.service)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.asterisk.process.thaw()
        self.service.process.thaw()
        await self._stack.aclose()

    # People. ------------------------------------------------------------------------------------

    async def phone(self, extension: str) -> Phone:
        """An agent's phone, registered; it answers calls at once unless told otherwise."""
        password = self.asterisk.settings.phone_passwords[extension]
        phone = Phone(extension, password=password, server=self._sip)
        return await self._stack.enter_async_context(phone)

    async def agent(self, extension: str) -> Phone:
        """An agent's phone, logged on to the queue."""
        phone = await self.phone(extension)
        await self.log_on(phone)
        return phone

    async def log_on(self, phone: Phone) -> None:
        """Dial the code, and hang up once it has done its work and the phone is free again."""
        call = await phone.dial("*56466*")
        await self.until(
            lambda: self.sql(
                "SELECT 1 FROM members WHERE extension = $1 AND logged_on_at IS NOT NULL",
                phone.user,
            ),
            f"{phone.user} is logged on",
        )
        await call.hang_up()
        await self.until(lambda: self.device_is_free(phone.user), f"phone {phone.user} is free")

    async def device_is_free(self, extension: str) -> bool:
        """Tell whether Asterisk takes the phone for registered and not in use."""
        return "Not in use" in await self.asterisk.cli(f"pjsip show endpoint {extension}")

    async def channels(self) -> set[str]:
        """Return the ids of all channels that Asterisk has."""
        lines = (await self.asterisk.cli("core show channels concise")).splitlines()
        return {line.rpartition("!")[2] for line in lines}

    async def talks(self, besides: Set[str] = frozenset()) -> set[str]:
        """Return the ids of the bridges in which two channels are, besides these."""
        bridges = await self.asterisk.cli("bridge show all")
        return set(re.findall(r"(?m)^(\S+).* 2 +(?:basic|stasis)\s", bridges)) - besides

    async def caller(self, number: str = CALLER) -> Phone:
        """A customer's phone."""
        return await self._stack.enter_async_context(Phone(number, server=self._sip))

    async def call_ivr(self, keys: str = "", number: str = CALLER) -> OutgoingCall:
        """A customer calls the IVR and, once it answers, keys something."""
        call = await (await self.caller(number)).dial("0000")
        await call.answered(PATIENCE)
        for key in keys.split():
            await call.send_digits(key)
        return call

    async def call_support(self, code: str = "1111", number: str = CALLER) -> OutgoingCall:
        """A customer calls the IVR, chooses support and keys a code."""
        return await self.call_ivr(f"1 {code}", number)

    async def sent_away(self, number: str = "ours") -> str:
        """Have somebody call the queue who may not wait; return the QUEUESTATUS he is told."""
        await self.asterisk.cli("dialplan set global OURS_LEFT waiting")
        call = await (await self.caller("5550199")).dial(number)
        await call.ended(PATIENCE)
        return await self.dialplan_variable("OURS_LEFT")

    async def watcher(self, extension: str, account: str = "", **options: Any) -> "Watcher":
        """The software of an extension's agent, or of another user, subscribed."""
        user = account or f"user{extension[0]}"
        subscriber = Subscriber(
            f"{user}@{HOST}",
            self.xmpp.settings.passwords[user],
            extension=extension,
            host="127.0.0.1",
            port=self.xmpp.settings.c2s_port,
            plaintext=True,
            **options,
        )
        watcher = Watcher(subscriber)
        self._stack.push_async_callback(watcher.close)
        await self.until(watcher.follows, f"{user} follows {extension}")
        return watcher

    async def is_subscribed(self, extension: str) -> bool:
        """Tell whether anybody is subscribed to the node of an extension."""
        return bool(
            await self.sql("SELECT 1 FROM subscriptions WHERE node = $1", f"ext{extension}")
        )

    async def operate(self, operation: str, **given: str) -> None:
        """Have the operator do something, as on the command line. Raises `ControlError`."""
        async with ControlClient(self.service.config.with_name("control.sock")) as client:
            await client.ask(operation, given)

    async def restart(self) -> None:
        """Start the service again, after it was stopped or killed."""
        await self.service.start()
        await self.service.ready()

    async def crash(self) -> None:
        """Kill the service, and start it again."""
        await self.service.process.kill()
        await self.restart()

    # What there is. -----------------------------------------------------------------------------

    async def agents(self, queue: str = "support") -> dict[str, int]:
        """Return how many agents of a queue the service takes to be in each state."""
        prefix = f'ivr_agents{{queue="{queue}",state="'
        metrics = (await self.service.metrics()).items()
        found = {name.removeprefix(prefix)[:-2]: n for name, n in metrics if prefix in name}
        return {state: round(count) for state, count in found.items() if count}

    async def sql(self, statement: str, *arguments: object) -> list[Any]:
        """Return the rows of a statement on the service's database."""
        async with self._turn:
            if self._connection.is_closed():  # the server was killed
                self._connection = await asyncpg.connect(self.database)
            rows: list[Any] = await self._connection.fetch(statement, *arguments)
        return rows

    async def dialplan_variable(self, name: str) -> str:
        """Return a global variable of the dialplan, as tests set some."""
        variables = await self.asterisk.cli("dialplan show globals")
        return variables.partition(f"{name}=")[2].partition("\n")[0]

    async def call_log(self) -> list[tuple[str, str]]:
        """Return agent and event of what `queue_log` tells of calls."""
        rows = await self.sql(
            "SELECT agent, event FROM queue_log"
            " WHERE event NOT IN ('ADDMEMBER', 'REMOVEMEMBER', 'PAUSE', 'UNPAUSE') ORDER BY id"
        )
        return [tuple(row) for row in rows]

    async def until(self, condition: Callable[[], Awaitable[Any]], what: str) -> None:
        """Wait until something is so. Raises `TimeoutError` that says what was awaited."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            service = self.service.process.condition
            raise TimeoutError(f"it never came true that {what}; {service}") from None

    async def quiet(self) -> None:
        """Wait until nothing of any call is left in Asterisk and every agent is available."""
        await self.until(self._is_quiet, "nothing is left over")

    async def _is_quiet(self) -> bool:
        channels = await self.asterisk.cli("core show channels count")
        bridges = await self.asterisk.cli("bridge show all")
        busy = await self.sql("SELECT 1 FROM agents WHERE state <> 'available'")
        calls = await self.sql("SELECT 1 FROM calls WHERE state <> 'ended'")
        return not (busy or calls or "ivrtalk-" in bridges) and "0 active channels" in channels

    # Parts. -------------------------------------------------------------------------------------

    @property
    def _sip(self) -> tuple[str, int]:
        return "127.0.0.1", self.asterisk.settings.sip_port

    async def _disconnect(self) -> None:
        await self._connection.close()

    def _settings(self, http_port: int) -> Settings:
        asterisk, xmpp = self.asterisk.settings, self.xmpp.settings
        return {
            "xmpp": {
                "domain": COMPONENT,
                "port": xmpp.component_port,
                "secret": xmpp.component_secret,
                "admins": [f"{ADMIN}@{HOST}"],
            },
            "asterisk": {
                "url": f"http://127.0.0.1:{self._ari_port}",
                "username": ARI_USER,
                "password": asterisk.ari_password,
            },
            "agi": {"port": asterisk.agi_port},
            "database": {"url": self.database},
            "http": {"port": http_port},
            "log": {"format": "json", "level": "debug"},
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What the software showed, and when, on the clock of `time.monotonic()`."""

    event: CallEvent
    at: float


class Watcher:
    """An agent's software that remembers what it was shown."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.seen: list[Seen] = []
        self._subscriber = subscriber
        self._news = asyncio.Event()
        self._next = 0
        self._task = asyncio.create_task(self._follow(subscriber))
        self._task.add_done_callback(lambda _: self._news.set())

    @property
    def states(self) -> list[str]:
        """The states that calls were shown in."""
        return [seen.event.state for seen in self.seen]

    async def follows(self) -> bool:
        """Tell whether it is subscribed, and has been told of the calls that there are."""
        return self._subscriber._followed

    async def next(self, state: str) -> CallEvent:
        """Wait for the next event, which is to be of this state."""
        await self._more_than(self._next)
        event = self.seen[self._next].event
        self._next += 1
        assert event.state == state, f"expected {state}, but was shown {event}"
        return event

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _more_than(self, count: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self.seen) <= count:
                    if self._task.done():
                        self._task.result()  # raises what ended it
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"nothing was shown after {self.states}") from None

    async def _follow(self, subscriber: Subscriber) -> None:
        async for event in subscriber.events():
            self.seen.append(Seen(event, time.monotonic()))
            self._news.set()


def prompt(name: str) -> bytes:
    """The recording of a sentence, as a caller hears it (PCMU)."""
    return (PROMPTS / "ivr" / f"{name}.ulaw").read_bytes()


def core_prompt(name: str) -> bytes:
    """The recording of a sentence of Asterisk's core sounds, as a caller hears it (PCMU)."""
    return (PROMPTS / "core" / f"{name}.ulaw").read_bytes()
