"""A line between a client and a server that a test can cut."""

import asyncio
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Line:
    """Forwards TCP connections from `port` to `target` on loopback, while it is not cut."""

    port: int
    target: int
    _server: asyncio.Server | None = None
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)
    _is_cut: bool = False
    _loses_requests: bool = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        self._is_cut = True
        for writer in self._connections:
            writer.transport.abort()

    def lose_requests(self) -> None:
        """Let nothing come through to the server any more, while what it says is heard."""
        self._loses_requests = True

    def mend(self) -> None:
        """Accept connections again, and let everything come through."""
        self._is_cut = self._loses_requests = False

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._connections.add(writer)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        both = {writer, far_writer}
        self._connections |= both
        if writer.transport.is_closing():  # it was cut meanwhile
            far_writer.transport.abort()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, far_writer))
                group.create_task(self._copy(far_reader, writer))
        finally:
            self._connections -= both
            for end in both:
                end.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_lost = writer.get_extra_info("peername")[1] == self.target
        try:
            while data := await reader.read(65536):
                if not (is_lost and self._loses_requests):
                    writer.write(data)
            writer.transport.abort()
        except ConnectionError:
            writer.transport.abort()
