"""A desk in a test's hand: user1 at extension 1000, user2 at 2000, one queue, Asterisk there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from component.domain.commands import Command
from component.domain.events import Event
from component.domain.model import Agent
from component.domain.state import State
from component.domain.step import step
from component.operations.catalogue import OPERATIONS
from component.operations.desk import Desk, Form, Identify
from component.operations.model import Answer, Asker
from component.operations.rights import Staff
from component.pubsub.addresses import bare
from component.records import Ledger
from tests.small_centre import Notebook, small_centre

T = TypeVar("T")

DOMAIN = "ivr.example.com"
AGENT = "user1@example.com"
SUPERVISOR = "boss@example.com"
ADMIN = "root@example.com"
STRANGER = "eve@example.com"
ACCOUNTS = {"1000": AGENT, "2000": "user2@example.com"}
STAFF = Staff(DOMAIN, frozenset({SUPERVISOR}), frozenset({ADMIN}))


class FrontDesk:
    """Does at once what is asked for, and undoes what is refused."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.state = small_centre(self.ledger, ACCOUNTS)
        self.now = datetime(2026, 1, 1, 9, tzinfo=UTC)
        self.decided: list[Command] = []
        self.failure: Exception | None = None
        self.books = Notebook()
        self.desk = Desk(self, self.books)

    async def errand(self, run: Callable[[State, Callable[[Event], None], datetime], T]) -> T:
        if self.failure is not None:
            raise self.failure
        mark = self.ledger.mark()
        try:
            return run(self.state, self.take, self.now)
        except Exception:
            self.ledger.rollback(mark)
            raise

    def take(self, event: Event) -> None:
        self.decided += step(self.state, event, self.now, Random(0))

    def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def agent(self, extension: str = "1000") -> Agent:
        return self.state.agents[extension]

    async def offered(self, account: str, address: str = DOMAIN) -> list[str]:
        return [operation.name for operation in await self.desk.offered(who(account, address))]

    async def form(
        self, name: str, /, account: str = AGENT, address: str = DOMAIN, **given: str
    ) -> Form | None:
        return await self.desk.form(who(account, address), OPERATIONS[name], given)

    async def ask(
        self, name: str, /, account: str = AGENT, address: str = DOMAIN, **given: str
    ) -> Answer:
        return await self.desk.perform(who(account, address), OPERATIONS[name], given)


def who(account: str, address: str) -> Identify:
    def identify(state: State) -> Asker:
        return STAFF.asker(state, bare(account), address)

    return identify
