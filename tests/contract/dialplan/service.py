"""The service as the dialplan knows it, under control of a test: FastAGI and an ARI application."""

import asyncio
from base64 import b64encode
from types import TracebackType
from typing import Any, Self

import aiohttp

from component.telephony.agi import AgiRequest, AgiSession, FastAgiServer
from lab.asterisk import ARI_USER, AsteriskSettings

PATIENCE = 20.0
HANGS: None = None

VARIABLES = {
    "customer": "CUSTOMERSTATUS",
    "logon": "AQMSTATUS",
    "logoff": "RQMSTATUS",
    "pause": "PQMSTATUS",
    "unpause": "UPQMSTATUS",
}


class Agi:
    """Answers each script with a status. One that is `HANGS` gets no answer."""

    def __init__(self, settings: AsteriskSettings) -> None:
        self.status: str | None = "FOUND"
        self.asked: list[tuple[str, ...]] = []
        """Each script that was run, with its arguments."""
        scripts = dict.fromkeys(VARIABLES, self._script)
        self._server = FastAgiServer(
            "127.0.0.1", settings.agi_port, scripts, script_deadline=PATIENCE
        )

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._server.close()

    async def was_asked(self, *question: str) -> None:
        """Wait until the last question was this one."""
        async with asyncio.timeout(PATIENCE):
            while self.asked[-1:] != [question]:
                await asyncio.sleep(0.01)

    async def _script(self, session: AgiSession, request: AgiRequest) -> None:
        status = self.status
        self.asked.append((request.script, *request.arguments))
        if status is HANGS:
            await asyncio.sleep(PATIENCE)
        else:
            await session.set_variable(VARIABLES[request.script], status)


class App:
    """The Stasis application. It does nothing with callers unless a test says so."""

    def __init__(self, settings: AsteriskSettings) -> None:
        self._url = f"http://127.0.0.1:{settings.http_port}/ari"
        account = b64encode(f"{ARI_USER}:{settings.ari_password}".encode()).decode()
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Basic {account}"})

    async def __aenter__(self) -> Self:
        self._socket = await self._session.ws_connect(f"{self._url}/events", params={"app": "ivr"})
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._socket.close()
        await self._session.close()

    async def caller(self) -> tuple[str, list[str]]:
        """Wait for a caller; return the channel's id and the arguments of `Stasis()`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event: dict[str, Any] = await self._socket.receive_json()
                if event["type"] == "StasisStart":
                    return event["channel"]["id"], event["args"]

    async def give_back(self, channel: str, queue_status: str) -> None:
        """Let the dialplan go on with the caller."""
        await self._post(f"{channel}/variable", variable="QUEUESTATUS", value=queue_status)
        await self._post(f"{channel}/continue")

    async def hold(self, channel: str, at_most: int) -> None:
        """Let the caller wait to music; Asterisk takes the caller back after so many seconds."""
        await self._post(f"{channel}/variable", variable="TIMEOUT(absolute)", value=str(at_most))
        await self._post(f"{channel}/moh")

    async def _post(self, path: str, **parameters: str) -> None:
        url = f"{self._url}/channels/{path}"
        async with self._session.post(url, params=parameters) as reply:
            reply.raise_for_status()
