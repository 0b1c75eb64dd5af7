"""The HTTP server for whatever supervises the service: /metrics, /healthz and /readyz."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder


@dataclass(frozen=True, slots=True)
class Status:
    """Whether one thing that the service needs is there."""

    ready: bool
    detail: str
    """Its state in a few words. Anyone who reaches the port can read it: nothing personal."""


class HttpServer:
    """Answers GET and HEAD; everything else is 404 or 405.

    `checks` name what the service needs; each is called for every request to /readyz and returns
    at once what is known, without asking anyone. `refresh` is called before the metrics are read.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        checks: Mapping[str, Callable[[], Status]],
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._registry = registry
        self._refresh = refresh
        self._checks = dict(checks)
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError if the address is taken or is not this machine's."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        """Stop listening; requests under way get a second to finish."""
        await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        self._refresh()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = encode(self._registry)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        statuses = {name: check() for name, check in self._checks.items()}
        ready = all(status.ready for status in statuses.values())
        return web.json_response(
            {name: asdict(status) for name, status in statuses.items()},
            status=200 if ready else 503,
        )
