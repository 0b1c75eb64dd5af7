"""One XMPP server with its clients, and all services that are compared on it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from component.xmpp.session import Place
from lab.bench_pubsub import ours
from lab.bench_pubsub.addresses import ADMIN, BARE, PERSISTENT, PLUGIN_LAYER
from lab.bench_pubsub.bare import BareComponent
from lab.bench_pubsub.scenarios import Pids, Service
from lab.bench_pubsub.servers import BenchServer
from lab.bench_pubsub.sizes import Size
from lab.bench_pubsub.stanzas import create, subscribe
from lab.bench_pubsub.stored import Subscriber
from lab.bench_pubsub.usage import with_children
from lab.bench_pubsub.wire import Audience, Client, Request
from lab.ports import PortBlock
from lab.xmpp_server import COMPONENT, HOST, XmppServerSettings

REQUESTS = "requests"
"""The node that requests are made about."""


def fan(subscribers: int) -> str:
    """Return the node with so many subscribers."""
    return f"fan{subscribers}"


def spread(number: int) -> str:
    """Return one of the nodes with one subscriber."""
    return f"node{number}"


@dataclass(frozen=True, slots=True)
class Stage:
    """A server that is ready to be measured."""

    server: str
    size: Size
    publisher: Client
    clients: Sequence[Client]
    services: Mapping[str, Service]
    """By address."""
    bare: BareComponent
    directory: Path
    """On the disk that the databases are on."""
    pace: int
    """How many times more this server is given to send to many, so that it takes as long."""

    def fan_out_times(self, subscribers: int) -> int:
        """Return how many publishes in a row to so many subscribers are measured."""
        return self.size.fan_outs[subscribers] * self.pace


@asynccontextmanager
async def staged(
    kind: type[BenchServer], size: Size, directory: Path, ports: PortBlock
) -> AsyncIterator[Stage]:
    """Start everything for one server."""
    passwords = {f"s{number}": "secret" for number in range(size.clients)} | {"admin": "secret"}
    settings = XmppServerSettings(ports.take(), ports.take(), passwords=passwords)
    secret = settings.component_secret
    jids = [f"s{number}@{HOST}/desk" for number in range(size.clients)]
    everybody = subscribers(size, jids)
    server = kind(directory / "server", settings, ports.take(), ports.take())
    server.store([(spread(number), jids[0]) for number in range(size.nodes)])
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)

        async def run(service: type[ours.PubSubService], domain: str) -> Pids:
            place = Place(domain, "127.0.0.1", server.ports[domain], secret)
            running = ours.running(service, directory / domain, place, ports, everybody)
            instance = await stack.enter_async_context(running)
            return {
                "component": lambda: [instance.service.process.pid],
                "postgresql": lambda: with_children(instance.postmaster),
            }

        pids: dict[str, Pids] = {
            address: {} for address in (HOST, PERSISTENT, *server.to_fill, BARE)
        }
        pids[COMPONENT] = await run(ours.PubSubService, COMPONENT)
        pids[PLUGIN_LAYER] = await run(ours.PluginLayerService, PLUGIN_LAYER)
        publisher = Client(settings.c2s_port, f"{ADMIN}/desk", "secret")
        clients = [Client(settings.c2s_port, jid, "secret") for jid in jids]
        audience = Audience([publisher, *clients])
        stack.callback(audience.close)
        bare = BareComponent(server.ports[BARE], BARE, secret)
        stack.callback(bare.close)
        services = {
            address: Service(
                address,
                publisher,
                audience,
                {"server": lambda: [server.process.pid], **component},
            )
            for address, component in pids.items()
        }
        for address in server.to_fill:
            _fill(services[address], everybody, clients, audience)
        yield Stage(server.name, size, publisher, clients, services, bare, directory, kind.pace)


def subscribers(size: Size, jids: Sequence[str]) -> list[Subscriber]:
    """Return the nodes and whom each is to be shown to."""
    fans = {*size.latencies, *size.fan_outs}
    return [
        (REQUESTS, jids[-1]),
        *((spread(number), jids[number % len(jids)]) for number in range(size.nodes)),
        *((fan(count), jid) for count in fans for jid in jids[:count]),
    ]


def _fill(
    service: Service, everybody: Sequence[Subscriber], clients: Sequence[Client], audience: Audience
) -> None:
    """Make the nodes of a server's own service, and subscribe to them."""
    service.ask(create(node) for node in dict.fromkeys(node for node, _ in everybody))
    by_jid = {client.jid: client for client in clients}
    requests: dict[Client, list[Request]] = {}
    for node, jid in everybody:
        requests.setdefault(by_jid[jid], []).append(subscribe(node, jid))
    audience.ask_all(service.address, requests)
