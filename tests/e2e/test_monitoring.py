"""A real Prometheus scrapes the service: every query of dashboards and docs, and every alert."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import isnan
from pathlib import Path

import asyncpg
import pytest

from lab.dashboards import DASHBOARDS
from lab.dashboards.grafana import filled
from lab.paths import PROJECT
from lab.ports import PortBlock
from lab.prometheus import Prometheus
from lab.sip import OutgoingCall, ringing_only
from tests.databases import Databases
from tests.e2e.talks import talk
from tests.e2e.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("servers_are_up_again")]

DOCS = PROJECT / "docs" / "monitoring.md"

PATIENCE = 30.0
"""Seconds that a fault may take to be noticed, scraped and told of."""

QUEUE_ALERTS = {
    "IvrAbandonmentHigh",
    "IvrCallersTurnedAway",
    "IvrLongWait",
    "IvrMessagesBounce",
    "IvrNobodyLoggedOn",
    "IvrOffersNotTaken",
    "IvrServiceLevelLow",
}
FAULT_ALERTS = {
    "IvrAsteriskDown",
    "IvrAsteriskFails",
    "IvrCommitsFail",
    "IvrCommitsSlow",
    "IvrDatabaseDown",
    "IvrEventLoopBlocked",
    "IvrFlapping",
    "IvrLookupsFail",
    "IvrOutboxOld",
    "IvrServiceDown",
    "IvrXmppDown",
}

SLOW_MACHINE = {"IvrCommitsSlow", "IvrEventLoopBlocked"}
"""Which may fire without any fault: others work on this machine, too."""


@pytest.fixture
async def prometheus(world: World, ports: PortBlock, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """It has seen the service before anything happens there: counters need a first value."""
    target = world.service.url.removeprefix("http://")
    async with Prometheus(tmp_path / "prometheus", ports.take(), target) as prometheus:
        await world.until(lambda: prometheus.query("ivr_build_info"), "the service is scraped")
        yield prometheus


class Alerts:
    """The alerts that a test waits for."""

    def __init__(self, prometheus: Prometheus) -> None:
        self.fired: set[str] = set()
        self._prometheus = prometheus

    async def fire(self, *names: str) -> None:
        """Wait until these alerts fire, and see that they say why."""
        missing = set(names)
        try:
            async with asyncio.timeout(PATIENCE):
                while missing:
                    firing = await self._prometheus.firing()
                    assert all(says["summary"] for says in firing.values())
                    missing -= firing.keys()
                    await asyncio.sleep(0.25)
        except TimeoutError:
            raise TimeoutError(f"{sorted(missing)} did not fire") from None
        self.fired.update(names)


@pytest.fixture
def alerts(prometheus: Prometheus) -> Alerts:
    return Alerts(prometheus)


async def test_every_panel_and_every_formula_of_the_docs_shows_something(
    world: World, prometheus: Prometheus
) -> None:
    await world.watcher("1000")
    agent = await world.agent("1000")
    for seconds in (0.5, 1.0):
        _, taken = await talk(world, agent)
        await asyncio.sleep(seconds)
        await taken.hang_up()
        await world.quiet()
    agent.on_call = ringing_only()
    await (await waiting(world)).hang_up()
    await world.quiet()
    await prometheus.scraped()

    formulas = re.findall(r"```promql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    panels = [
        filled(query.expression, "1m")
        for board in DASHBOARDS
        for panel in board.panels
        for query in panel.queries
    ]
    offered = [f'ivr_callers_waiting{{{board.variable}!=""}}' for board in DASHBOARDS]
    assert len(formulas) >= 6
    assert len(panels) >= 50
    queries = (*formulas, *panels, *offered)
    assert [query for query in queries if not await shows(prometheus, query)] == []
    # A scrape that takes too long fires, too, until the next one.
    await world.until(lambda: nothing_is_wrong(prometheus), "nothing fires that tells of a fault")
    assert await prometheus.alerts() == QUEUE_ALERTS | FAULT_ALERTS, "one is tested nowhere"


@pytest.mark.queue(
    timeout=1, retry=0.1, servicelevel=1, maxlen=8, joinempty="yes", leavewhenempty="no"
)
async def test_every_alert_of_the_queues_fires_for_its_fault(world: World, alerts: Alerts) -> None:
    await world.sql("UPDATE extensions SET jid = 'nobody@example.com'")
    await world.service.stop()
    await world.restart()
    callers = [await waiting(world)]
    await alerts.fire("IvrNobodyLoggedOn", "IvrLongWait")

    phone = await world.phone("1000")
    phone.on_call = ringing_only()
    await world.log_on(phone)
    callers += [await waiting(world, f"555010{number}") for number in range(1, 8)]
    await world.call_support(number="5550109")
    await alerts.fire("IvrMessagesBounce", "IvrOffersNotTaken", "IvrCallersTurnedAway")

    for caller in callers:
        await caller.hang_up()
    await alerts.fire("IvrServiceLevelLow", "IvrAbandonmentHigh")
    assert alerts.fired == QUEUE_ALERTS


async def test_every_alert_of_the_service_fires_for_its_fault(
    world: World, alerts: Alerts, databases: Databases
) -> None:
    await world.agent("1000")
    world.service.process.freeze()
    await asyncio.sleep(2)
    world.service.process.thaw()
    async with locked(world.database):
        await world.call_support()
        await asyncio.sleep(3)
    await alerts.fire("IvrEventLoopBlocked", "IvrCommitsSlow")

    for _ in range(5):  # one more than it takes
        async with databases.away(world.database):
            await alerts.fire("IvrDatabaseDown")
            await world.call_support()
        await world.service.ready()
    await alerts.fire("IvrFlapping", "IvrCommitsFail", "IvrLookupsFail")

    world.xmpp.process.freeze()
    await world.call_support()
    await world.asterisk.process.kill()
    await alerts.fire("IvrOutboxOld", "IvrAsteriskDown", "IvrAsteriskFails")
    await world.xmpp.process.kill()
    await alerts.fire("IvrXmppDown")
    await world.service.stop()
    await alerts.fire("IvrServiceDown")
    assert alerts.fired == FAULT_ALERTS


async def waiting(world: World, number: str = "5550100") -> OutgoingCall:
    """A caller who is in the queue."""
    call = await world.call_support(number=number)
    entered = "SELECT 1 FROM calls WHERE caller_number = $1 AND state <> 'ended'"
    await world.until(lambda: world.sql(entered, number), f"{number} waits")
    return call


@asynccontextmanager
async def locked(database: str) -> AsyncIterator[None]:
    """Let nobody write calls."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE calls")
            yield
    finally:
        await connection.close()


async def nothing_is_wrong(prometheus: Prometheus) -> bool:
    return (await prometheus.firing()).keys() <= SLOW_MACHINE


async def shows(prometheus: Prometheus, expression: str) -> bool:
    """Tell whether a query has a result that is a number."""
    return any(not isnan(sample.value) for sample in await prometheus.query(expression))
