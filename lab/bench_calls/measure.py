"""All scenarios, each with app_queue and with this service."""

import asyncio
import statistics
import sys
from datetime import UTC, datetime

from lab.bench_calls import figures, records, scenarios
from lab.bench_calls.centre import Centre
from lab.bench_calls.figures import OURS, SPAWNED, THEIRS
from lab.bench_calls.scenarios import Usage
from lab.bench_calls.sizes import AT_ONCE, Size
from lab.bench_pubsub.figures import Figures

QUEUES = {THEIRS: "theirs", OURS: "ours"}
"""What is called, followed by the number of agents."""

LOOKUPS = {SPAWNED: "script", OURS: "fastagi"}
"""What is called to have a customer looked up."""

SETTLED = 2.0
"""Seconds for servers that have just started."""


async def measure(centre: Centre, size: Size, noted: Figures) -> None:
    """Measure everything."""
    await asyncio.sleep(SETTLED)
    usage = await Usage.idle(centre)
    for service in QUEUES:
        await enter(centre, usage, service, size, noted)
    for service in QUEUES:
        await free(centre, service, size, noted)
    for service in QUEUES:
        await turns(centre, service, size, noted)
    for service in QUEUES:
        await rate(centre, usage, service, size, noted)
    await lookups(centre, usage, size, noted)


async def enter(centre: Centre, usage: Usage, service: str, size: Size, noted: Figures) -> None:
    """A caller enters, an agent is free."""
    for agents, calls in size.entries.items():
        _say(f"{service}: callers enter, {agents} agents")
        extension = f"{QUEUES[service]}{agents}"
        found = await scenarios.enter(centre.phones, usage, extension, calls)
        names = [figures.entry(agents), figures.entry(agents, "p99")]
        noted.add_times(figures.ENTERS, service, names, found.seconds)
        for process, seconds in found.cpu.items():
            noted.add(figures.ENTERS, service, figures.cpu(agents, process), seconds * 1000)


async def free(centre: Centre, service: str, size: Size, noted: Figures) -> None:
    """An agent comes free, callers wait."""
    for agents, seconds in size.busy.items():
        _say(f"{service}: callers wait, {agents} agents")
        gaps = await scenarios.free(centre.phones, f"{QUEUES[service]}{agents}", agents, seconds)
        names = [figures.free(agents), figures.free(agents, "p99")]
        noted.add_times(figures.FREE, service, names, gaps)


async def turns(centre: Centre, service: str, size: Size, noted: Figures) -> None:
    """See whose turn it is."""
    for agents, traffic in size.turns.items():
        _say(f"{service}: whose turn it is, {agents} agents")
        began = datetime.now(UTC)
        found = await scenarios.turns(centre.phones, f"{QUEUES[service]}{agents}", agents, traffic)
        share = 100 * found.right / found.offers
        noted.add(figures.TURNS, service, figures.turn(agents), share)
        noted.add(figures.TURNS, service, figures.late(agents), found.late * 1000)
        if service == OURS:
            made = await records.choices(centre.database, f"q{agents}", began)
            right = records.in_turn(made, agents)
            noted.add(
                figures.TURNS, OURS, figures.recorded_turn(agents), 100 * sum(right) / len(right)
            )


async def rate(centre: Centre, usage: Usage, service: str, size: Size, noted: Figures) -> None:
    """Make more and more calls a second."""
    extension = f"{QUEUES[service]}{size.crowd}"
    noted.add(figures.RATE, service, figures.sustained(size.crowd), 0)
    for calls in size.rates:
        _say(f"{service}: {calls} calls a second")
        await usage.rest()
        usage.begin()
        took = await scenarios.at_rate(centre.phones, extension, calls, size.step)
        if took is None:
            break
        used = usage.used()
        noted.add(figures.RATE, service, figures.sustained(size.crowd), calls)
        names = [figures.at_rate(calls), figures.at_rate(calls, "p99")]
        noted.add_times(figures.RATE, service, names, took)
        for process, seconds in used.items():
            name = figures.cpu_at_rate(calls, process)
            noted.add(figures.RATE, service, name, seconds * 1000 / len(took))


async def lookups(centre: Centre, usage: Usage, size: Size, noted: Figures) -> None:
    """Look customers up; what a call takes without that is taken off. All take turns."""
    _say("customers are looked up")
    await usage.rest()
    for at_once in (1, AT_ONCE):
        for _ in range(size.lookup_rounds):
            took = {
                extension: statistics.median(
                    await scenarios.lookups(centre.phones, extension, size.lookups, at_once)
                )
                for extension in ("bare", *LOOKUPS.values())
            }
            for service, extension in LOOKUPS.items():
                added = took[extension] - took["bare"]
                for name, seconds in (
                    (figures.bare(at_once), took["bare"]),
                    (figures.lookup(at_once), added),
                ):
                    noted.add_round(figures.LOOKUPS, service, name, seconds * 1000)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
