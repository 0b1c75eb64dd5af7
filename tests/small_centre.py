"""A call centre with one queue, for tests of what people can ask of it."""

from collections.abc import Mapping
from datetime import timedelta

from component.domain.model import Agent, Member, Person
from component.domain.queue import Queue
from component.domain.state import State
from component.operations.changes import Change
from component.records import Ledger

SECOND = timedelta(seconds=1)


def small_centre(ledger: Ledger, accounts: Mapping[str, str]) -> State:
    """Return one whose extensions belong to these accounts, nobody logged on, Asterisk there."""
    state = State(ledger)
    state.load(
        [Queue("support", timeout=15 * SECOND, retry=5 * SECOND, max_wait=60 * SECOND)],
        [Agent(extension, f"PJSIP/{extension}", jid) for extension, jid in accounts.items()],
        [Member("support", extension) for extension in accounts],
        [],
    )
    state.asterisk_up = True
    return state


class Notebook:
    """Takes note of what would be written into the configuration."""

    def __init__(self) -> None:
        self.written: list[Change] = []
        self.refusal: Exception | None = None
        self.more = ""
        self.people: dict[str, Person] = {}

    async def write(self, change: Change) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.written.append(change)
        return self.more

    async def person(self, number: str) -> Person | None:
        return self.people.get(number)
