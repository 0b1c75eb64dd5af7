"""What nodes cost: memory, and the time until a server that is started again serves them.

Each node has one subscription and one item.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from component.xmpp.session import Place
from lab.bench_pubsub import figures, ours
from lab.bench_pubsub.addresses import ADMIN, PERSISTENT
from lab.bench_pubsub.figures import CAPACITY, OURS
from lab.bench_pubsub.run import Run
from lab.bench_pubsub.servers import BenchEjabberd, BenchProsody
from lab.bench_pubsub.stanzas import items
from lab.bench_pubsub.usage import cpu_seconds, memory_kib
from lab.bench_pubsub.wire import Audience, Client
from lab.xmpp_server import COMPONENT, HOST, XmppServerSettings

JID = f"user1@{HOST}/desk"
PASSWORDS = {"admin": "secret"}

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own in it
ROOM = 2**30
"""Bytes that Prosody's files may take there."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of nodes cost the process that has them."""

    memory_kib: float
    ready_seconds: float
    """From starting the process until it has answered a request about the last node."""
    cpu_seconds: float
    """Of that process, until then."""


async def measure(directory: Path, run: Run) -> None:
    """Measure all services with several numbers of nodes, the least first."""
    counts, noted = run.size.capacities, run.noted
    for name, one in ((OURS, service), ("prosody", prosody), ("ejabberd", ejabberd)):
        loads = {}
        for count in counts:
            run.progress.say(f"{count:,} nodes: {name}")
            place = directory / f"{one.__name__}-{count}"
            load = loads[count] = await one(count, place, run)
            noted.add(CAPACITY, name, figures.memory(count), load.memory_kib / 1024)
            noted.add(CAPACITY, name, figures.ready(count), load.ready_seconds)
            noted.add(CAPACITY, name, figures.cpu_until(count), load.cpu_seconds)
        least, most = counts[0], counts[-1]
        grown = loads[most].memory_kib - loads[least].memory_kib
        noted.add(CAPACITY, name, figures.MEMORY, grown / (most - least))


def nodes(count: int) -> list[tuple[str, str]]:
    """Return so many nodes with their subscriber."""
    return [(f"node{number}", JID) for number in range(count)]


async def prosody(count: int, directory: Path, run: Run) -> Load:
    """Measure Prosody's mod_pubsub."""
    settings = _settings(run)
    with _quick(directory) as place:
        server = BenchProsody(place, settings)
        server.store(nodes(count), items=True)
        begin = time.perf_counter()
        async with server:
            return _load(begin, server.process.pid, settings.c2s_port, PERSISTENT, count)


async def ejabberd(count: int, directory: Path, run: Run) -> Load:
    """Measure ejabberd's mod_pubsub."""
    settings = _settings(run)
    server = BenchEjabberd(directory, settings, run.ports.take(), run.ports.take())
    server.store(nodes(count), items=True)
    async with server:
        pass  # it has stored them now
    begin = time.perf_counter()
    async with server:
        return _load(begin, server.process.pid, settings.c2s_port, PERSISTENT, count)


async def service(count: int, directory: Path, run: Run) -> Load:
    """Measure this service, behind Prosody."""
    settings = _settings(run)
    place = Place(COMPONENT, "127.0.0.1", settings.component_port, settings.component_secret)
    async with BenchProsody(directory / "server", settings):
        running = ours.running(ours.PubSubService, directory, place, run, nodes(count), items=True)
        async with running as instance:
            await instance.stop()
            begin = time.perf_counter()
            await instance.start()
            await instance.ready()
            return _load(begin, instance.process.pid, settings.c2s_port, COMPONENT, count)


def _settings(run: Run) -> XmppServerSettings:
    return XmppServerSettings(run.ports.take(), run.ports.take(), passwords=PASSWORDS)


@contextmanager
def _quick(directory: Path) -> Iterator[Path]:
    """Yield a directory in memory if there is room, or else this one.

    Two files for each of 100,000 nodes are made and deleted there in seconds, on a disk in minutes.
    To read them takes the same: just written, they would be in memory anyway.
    """
    if not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < ROOM:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="ivr", dir=IN_MEMORY) as there:
        yield Path(there)


def _load(begin: float, pid: int, port: int, address: str, count: int) -> Load:
    client = Client(port, f"{ADMIN}/desk", PASSWORDS["admin"])
    audience = Audience([client])
    audience.ask(client, address, [items(f"node{count - 1}")])
    ready, cpu = time.perf_counter() - begin, cpu_seconds([pid])
    audience.close()
    return Load(memory_kib(pid), ready, cpu)
