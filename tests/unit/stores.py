"""Stores that fail, and one that waits."""

import asyncio

from component.ports import (
    Changes,
    StoreLostError,
    StoreRefusedError,
    StoreUnavailableError,
)
from component.storage.memory import MemoryStore
from tests.unit.services import demo_store


class GatedStore(MemoryStore):
    """A store whose commits wait until the gate is opened; it counts them."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())
        self.gate = asyncio.Event()
        self.gate.set()
        self.commits: list[Changes] = []

    async def commit(self, changes: Changes) -> None:
        await self.gate.wait()
        await super().commit(changes)
        self.commits.append(changes)


class DoubtfulStore(MemoryStore):
    """A store that, when told so, commits and then loses the line before it can say so."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())
        self.loses_line = False

    async def commit(self, changes: Changes) -> None:
        await super().commit(changes)
        if self.loses_line:
            self.loses_line = False
            raise StoreUnavailableError("the answer was lost")


class LostStore(MemoryStore):
    """A store that, when told so, another service has taken over."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())
        self.is_lost = False

    async def commit(self, changes: Changes) -> None:
        if self.is_lost:
            raise StoreLostError
        await super().commit(changes)


class PickyStore(MemoryStore):
    """A store that rejects calls."""

    def __init__(self) -> None:
        demo = demo_store()
        super().__init__(demo.queues, demo.agents.values(), demo.members.values())

    async def commit(self, changes: Changes) -> None:
        if changes.calls:
            raise StoreRefusedError("CheckViolation")
        await super().commit(changes)


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)
