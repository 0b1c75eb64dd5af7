"""`make plots`: draw the dashboards into docs/images, from a minute and a half of calls.

What the service says of itself then is the sample of docs/monitoring.md.
"""

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from lab.dashboards import DASHBOARDS
from lab.dashboards.grafana import Dashboard, filled
from lab.paths import PROJECT
from lab.plots.drawing import Drawn, draw, named
from lab.plots.traffic import Traffic
from lab.prometheus import Prometheus
from lab.stack import Stack

IMAGES = PROJECT / "docs" / "images"
SAMPLE = PROJECT / "docs" / "metrics.txt"
SECONDS = 90.0
RANGE = "15s"
"""Of rates, as Grafana would choose it for so short a time."""


async def main(seconds: float) -> None:
    """Make the calls, and draw."""
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        async with Stack(Path(directory)) as stack:
            await stack.prometheus.scraped()
            began = time.time()
            await Traffic(stack).last(seconds)
            await stack.prometheus.scraped()
            IMAGES.mkdir(exist_ok=True)
            SAMPLE.write_text(await stack.service.scrape(), encoding="utf-8")
            for dashboard in DASHBOARDS:
                drawn = await asked(dashboard, stack.prometheus, began, time.time())
                draw(dashboard, drawn, IMAGES / f"{dashboard.name}.png")


async def asked(
    dashboard: Dashboard, prometheus: Prometheus, began: float, ended: float
) -> list[Drawn]:
    """Ask for everything that a dashboard shows, with times from the beginning."""
    drawn = []
    for panel in dashboard.panels:
        lines = []
        for query in panel.queries:
            range_ = f"{int(ended - began)}s" if panel.kind == "stat" else RANGE
            expression = filled(query.expression, range_)
            for sample in await prometheus.query_range(expression, began, ended, 1.0):
                points = [(at - began, value) for at, value in sample.points]
                lines.append((named(query.legend, sample), points))
        drawn.append(Drawn(panel, lines))
    return drawn


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
