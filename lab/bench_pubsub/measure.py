"""Which service is put to which test."""

from lab.bench_pubsub import figures
from lab.bench_pubsub.addresses import BARE, IN_MEMORY, PERSISTENT, PLUGIN_LAYER
from lab.bench_pubsub.disk import write_times
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.scenarios import Rate, Service, Times
from lab.bench_pubsub.stage import REQUESTS, Stage, fan, spread
from lab.bench_pubsub.stanzas import notification
from lab.bench_pubsub.wire import WINDOW
from lab.xmpp_server import COMPONENT, HOST

PINGS = 300

UNDER_WAY = 4
"""Publishes to many subscribers that are under way at once."""


class Measurements:
    """All measurements on one server."""

    def __init__(self, stage: Stage, noted: Figures) -> None:
        self._stage = stage
        self._noted = noted

    def run(self) -> None:
        """Measure everything."""
        services, size = self._stage.services, self._stage.size
        in_memory = services.get(IN_MEMORY)
        self._time_pings(figures.HOST, services[HOST])
        self._time_pings(figures.OURS, services[COMPONENT])
        self._time_disk()
        for name, service in (
            (figures.IN_MEMORY, in_memory),
            # With its store Prosody is too slow to be measured with many subscribers.
            (figures.OWN, services[PERSISTENT] if in_memory is None else None),
            (figures.OURS, services[COMPONENT]),
        ):
            if service is not None:
                self._time_publishes(name, service)
                self._publish_to_many(name, service, size.publishes)
                self._fan_out(name, service)
                self._request(name, service)
        if in_memory is not None:
            self._publish_to_many(figures.OWN, services[PERSISTENT], size.stored_publishes)
        self._write_bare(services[BARE])
        services[PLUGIN_LAYER].publish_once(spread(0), 1, 1)
        self._request(figures.PLUGIN_LAYER, services[PLUGIN_LAYER])

    def _time_pings(self, name: str, service: Service) -> None:
        names = (figures.PING, figures.PING.replace("p50", "p99"))
        self._noted.add_times(self._stage.server, name, names, service.ping(PINGS))

    def _time_disk(self) -> None:
        names = (figures.DISK, figures.DISK.replace("p50", "p99"))
        seconds = write_times(self._stage.directory, PINGS)
        self._noted.add_times(self._stage.server, figures.HOST, names, seconds)

    def _time_publishes(self, name: str, service: Service) -> None:
        for subscribers, times in self._stage.size.latencies.items():
            self._note_times(
                name, subscribers, service.publish_once(fan(subscribers), subscribers, times)
            )

    def _publish_to_many(self, name: str, service: Service, times: int) -> None:
        nodes = [spread(number) for number in range(self._stage.size.nodes)]
        self._note_rate(name, figures.SPREAD, service.publish_often(nodes, times, 1, WINDOW))

    def _fan_out(self, name: str, service: Service) -> None:
        for subscribers, times in self._stage.size.fan_outs.items():
            rate = service.publish_often([fan(subscribers)], times, subscribers, UNDER_WAY)
            self._note_rate(name, figures.fan_out(subscribers), rate)

    def _request(self, name: str, service: Service) -> None:
        count, client = self._stage.size.requests, self._stage.clients[0]
        self._note_rate(name, figures.ITEMS, service.retrieve_often(spread(0), count))
        rate = service.subscribe_often(REQUESTS, count, client)
        self._note_rate(name, figures.SUBSCRIPTIONS, rate)

    def _write_bare(self, service: Service) -> None:
        """Let the bare socket send what the others send, to the same subscribers."""
        bare, clients, size = self._stage.bare, self._stage.clients, self._stage.size

        def prepared(subscribers: int) -> bytes:
            to = (client.jid for client in clients[:subscribers])
            return "".join(notification(BARE, jid, fan(subscribers)) for jid in to).encode()

        for subscribers, times in size.latencies.items():
            once = prepared(subscribers)
            heard = [service.listen(lambda: bare.write(once), subscribers) for _ in range(times)]  # noqa: B023 used at once
            both = Times([t.first[0] for t, _ in heard], [t.last[0] for t, _ in heard])
            self._note_times(figures.BARE, subscribers, both)
        for subscribers, times in size.fan_outs.items():
            many = prepared(subscribers) * times
            _, rate = service.listen(lambda: bare.write(many), subscribers * times)  # noqa: B023
            self._note_rate(figures.BARE, figures.fan_out(subscribers), rate)

    def _note_times(self, name: str, subscribers: int, times: Times) -> None:
        for what, seconds in ((figures.first, times.first), (figures.last, times.last)):
            names = (what(subscribers, "p50"), what(subscribers, "p99"))
            self._noted.add_times(self._stage.server, name, names, seconds)

    def _note_rate(self, name: str, what: str, rate: Rate) -> None:
        self._noted.add(self._stage.server, name, what, rate.per_second)
        for process, seconds in rate.cpu.items():
            self._noted.add(self._stage.server, name, figures.cpu(what, process), seconds)
