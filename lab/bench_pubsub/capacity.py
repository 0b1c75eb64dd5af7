"""What nodes cost: memory, and the time until a server that is started again serves them.

Each node has one subscription and one item.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from component.xmpp.session import Place
from lab.bench_pubsub import figures, ours
from lab.bench_pubsub.addresses import ADMIN, PERSISTENT
from lab.bench_pubsub.figures import CAPACITY, OURS, Figures
from lab.bench_pubsub.servers import BenchEjabberd, BenchProsody
from lab.bench_pubsub.stanzas import items
from lab.bench_pubsub.stored import ejabberd_script
from lab.bench_pubsub.usage import cpu_seconds, memory_kib
from lab.bench_pubsub.wire import Audience, Client
from lab.ports import PortBlock
from lab.xmpp_server import COMPONENT, HOST, XmppServerSettings

JID = f"user1@{HOST}/desk"
PASSWORDS = {"admin": "secret"}

MOST_OF_EJABBERD = 10_000
"""Nodes: its store is filled by its own functions, which would take minutes for ten times more."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of nodes cost the process that has them."""

    memory_kib: float
    ready_seconds: float
    """From starting the process until it has answered a request about the last node."""
    cpu_seconds: float
    """Of that process, until then."""


async def measure(counts: Sequence[int], directory: Path, ports: PortBlock, noted: Figures) -> None:
    """Measure all services with these numbers of nodes, the least first."""
    few = [count for count in counts if count <= MOST_OF_EJABBERD]
    for name, one, measured in (
        (OURS, service, counts),
        ("prosody", prosody, counts),
        ("ejabberd", ejabberd, few),
    ):
        loads = {}
        for count in measured:
            print(f"{count:,} nodes: {name}", file=sys.stderr, flush=True)
            load = loads[count] = await one(count, directory / f"{one.__name__}-{count}", ports)
            noted.add(CAPACITY, name, figures.memory(count), load.memory_kib / 1024)
            noted.add(CAPACITY, name, figures.ready(count), load.ready_seconds)
            noted.add(CAPACITY, name, figures.cpu_until(count), load.cpu_seconds)
        least, most = measured[0], measured[-1]
        grown = loads[most].memory_kib - loads[least].memory_kib
        noted.add(CAPACITY, name, figures.MEMORY, grown / (most - least))


def nodes(count: int) -> list[tuple[str, str]]:
    """Return so many nodes with their subscriber."""
    return [(f"node{number}", JID) for number in range(count)]


async def prosody(count: int, directory: Path, ports: PortBlock) -> Load:
    """Measure Prosody's mod_pubsub."""
    settings = XmppServerSettings(ports.take(), ports.take(), passwords=PASSWORDS)
    server = BenchProsody(directory, settings)
    server.store(nodes(count), items=True)
    begin = time.perf_counter()
    async with server:
        return _load(begin, server.process.pid, settings.c2s_port, PERSISTENT, count)


async def ejabberd(count: int, directory: Path, ports: PortBlock) -> Load:
    """Measure ejabberd's mod_pubsub."""
    settings = XmppServerSettings(ports.take(), ports.take(), passwords=PASSWORDS)
    server = BenchEjabberd(directory, settings, ports.take(), ports.take())
    server.script = ejabberd_script(count, JID)
    async with server:
        server.script = ""
    begin = time.perf_counter()
    async with server:
        return _load(begin, server.process.pid, settings.c2s_port, PERSISTENT, count)


async def service(count: int, directory: Path, ports: PortBlock) -> Load:
    """Measure this service, behind Prosody."""
    settings = XmppServerSettings(ports.take(), ports.take(), passwords=PASSWORDS)
    place = Place(COMPONENT, "127.0.0.1", settings.component_port, settings.component_secret)
    async with BenchProsody(directory / "server", settings):
        running = ours.running(
            ours.PubSubService, directory, place, ports, nodes(count), items=True
        )
        async with running as instance:
            await instance.service.stop()
            begin = time.perf_counter()
            await instance.service.start()
            await instance.service.ready()
            pid = instance.service.process.pid
            return _load(begin, pid, settings.c2s_port, COMPONENT, count)


def _load(begin: float, pid: int, port: int, address: str, count: int) -> Load:
    client = Client(port, f"{ADMIN}/desk", PASSWORDS["admin"])
    audience = Audience([client])
    audience.ask(client, address, [items(f"node{count - 1}")])
    ready, cpu = time.perf_counter() - begin, cpu_seconds([pid])
    audience.close()
    return Load(memory_kib(pid), ready, cpu)
