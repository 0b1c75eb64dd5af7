"""A FastAGI server (`AGI(agi://host:port/script,arguments)` in the dialplan).

Asterisk sends lines `agi_<name>: <value>` and an empty line; then we send commands, and it answers
each with a line. Asterisk executes what we send, so values are quoted as its parser wants it. The
other side may be anybody who can reach the port, so all that it may send is bounded.

What callers say of themselves is among those values as it is, line breaks too (`%0A` in the user
part of a SIP address): they may have written lines of their own, even the empty one. So nothing is
believed that is said twice, or after which anything comes but the answer to what nobody could know.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Self

import structlog

log = structlog.get_logger(__name__)

LONGEST_LINE = 8192
MOST_LINES = 200
"""Of the opening, or until the answer to a command."""
CONVERSATION_SECONDS = 5.0
"""What a session may take beyond what its script may."""
MOST_AT_ONCE = 500
"""Sessions. Most take milliseconds; a process may have a thousand descriptors, for all it does."""
SELDOM_SECONDS = 60.0
"""Between two lines of the log on how many were turned away, at least."""

_ANSWER = re.compile(r"(?P<code>[0-9]{3})(?P<more>[ -])(?:result=(?P<result>-?[0-9]+))?")
_ARGUMENT = re.compile(r"agi_arg_([1-9][0-9]?)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class AgiError(Exception):
    """The other side does not speak AGI, or refused a command."""


class AgiHangupError(AgiError):
    """The other side is gone."""


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """What a script is asked."""

    script: str
    channel: str
    """The channel's unique id, which is also its id in ARI."""
    arguments: tuple[str, ...]
    caller: str = ""
    """The caller's number; empty if it is withheld."""

    def argument(self, number: int) -> str:
        """Return an argument, counted from 1; empty if it was not given."""
        return self.arguments[number - 1] if number <= len(self.arguments) else ""


class AgiSession:
    """The conversation about one `AGI()` of the dialplan."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def opening(self) -> AgiRequest:
        """Read what Asterisk says about the channel. Raises `AgiError`."""
        fields: dict[str, str] = {}
        for _ in range(MOST_LINES):
            line = await self._line()
            if not line:
                request = parse_opening(fields)
                await self._see_that_nothing_follows()
                return request
            name, colon, value = line.partition(":")
            if not colon:
                raise AgiError("the opening has a line without a colon")
            if name.strip() in fields:
                raise AgiError("the opening says something twice: a caller has forged it")
            fields[name.strip()] = value.strip()
        raise AgiError(f"the opening has more than {MOST_LINES} lines")

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable. Raises `AgiError` if Asterisk refuses."""
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"not the name of a variable: {name!r}")
        await self._command(f"SET VARIABLE {name} {quote(value)}")

    async def _see_that_nothing_follows(self) -> None:
        """See that the opening ended where it seemed to. Raises `AgiError`.

        Asterisk reads what we ask once it has written all of it.
        """
        nonce = secrets.token_hex(8)
        await self._write(f"GET FULL VARIABLE {nonce}\n".encode())
        line = await self._line()
        if line == "HANGUP":
            line = await self._line()
        if line != f"200 result=1 ({nonce})":
            raise AgiError("the opening goes on after its end: a caller has forged it")

    async def _command(self, command: str) -> None:
        await self._write(f"{command}\n".encode("utf-8", "replace"))
        for _ in range(MOST_LINES):
            answer = _ANSWER.match(await self._line())
            if answer is None or answer["more"] == "-":
                continue  # HANGUP, which the answer still follows; or a part of a long answer
            if answer["code"] != "200":
                raise AgiError(f"asterisk refused a command with {answer['code']}")
            return
        raise AgiError(f"no answer to a command within {MOST_LINES} lines")

    async def _write(self, line: bytes) -> None:
        if self._writer.transport.is_closing():
            raise AgiHangupError("the connection was cut")
        try:
            self._writer.write(line)
            await self._writer.drain()
        except ConnectionError as error:
            raise AgiHangupError(str(error)) from None

    async def _line(self) -> str:
        try:
            raw = await self._reader.readline()
        except ValueError:
            raise AgiError(f"a line is longer than {LONGEST_LINE} bytes") from None
        except ConnectionError as error:
            raise AgiHangupError(str(error)) from None
        if not raw.endswith(b"\n"):
            raise AgiHangupError("the connection was closed")
        return raw.decode("utf-8", "replace").rstrip("\r\n")


