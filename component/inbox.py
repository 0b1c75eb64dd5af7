"""The facts that wait for the engine, in the order in which they came."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from component.decisions import Fact

BATCH = 1000
"""The most facts that share a transaction, so that the first does not wait for ever."""


@dataclass(slots=True)
class Entry:
    """One fact in the inbox. `reply` is set if somebody waits for it to be committed."""

    fact: Fact | None
    """None only makes a transaction run: for what the outbox has to delete, or what is due."""
    reply: asyncio.Future[Any] | None = None
    is_patient: bool = False
    """Whether who waits goes on waiting while the database is away."""


class Inbox:
    """Takes facts in from anybody; one takes them out.

    Of all facts a good part is not worth a transaction's bustle. `is_moot` tells of one that has
    come to the front whether nothing can come of it: it is dropped. `may_wait` tells of one that
    comes whether it is to be taken only together with the next.
    """

    def __init__(
        self, is_moot: Callable[[object], bool], may_wait: Callable[[object], bool]
    ) -> None:
        self._is_moot = is_moot
        self._may_wait = may_wait
        self._entries: deque[Entry] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, fact: Fact | None) -> None:
        """Take in a fact."""
        self._append(Entry(fact))

    async def ask(self, fact: Fact, *, is_patient: bool = False) -> Any:
        """Take in a fact; return the reply to it, or raise what it was refused by."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._append(Entry(fact, reply, is_patient))
        return await reply

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Let these be the next again, in this order."""
        self._entries.extendleft(reversed([*entries]))
        self._filled.set()

    async def take(self) -> list[Entry]:
        """Wait until there are facts; return all that may share a transaction."""
        while True:
            await self._filled.wait()
            self._drop_moot()
            taken = [self._entries.popleft() for _ in range(min(len(self._entries), BATCH))]
            if not self._entries:
                self._filled.clear()
            if taken:
                return taken

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        if entry.reply is not None or not self._may_wait(entry.fact):
            self._filled.set()

    def _drop_moot(self) -> None:
        """Drop what is moot at the front: all that came before has been taken in by then."""
        while self._entries and self._is_dropped(self._entries[0]):
            self._entries.popleft()

    def _is_dropped(self, first: Entry) -> bool:
        return first.reply is None and self._is_moot(first.fact)
