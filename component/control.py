"""The control socket: what `ivr-pubsub agents` and the like ask of the running service.

HTTP over a Unix socket that only its owner can open: who may read and write the file is an
administrator. `POST /NAME` asks for the operation of this name; the body is a JSON object of its
arguments, the answer another one, see `component.operations.wire`.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog
from aiohttp import web

from component.domain.errors import DomainError
from component.domain.state import State
from component.operations.catalogue import OPERATIONS
from component.operations.desk import Desk
from component.operations.model import ArgumentError, Asker, NotPermittedError, Role
from component.operations.record import recorded
from component.operations.wire import as_json
from component.operations.words import words
from component.ports import StoreRefusedError, StoreUnavailableError

log = structlog.get_logger(__name__)

OWNER_ONLY = 0o177
"""The umask that leaves the socket readable and writable for its owner alone."""

MOST_BYTES = 64 * 1024
"""Of a request."""


class ControlServer:
    """Answers on a Unix socket for as long as the context lasts."""

    def __init__(self, desk: Desk, path: Path) -> None:
        self._desk = desk
        self._path = path
        self._listens = False
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post("/{name}", self._ask)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        """Listen. Without the socket there is no command line, but calls are served."""
        await self._runner.setup()
        try:
            listening = _listening(self._path)
        except OSError as error:
            log.error("no control socket", path=str(self._path), error=str(error))
        else:
            await web.SockSite(self._runner, listening).start()
            self._listens = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        if self._listens:
            self._path.unlink(missing_ok=True)

    async def _ask(self, request: web.Request) -> web.Response:
        operation = OPERATIONS.get(request.match_info["name"])
        if operation is None:
            return _refusal(404, "There is no such operation.")
        try:
            given = _given(await request.json())
            answer = await self._desk.perform(_operator, operation, given)
        except (ArgumentError, ValueError) as error:
            return _refusal(400, str(error))
        except web.HTTPRequestEntityTooLarge:
            return _refusal(413, "That is too much.")
        except NotPermittedError as error:
            return _refusal(403, str(error))
        except DomainError as error:
            return _refusal(409, words(error))
        except StoreRefusedError:
            return _refusal(409, "The database does not take this.")
        except StoreUnavailableError as error:
            return _refusal(503, f"The database is away: {error}")
        if answer.table is None:  # those who only look are not worth a line, each second
            log.info("operation carried out", **recorded(operation, answer, "control socket"))
        return web.json_response(as_json(answer))


def _operator(_state: State) -> Asker:
    """Return as what those ask who can open the socket."""
    return Asker(frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}))


def _given(body: Any) -> Mapping[str, str]:
    """Return the arguments of a request. Raises `ValueError`."""
    if not isinstance(body, dict) or not all(isinstance(v, str) for v in body.values()):
        raise ValueError("The body has to be a JSON object of texts.")
    return body


def _refusal(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)


def _listening(path: Path) -> socket.socket:
    """Return a socket that listens there, if no other does. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as knocking:
            if knocking.connect_ex(str(path)) == 0:
                raise FileExistsError("another service listens there")
        path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(OWNER_ONLY)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening
