"""A Prometheus with the project's configuration."""

import asyncio
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from lab.paths import PROMETHEUS_CONFIG
from lab.ports import require_free
from lab.process import Process

START_PATIENCE = 30.0


class PrometheusError(Exception):
    """Prometheus is missing, or refuses a query."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of a result: its labels, and what it is at one time or at several."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]
    """(seconds since 1970, value)"""

    @property
    def value(self) -> float:
        """What it is now."""
        return self.points[-1][1]


class Prometheus:
    """One Prometheus that scrapes the service at `target` (host:port) every second.

    The configuration is what an operator gets, but for the target and for all durations: what is
    to be scraped or evaluated every so often is so every second, and alerts fire at once unless
    they are `patient`. `async with` starts and stops it.
    """

    def __init__(self, directory: Path, port: int, target: str, *, patient: bool = False) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._directory = directory.resolve()
        self._port = port
        self._target = target
        self._patient = patient
        self._running: Process | None = None

    async def start(self) -> None:
        """Start it and wait until it can be asked.

        Raises `PrometheusError`, `NoFreePortError`, `ProcessEndedError` or `NotReadyError`.
        """
        program = shutil.which("prometheus")
        if program is None:
            raise PrometheusError("prometheus is not installed; run `make setup`")
        require_free(self._port)
        self._install()
        self._running = Process(
            [
                program,
                f"--config.file={self._directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            log=self._directory / "prometheus.log",
            cwd=self._directory,
        )
        await self._running.wait_until(self._is_ready, START_PATIENCE)

    async def stop(self) -> None:
        """Stop it in good order."""
        assert self._running is not None, "it was not started"
        await self._running.stop()

    async def query(self, expression: str) -> list[Sample]:
        """Return what an expression is now. Raises `PrometheusError` if it is refused."""
        data = await self._get("query", query=expression)
        return [Sample(s["metric"], (_point(s["value"]),)) for s in data["result"]]

    async def query_range(
        self, expression: str, start: float, end: float, step: float
    ) -> list[Sample]:
        """Return what an expression was from `start` to `end`, in seconds since 1970."""
        data = await self._get("query_range", query=expression, start=start, end=end, step=step)
        return [Sample(s["metric"], tuple(map(_point, s["values"]))) for s in data["result"]]

    async def scraped(self) -> None:
        """Wait until what is so now has been scraped."""
        now = time.time()
        while True:
            if await self.query(f"timestamp(up) > {now}"):
                return
            await asyncio.sleep(0.1)

    async def alerts(self) -> set[str]:
        """Return the names of the alerts that there are."""
        data = await self._get("rules", type="alert")
        return {rule["name"] for group in data["groups"] for rule in group["rules"]}

    async def firing(self) -> dict[str, Mapping[str, str]]:
        """Return the alerts that fire, by name, with their annotations."""
        data = await self._get("alerts")
        fire = (alert for alert in data["alerts"] if alert["state"] == "firing")
        return {alert["labels"]["alertname"]: alert["annotations"] for alert in fire}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _install(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        main = (PROMETHEUS_CONFIG / "prometheus.yml").read_text()
        main = main.replace("127.0.0.1:8080", self._target).replace("15s", "1s")
        alerts = (PROMETHEUS_CONFIG / "alerts.yml").read_text()
        if not self._patient:
            alerts = re.sub(r"^ +for: \w+\n", "", alerts, flags=re.MULTILINE)
        (self._directory / "prometheus.yml").write_text(main)
        (self._directory / "alerts.yml").write_text(alerts)

    async def _is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/-/ready") as it:
                return it.status == 200
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
            return False

    async def _get(self, path: str, **parameters: str | float) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/api/v1/{path}", params=parameters) as reply,
        ):
            answer = await reply.json()
        if answer["status"] != "success":
            raise PrometheusError(f"{answer['error']}: {parameters.get('query', path)}")
        data: dict[str, Any] = answer["data"]
        return data


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
