"""Operations by message: what people write to the service, and what they are answered."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import structlog

from component.domain.errors import DomainError
from component.domain.state import State
from component.handlers.namespaces import DELAY
from component.handlers.stanza import own_text, qualified
from component.operations.desk import Desk, Identify
from component.operations.model import ArgumentError, Asker, Operation
from component.operations.record import recorded
from component.operations.rights import Staff
from component.operations.spoken import told, understand, usage
from component.operations.words import words
from component.pubsub.addresses import bare

log = structlog.get_logger(__name__)

REPEAT_SECONDS = 2.0
"""Within this time the same words of the same sender count as one message."""

ANSWERS = 20
"""The most that one account is answered …"""

WITHIN_SECONDS = 10.0
"""… within this time. Who writes more is a program, perhaps one that answers us."""

ACCOUNTS = 1000
"""How many are remembered for that; the one that wrote first is forgotten for one more."""

MOST_CHARACTERS = 1000
"""Of a message that is read."""


class ChatHandlers:
    """Answers those who may ask for anything at all, each at the own address."""

    def __init__(
        self, desk: Desk, staff: Staff, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._desk = desk
        self._staff = staff
        self._guard = Guard(clock)

    async def take(self, message: ET.Element) -> str | None:
        """Take a message; return the text of the answer, empty for none.

        None means that nobody here reads messages of this sender. Raises `StoreUnavailableError`.
        """
        sender, address = message.get("from", ""), bare(message.get("to", ""))
        account = bare(sender)

        def identify(state: State) -> Asker:
            return self._staff.asker(state, account, address)

        offered = await self._desk.offered(identify)
        if not offered:
            return None
        said = own_text(message, "body").strip()
        if not said:
            return ""  # that somebody is writing, or has read
        if message.find(qualified(DELAY, "delay")) is not None:
            log.info("message not taken, it was written long ago", sender=account)
            return ""
        if not self._guard.admits(sender, said):
            log.warning("message not taken, too many", sender=account)
            return ""
        answer = await self._answer(said, offered, identify, account)
        self._guard.answered(account, answer)
        return answer

    async def _answer(
        self, said: str, offered: Sequence[Operation], identify: Identify, account: str
    ) -> str:
        if len(said) > MOST_CHARACTERS:
            return "That is too long for me."
        asked = understand(said, offered)
        if isinstance(asked, str):
            return asked
        try:
            answer = await self._desk.perform(identify, asked.operation, asked.given)
        except ArgumentError as error:
            return f"{error} Write: {usage(asked.operation)}"
        except DomainError as error:
            return words(error)
        if answer.table is None:
            log.info("operation carried out", **recorded(asked.operation, answer, account))
        return told(answer)


@dataclass(slots=True)
class _Habit:
    """What an account wrote of late."""

    times: deque[float] = field(default_factory=lambda: deque(maxlen=ANSWERS))
    last: tuple[str, str] = ("", "")
    """The full JID, and what it wrote."""
    answer: str = ""
    """What it was answered last."""


class Guard:
    """Sees to it that two programs do not talk to one another for ever."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._habits: OrderedDict[str, _Habit] = OrderedDict()

    def admits(self, sender: str, said: str) -> bool:
        """Tell whether a message is taken: no echo, no repetition, and not one of too many."""
        now = self._clock()
        habit = self._habits.setdefault(bare(sender), _Habit())
        if len(self._habits) > ACCOUNTS:
            self._habits.popitem(last=False)
        times = habit.times
        repeated = habit.last == (sender, said) and now - times[-1] < REPEAT_SECONDS
        too_many = len(times) == ANSWERS and now - times[0] < WITHIN_SECONDS
        if said == habit.answer or repeated or too_many:
            return False
        times.append(now)
        habit.last = (sender, said)
        return True

    def answered(self, account: str, answer: str) -> None:
        """Take note of what an account is answered, unless it is forgotten since it wrote."""
        if account in self._habits:
            self._habits[account].answer = answer
