"""One XMPP server with its clients, and all services that are compared on it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from component.xmpp.session import Place
from lab.bench_pubsub import ours
from lab.bench_pubsub.addresses import ADMIN, BARE, PERSISTENT, PLUGIN_LAYER
from lab.bench_pubsub.bare import BareComponent
from lab.bench_pubsub.run import Run
from lab.bench_pubsub.scenarios import Pids, Service
from lab.bench_pubsub.servers import BenchServer
from lab.bench_pubsub.sizes import Size
from lab.bench_pubsub.stanzas import create, subscribe
from lab.bench_pubsub.stored import Subscriber
from lab.bench_pubsub.usage import with_children
from lab.bench_pubsub.wire import Audience, Client, Request
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
async def staged(kind: type[BenchServer], directory: Path, run: Run) -> AsyncIterator[Stage]:
    """Start everything for one server."""
    size, progress = run.size, run.progress
    passwords = {f"s{number}": "secret" for number in range(size.clients)} | {"admin": "secret"}
    settings = XmppServerSettings(run.ports.take(), run.ports.take(), passwords=passwords)
    secret = settings.component_secret
    jids = [f"s{number}@{HOST}/desk" for number in range(size.clients)]
    singles = [(spread(number), jids[number % len(jids)]) for number in range(size.nodes)]
    shared = subscribers_of_many(size, jids)
    everybody = [*singles, *shared]
    server = kind(directory / "server", settings, run.ports.take(), run.ports.take())
    async with AsyncExitStack() as stack:
        with progress.part("the server, with nodes"):
            server.store(singles)
            await stack.enter_async_context(server)

        async def start(service: type[ours.PubSubService], domain: str) -> Pids:
            place = Place(domain, "127.0.0.1", server.ports[domain], secret)
            running = ours.running(service, directory / domain, place, run, everybody)
            instance = await stack.enter_async_context(running)
            return {
                "component": lambda: [instance.process.pid],
                "postgresql": lambda: with_children(run.databases.postmaster),
            }

        pids: dict[str, Pids] = {
            address: {} for address in (HOST, PERSISTENT, *server.to_fill, BARE)
        }
        with progress.part("this service, twice"):
            pids[COMPONENT] = await start(ours.PubSubService, COMPONENT)
            pids[PLUGIN_LAYER] = await start(ours.PluginLayerService, PLUGIN_LAYER)
        with progress.part("clients"):
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
        with progress.part("nodes that are made by requests"):
            for address in server.to_fill:
                wanted = shared if address == PERSISTENT else everybody
                _fill(services[address], wanted, clients, audience, creates=server.creates_nodes)
        yield Stage(server.name, size, publisher, clients, services, bare, directory, kind.pace)


def subscribers_of_many(size: Size, jids: Sequence[str]) -> list[Subscriber]:
    """Return the nodes that have many subscribers, and whom each is to be shown to."""
    fans = {*size.latencies, *size.fan_outs}
    return [
        (REQUESTS, jids[-1]),
        *((fan(count), jid) for count in fans for jid in jids[:count]),
    ]


def _fill(
    service: Service,
    everybody: Sequence[Subscriber],
    clients: Sequence[Client],
    audience: Audience,
    *,
    creates: bool,
) -> None:
    """Subscribe to the nodes of a server's own service; make them, unless it does that itself."""
    if not creates:
        service.ask(create(node) for node in dict.fromkeys(node for node, _ in everybody))
    by_jid = {client.jid: client for client in clients}
    requests: dict[Client, list[Request]] = {}
    for node, jid in everybody:
        requests.setdefault(by_jid[jid], []).append(subscribe(node, jid))
    audience.ask_all(service.address, requests)
