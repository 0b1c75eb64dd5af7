"""Which service is put to which test.

What is compared is measured in turns, in several short rounds: neither a machine nor a server is
equally fast all the time.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

from component.garbage import collected_never
from lab.bench_pubsub import figures
from lab.bench_pubsub.addresses import BARE, IN_MEMORY, PERSISTENT, PLUGIN_LAYER
from lab.bench_pubsub.disk import write_times
from lab.bench_pubsub.run import Run
from lab.bench_pubsub.scenarios import PAUSE, Rate, Service, Times
from lab.bench_pubsub.sizes import Size
from lab.bench_pubsub.stage import REQUESTS, Stage, fan, spread
from lab.bench_pubsub.stanzas import notification
from lab.bench_pubsub.wire import WINDOW
from lab.xmpp_server import COMPONENT, HOST

UNDER_WAY = 4
"""Publishes to many subscribers that are under way at once."""

LEAST_ROUNDS = 3
"""Without which there is no telling how far they are apart."""

Turn = Callable[[], None]
"""Measures one service for a while."""


def rounds(size: Size, clock: Callable[[], float] = time.monotonic) -> Iterator[int]:
    """Yield the numbers of the rounds that there is time for."""
    began = clock()
    for number in range(size.rounds):
        if number >= LEAST_ROUNDS and clock() - began > size.seconds:
            return
        yield number


class Measurements:
    """All measurements on one server."""

    def __init__(self, stage: Stage, run: Run) -> None:
        self._stage = stage
        self._noted = run.noted
        self._progress = run.progress
        own, in_memory = stage.services[PERSISTENT], stage.services.get(IN_MEMORY)
        # With its store Prosody is too slow to be measured with many subscribers.
        self._stored = None if in_memory is None else own
        self._compared = {
            figures.OWN if in_memory is None else figures.IN_MEMORY: in_memory or own,
            figures.OURS: stage.services[COMPONENT],
        }

    def take(self) -> None:
        """Measure everything, in as many rounds as there is time for."""
        self._stage.services[PLUGIN_LAYER].publish_once(spread(0), 1, 1)
        with collected_never():  # a pause of the clients would be taken for one of the server
            for number in rounds(self._stage.size):
                for scenario, turns in self._round(number):
                    with self._progress.part(scenario):
                        # Who comes second may find it easier, or harder.
                        for turn in reversed(turns) if number % 2 else turns:
                            turn()

    def _round(self, number: int) -> Iterator[tuple[str, list[Turn]]]:
        """Yield what is to be measured in turns, and what that is called."""
        size, services = self._stage.size, self._stage.services
        yield (
            "pings, and the disk",
            [
                partial(self._time_pings, figures.HOST, services[HOST]),
                partial(self._time_pings, figures.OURS, services[COMPONENT]),
                self._time_disk,
            ],
        )
        for subscribers in size.latencies:
            write = partial(self._write_once, subscribers)
            publish = self._turns(partial(self._publish_once, subscribers))
            yield f"1 publish to {subscribers:,}", [*publish, write]
        yield figures.SPREAD, self._publishes_to_many(number)
        for subscribers in size.fan_outs:
            write = partial(self._write_often, subscribers)
            publish = self._turns(partial(self._publish_often, subscribers))
            yield figures.fan_out(subscribers), [*publish, write]
        for what, request in (
            (figures.ITEMS, self._retrieve),
            (figures.SUBSCRIPTIONS, self._subscribe),
        ):
            plugin_layer = partial(request, figures.PLUGIN_LAYER, services[PLUGIN_LAYER])
            yield what, [*self._turns(request), plugin_layer]

    def _turns(self, measure: Callable[[str, Service], None]) -> list[Turn]:
        return [partial(measure, name, service) for name, service in self._compared.items()]

    def _publishes_to_many(self, number: int) -> list[Turn]:
        size = self._stage.size
        begin = number * size.publishes
        nodes = [spread((begin + count) % size.nodes) for count in range(size.publishes)]
        turns = self._turns(partial(self._publish_to_many, nodes))
        if self._stored is not None:
            few = nodes[: size.stored_publishes]
            turns.append(partial(self._publish_to_many, few, figures.OWN, self._stored))
        return turns

    # One turn. ----------------------------------------------------------------------------------

    def _time_pings(self, name: str, service: Service) -> None:
        names = (figures.PING, figures.PING.replace("p50", "p99"))
        seconds = service.ping(self._stage.size.pings)
        self._noted.add_times(self._stage.server, name, names, seconds)

    def _time_disk(self) -> None:
        names = (figures.DISK, figures.DISK.replace("p50", "p99"))
        seconds = write_times(self._stage.directory, self._stage.size.pings, PAUSE)
        self._noted.add_times(self._stage.server, figures.HOST, names, seconds)

    def _publish_once(self, subscribers: int, name: str, service: Service) -> None:
        times = self._stage.size.latencies[subscribers]
        heard = service.publish_once(fan(subscribers), subscribers, times)
        self._note_times(name, subscribers, heard)

    def _publish_to_many(self, nodes: list[str], name: str, service: Service) -> None:
        self._note_rate(name, figures.SPREAD, service.publish_often(nodes, 1, WINDOW))

    def _publish_often(self, subscribers: int, name: str, service: Service) -> None:
        nodes = [fan(subscribers)] * self._stage.fan_out_times(subscribers)
        rate = service.publish_often(nodes, subscribers, UNDER_WAY)
        self._note_rate(name, figures.fan_out(subscribers), rate)

    def _write_once(self, subscribers: int) -> None:
        """Let the bare socket send what the others send, to the same subscribers."""
        service, bare = self._stage.services[BARE], self._stage.bare
        once, times = self._prepared(subscribers), self._stage.size.latencies[subscribers]
        heard = [service.listen(lambda: bare.write(once), subscribers) for _ in range(times)]
        both = Times([t.first[0] for t, _ in heard], [t.last[0] for t, _ in heard])
        self._note_times(figures.BARE, subscribers, both)

    def _write_often(self, subscribers: int) -> None:
        service, bare = self._stage.services[BARE], self._stage.bare
        times = self._stage.fan_out_times(subscribers)
        many = self._prepared(subscribers) * times
        _, rate = service.listen(lambda: bare.write(many), subscribers * times)
        self._note_rate(figures.BARE, figures.fan_out(subscribers), rate)

    def _retrieve(self, name: str, service: Service) -> None:
        rate = service.retrieve_often(spread(0), self._stage.size.requests)
        self._note_rate(name, figures.ITEMS, rate)

    def _subscribe(self, name: str, service: Service) -> None:
        client = self._stage.clients[0]
        rate = service.subscribe_often(REQUESTS, self._stage.size.requests, client)
        self._note_rate(name, figures.SUBSCRIPTIONS, rate)

    # Small things. ------------------------------------------------------------------------------

    def _prepared(self, subscribers: int) -> bytes:
        to = (client.jid for client in self._stage.clients[:subscribers])
        return "".join(notification(BARE, jid, fan(subscribers)) for jid in to).encode()

    def _note_times(self, name: str, subscribers: int, times: Times) -> None:
        for what, seconds in ((figures.first, times.first), (figures.last, times.last)):
            names = (what(subscribers, "p50"), what(subscribers, "p99"))
            self._noted.add_times(self._stage.server, name, names, seconds)

    def _note_rate(self, name: str, what: str, rate: Rate) -> None:
        self._noted.add_round(self._stage.server, name, what, rate.per_second)
        for process, seconds in rate.cpu.items():
            self._noted.add_round(self._stage.server, name, figures.cpu(what, process), seconds)
