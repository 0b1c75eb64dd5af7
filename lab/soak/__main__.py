"""Lead calls through the engine, and print what grows with their number.

Asterisk and the XMPP server have no part in it; PostgreSQL has. What is kept of calls for a time
grows until that is over: records as `[records]` says, a day's customers, four hours' calls that
were passed on. So do items, until each node has as many as it keeps. Nothing else should.
"""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import asyncpg

from component.logs import configure
from component.settings import LogConfig
from lab.bench_engine.__main__ import Nowhere
from lab.bench_engine.centre import running
from lab.soak.calls import Traffic
from lab.soak.growth import growth, look

AGENTS = 60
AT_ONCE = 12
LOOKS = 6
"""The first of them is not compared: by then nothing is as it will be."""

SETTLING = 2.0
"""Seconds until what follows calls is done."""


async def run(calls: int, directory: Path) -> None:
    """Print what grows from a part of the calls to all of them."""
    configure(LogConfig(format="json"), Nowhere())
    async with running(directory, AGENTS) as centre:
        traffic = Traffic(centre, AGENTS)
        centre.outside.also = traffic.obey
        dealing = asyncio.create_task(traffic.deal_out())
        database = await asyncpg.connect(centre.database)
        found = []
        for number in range(1, LOOKS + 1):
            until = calls * number // LOOKS
            await asyncio.gather(*(traffic.go_on(until) for _ in range(AT_ONCE)))
            await asyncio.sleep(SETTLING)
            centre.commits.seconds.clear()
            found.append(await look(traffic.calls, database))
            print(f"{traffic.calls} calls: {found[-1].amounts['memory, KiB']} KiB", flush=True)
        dealing.cancel()
        await database.close()
    print(", ".join(f"{count} {end}" for end, count in traffic.ends.most_common()))
    print("What grows, per 1,000 calls:")
    for name, by in growth(found[1], found[-1]):
        print(f"{by:12,.1f}  {name}")


if __name__ == "__main__":
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ivr") as scratch:
        asyncio.run(run(int(sys.argv[1]), Path(scratch)))
