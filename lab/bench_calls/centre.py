"""One Asterisk with app_queue's queues and ours, the same agents in both, and who serves ours."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from component.storage.embedded import EmbeddedServer
from component.storage.migrations import migrate
from lab.asterisk import ARI_USER, Asterisk, AsteriskSettings, Installation
from lab.bench_calls.phones import HOST, Phones
from lab.bench_pubsub.usage import with_children
from lab.bench_pubsub.wire import Client
from lab.paths import PROJECT
from lab.ports import PortBlock
from lab.prosody import Prosody
from lab.service import Service, Settings
from lab.template import write_private
from lab.xmpp_server import COMPONENT, XmppServerSettings
from lab.xmpp_server import HOST as XMPP_HOST

RTP_PORTS = range(34_000, 60_000)
"""Asterisk takes those that are free; a thousand calls need four thousand."""

TIMEOUT, RETRY = 15, 1

ACCOUNT = f"agents@{XMPP_HOST}"
"""All agents have one account: a call is announced to it once, however many are logged on."""

CODES = 1000
"""Customers, with the codes 1 to this."""

SCRIPT = PROJECT / "lab" / "bench_calls" / "spawned.py"

QUEUES_CONF = """[general]
persistentmembers = no
autofill = yes
shared_lastcall = yes
"""

QUEUE = """
[q{agents}]
strategy = leastrecent
timeout = {timeout}
retry = {retry}
ringinuse = no
joinempty = yes
leavewhenempty = no
"""

DIALPLAN = """
[from-callers](+)
exten => _theirs.,1,Answer(,i)
 same => n,Queue(q${{EXTEN:6}})
exten => _ours.,1,Answer(,i)
 same => n,Set(CHANNEL(hangup_handler_push)=ivr-caller-gone,s,1)
 same => n,Stasis(${{IVR_APP}},q${{EXTEN:4}},)
; (n, x and z would stand for digits in a pattern)
exten => _bare.,1,Hangup()
exten => _fastagi.,1,AGI(${{IVR_AGI}}/customer,${{EXTEN:7}})
 same => n,Hangup()
exten => _script.,1,AGI({script},${{EXTEN:6}})
 same => n,Hangup()
"""

ENDPOINT = """
[{agent}](phone)
aors = {agent}
[{agent}]
type = aor
contact = sip:{agent}@{host}:{port}
"""


LOGGER_CONF = """[logfiles]
messages => notice,warning,error
"""
"""No line for each step of the dialplan."""


class Pbx(Asterisk):
    """An Asterisk whose configuration goes on with these texts, by the name of the file."""

    def __init__(
        self, directory: Path, settings: AsteriskSettings, more: Mapping[str, str]
    ) -> None:
        super().__init__(Installation.find(), directory, settings)
        self._more = more

    def _install(self) -> None:
        super()._install()
        for name, text in self._more.items():
            file = self._directory / "etc" / name
            write_private(file, (file.read_text() if file.exists() else "") + text)
        write_private(self._directory / "etc" / "logger.conf", LOGGER_CONF)


Pids = Mapping[str, Callable[[], Iterable[int]]]
"""Processes by what they are."""


@dataclass(frozen=True, slots=True)
class Centre:
    """What runs, and the telephones."""

    phones: Phones
    pids: Pids
    database: str
    """Where this service keeps its records."""


def agent(number: int) -> str:
    """Name an agent, from 0."""
    return f"a{number:04}"


@asynccontextmanager
async def running(
    agents: Sequence[int], directory: Path, ports: PortBlock
) -> AsyncIterator[Centre]:
    """Run everything, with a queue for each of these numbers of agents, all of them logged on."""
    async with AsyncExitStack() as stack:
        server = await EmbeddedServer.start(directory / "postgresql")
        stack.push_async_callback(server.stop)
        await migrate(server.url)
        await _fill(server.url, agents)
        xmpp = XmppServerSettings(ports.take(), ports.take(), passwords={"agents": "secret"})
        prosody = await stack.enter_async_context(Prosody(directory / "prosody", xmpp))
        settings = AsteriskSettings(ports.take(), ports.take(), ports.take(), RTP_PORTS)
        account = Client(xmpp.c2s_port, f"{ACCOUNT}/desk", "secret")
        stack.callback(account.close)
        account.appear()
        asyncio.get_running_loop().add_reader(account, account.read)
        stack.callback(asyncio.get_running_loop().remove_reader, account)
        phones = Phones(ports.take(), (HOST, settings.sip_port))
        phones.open()
        stack.callback(phones.close)
        script = directory / "spawned"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {SCRIPT} {server.url!r} "$@"\n')
        script.chmod(0o755)
        pbx = Pbx(directory / "asterisk", settings, _configuration(agents, phones.port, script))
        await stack.enter_async_context(pbx)
        service = Service(
            directory / "service", _settings(settings, xmpp, server.url, ports.take())
        )
        await stack.enter_async_context(service)
        postmaster = (directory / "postgresql" / "postmaster.pid").read_text().split()[0]
        yield Centre(
            phones,
            {
                "Asterisk": lambda: [pbx.process.pid],
                "the service": lambda: [service.process.pid],
                "PostgreSQL": lambda: with_children(int(postmaster)),
                "Prosody": lambda: [prosody.process.pid],
            },
            server.url,
        )


def _configuration(agents: Sequence[int], port: int, script: Path) -> Mapping[str, str]:
    queues = [QUEUES_CONF]
    for number in agents:
        queues.append(QUEUE.format(agents=number, timeout=TIMEOUT, retry=RETRY))
        queues += [f"member => PJSIP/{agent(n)}\n" for n in range(number)]
    endpoints = [ENDPOINT.format(agent=agent(n), host=HOST, port=port) for n in range(max(agents))]
    return {
        "modules.conf": "\nload = app_queue.so\n",
        "queues.conf": "".join(queues),
        "extensions.conf": DIALPLAN.format(script=script),
        "pjsip_lab.conf": "".join(endpoints),
    }


async def _fill(url: str, agents: Sequence[int]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO extensions (extension, device, jid)"
            " SELECT name, 'PJSIP/' || name, $2 FROM unnest($1::text[]) AS name",
            [agent(number) for number in range(max(agents))],
            ACCOUNT,
        )
        await connection.execute(
            "INSERT INTO customers (code, name)"
            " SELECT number::text, 'Company ' || number FROM generate_series(1, $1::int) AS number",
            CODES,
        )
        for number in agents:
            queue, names = f"q{number}", [agent(n) for n in range(number)]
            await connection.execute(
                "INSERT INTO queues (name, timeout, retry, max_wait) VALUES ($1, $2, $3, 600)",
                queue,
                TIMEOUT,
                RETRY,
            )
            await connection.execute(
                "INSERT INTO members (queue, extension, logged_on_at, logon_order)"
                " SELECT $1, name, now(), place FROM unnest($2::text[])"
                " WITH ORDINALITY AS new (name, place)",
                queue,
                names,
            )
    finally:
        await connection.close()


def _settings(
    asterisk: AsteriskSettings, xmpp: XmppServerSettings, database_url: str, http_port: int
) -> Settings:
    return {
        "xmpp": {
            "domain": COMPONENT,
            "port": xmpp.component_port,
            "secret": xmpp.component_secret,
        },
        "asterisk": {
            "url": f"http://{HOST}:{asterisk.http_port}",
            "username": ARI_USER,
            "password": asterisk.ari_password,
        },
        "agi": {"port": asterisk.agi_port},
        "database": {"url": database_url},
        "http": {"port": http_port},
        "log": {"format": "json"},
    }
