"""The whole system on loopback: PostgreSQL, Prosody, Asterisk, the service and Prometheus."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from component.storage.embedded import EmbeddedServer
from component.storage.migrations import migrate
from lab.asterisk import ARI_USER, PHONES, Asterisk, AsteriskSettings, Installation
from lab.passwords import passwords
from lab.paths import PROJECT
from lab.ports import PortBlock, is_free
from lab.prometheus import Prometheus
from lab.prosody import Prosody
from lab.service import Service, Settings
from lab.xmpp_server import COMPONENT, USERS, XmppServerSettings

DEMO = PROJECT / "sql" / "demo.sql"

RTP_PORTS = 200


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens: where one expects it, unless that is taken."""

    sip: int
    ari: int
    agi: int
    http: int
    xmpp: int
    component: int
    prometheus: int
    rtp: range

    @classmethod
    def choose(cls, block: PortBlock) -> Self:
        """Choose ports; those that replace a taken one come from the block."""

        def port(usual: int) -> int:
            return usual if is_free(usual) else block.take()

        return cls(
            sip=port(5060),
            ari=port(8088),
            agi=port(4573),
            http=port(8080),
            xmpp=port(5222),
            component=port(5347),
            prometheus=port(9090),
            rtp=block.take_range(RTP_PORTS),
        )


class Stack:
    """Servers with the demonstration data, their state and passwords in one directory.

    `async with Stack(...)` starts them all, waits until the service is ready, and stops them.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = AsyncExitStack()
        names = (*PHONES, *USERS, "ari", "component")
        self.passwords = passwords(directory / "passwords.json", names)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as starting:
            self.ports = Ports.choose(starting.enter_context(PortBlock()))
            self.asterisk = self._asterisk()
            self.prosody = self._prosody()
            self.service = Service(self._directory / "service", self._settings())
            self.prometheus = Prometheus(
                self._directory / "prometheus",
                self.ports.prometheus,
                f"127.0.0.1:{self.ports.http}",
                patient=True,
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._database(starting))
                tasks.create_task(starting.enter_async_context(self.prosody))
                tasks.create_task(starting.enter_async_context(self.asterisk))
                tasks.create_task(starting.enter_async_context(self.prometheus))
            await starting.enter_async_context(self.service)
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._running.aclose()

    async def _database(self, starting: AsyncExitStack) -> None:
        """Start the server that the service will use, too, and fill it."""
        server = await EmbeddedServer.start(self._directory / "postgresql")
        starting.push_async_callback(server.stop)
        self.database_url = server.url
        await migrate(server.url)
        connection = await asyncpg.connect(server.url)
        try:
            await connection.execute(DEMO.read_text())
        finally:
            await connection.close()

    def _asterisk(self) -> Asterisk:
        settings = AsteriskSettings(
            sip_port=self.ports.sip,
            http_port=self.ports.ari,
            agi_port=self.ports.agi,
            rtp_ports=self.ports.rtp,
            ari_password=self.passwords["ari"],
            phone_passwords={phone: self.passwords[phone] for phone in PHONES},
        )
        return Asterisk(Installation.find(), self._directory / "asterisk", settings)

    def _prosody(self) -> Prosody:
        settings = XmppServerSettings(
            c2s_port=self.ports.xmpp,
            component_port=self.ports.component,
            component_secret=self.passwords["component"],
            passwords={user: self.passwords[user] for user in USERS},
        )
        return Prosody(self._directory / "prosody", settings)

    def _settings(self) -> Settings:
        return {
            "xmpp": {
                "domain": COMPONENT,
                "port": self.ports.component,
                "secret": self.passwords["component"],
            },
            "asterisk": {
                "url": f"http://127.0.0.1:{self.ports.ari}",
                "username": ARI_USER,
                "password": self.passwords["ari"],
            },
            "agi": {"port": self.ports.agi},
            "database": {"directory": str(self._directory / "postgresql")},
            "http": {"port": self.ports.http},
            "log": {"format": "json"},
        }