Script = Callable[[AgiSession, AgiRequest], Awaitable[None]]


class FastAgiServer:
    """Listens for Asterisk and runs the scripts that the dialplan names.

    `script_deadline`, in seconds, is what scripts keep to; a session that goes on well beyond it
    is ended, for the caller hears nothing meanwhile.
    """

    def __init__(
        self, host: str, port: int, scripts: Mapping[str, Script], *, script_deadline: float
    ) -> None:
        self._host = host
        self._port = port
        self._scripts = scripts
        self.script_deadline = script_deadline
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._turned_away = 0
        """How many were, as far as it is not logged yet."""
        self._said_at = -inf

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def port(self) -> int:
        """The port that is listened on, also if 0 was asked for."""
        assert self._server is not None, "start() comes first"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises OSError if the address cannot be had."""
        self._server = await asyncio.start_server(
            self._accept, self._host, self._port, limit=LONGEST_LINE
        )
        log.info("fastagi listening", host=self._host, port=self.port)

    async def close(self) -> None:
        """Stop listening and end the sessions under way."""
        if self._server is not None:
            self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= MOST_AT_ONCE:
            writer.close()  # the dialplan goes on, with AGISTATUS=FAILURE
            self._say_turned_away()
            return
        session = asyncio.create_task(self._serve(reader, writer), name="fastagi session")
        self._sessions.add(session)
        session.add_done_callback(self._served)

    def _say_turned_away(self) -> None:
        self._turned_away += 1
        now = time.monotonic()
        if now - self._said_at >= SELDOM_SECONDS:
            log.error(
                "too many agi sessions at once", most=MOST_AT_ONCE, turned_away=self._turned_away
            )
            self._said_at, self._turned_away = now, 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        deadline = self.script_deadline + CONVERSATION_SECONDS
        try:
            async with asyncio.timeout(deadline):
                session = AgiSession(reader, writer)
                request = await session.opening()
                script = self._scripts.get(request.script)
                if script is None:
                    known = sorted(self._scripts)
                    log.error("agi script unknown", script=request.script, known=known)
                    return
                await script(session, request)
        except AgiHangupError as error:
            log.debug("agi session ended early", reason=str(error))
        except AgiError as error:
            log.warning("agi session failed", error=str(error))
        except TimeoutError:
            log.error("agi session took too long", deadline=deadline)
        finally:
            writer.close()

    def _served(self, session: asyncio.Task[None]) -> None:
        self._sessions.discard(session)
        if not session.cancelled() and (error := session.exception()) is not None:
            log.error("agi script failed", exc_info=error)


def parse_opening(fields: Mapping[str, str]) -> AgiRequest:
    """Return the request that the fields of an opening make. Raises `AgiError`."""
    if "agi_network_script" not in fields:
        raise AgiError("the opening names no script")
    arguments = {
        int(match[1]): value
        for name, value in fields.items()
        if (match := _ARGUMENT.fullmatch(name))
    }
    return AgiRequest(
        script=fields["agi_network_script"],
        channel=fields.get("agi_uniqueid", ""),
        arguments=tuple(arguments.get(n, "") for n in range(1, max(arguments, default=0) + 1)),
        caller=fields.get("agi_callerid", "").removeprefix("unknown"),
    )


def quote(value: str) -> str:
    """Return a value as one word of an AGI command, whatever is in it.

    Asterisk's parser knows quotes and backslashes (`parse_args` in res_agi.c). It cannot be told of
    line breaks or other control characters: they become spaces.
    """
    plain = "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in value)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
