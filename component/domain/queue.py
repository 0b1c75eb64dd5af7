"""An ACD queue and its settings. Names and meanings are app_queue's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from component.domain.numbers import is_number, matches


class StrategyName(StrEnum):
    """How a queue chooses among its members, by app_queue's names."""

    LEASTRECENT = "leastrecent"
    FEWESTCALLS = "fewestcalls"
    RANDOM = "random"
    WRANDOM = "wrandom"
    RRMEMORY = "rrmemory"
    RRORDERED = "rrordered"
    LINEAR = "linear"
    RINGALL = "ringall"


class EmptyCondition(StrEnum):
    """Which members do not count when a queue may be empty, in app_queue's words."""

    PAUSED = "paused"
    PENALTY = "penalty"
    """Whose penalty is beyond the caller's limits. Of a caller without limits it excludes nobody:
    alone, it makes a queue empty only if nobody is logged on."""
    INUSE = "inuse"
    RINGING = "ringing"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    WRAPUP = "wrapup"


class AutoPause(StrEnum):
    """Whether a member who does not answer is paused: in this queue, or in all."""

    NO = "no"
    YES = "yes"
    ALL = "all"


class AnnouncePosition(StrEnum):
    """Whether callers are told their place in the line."""

    NO = "no"
    YES = "yes"
    LIMIT = "limit"
    """Only those within the first `announce_position_limit`."""
    MORE = "more"
    """Those behind are told that there are more than so many."""


class AnnounceHoldTime(StrEnum):
    """Whether callers are told how long they will probably wait."""

    NO = "no"
    YES = "yes"
    ONCE = "once"


class MessageTo(StrEnum):
    """Who is told by message that a caller waits."""

    MEMBERS = "members"
    """All who are logged on, once, when the caller enters."""
    AGENT = "agent"
    """Each agent whom the call is offered to, with the offer."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class CallingBack:
    """How callers may keep their place and be called back. app_queue has nothing of the kind."""

    key: str = ""
    """What a caller presses who wishes it; empty: nobody can."""
    dial: str = ""
    """What Asterisk dials, with `{number}` for the number; empty: nobody is called."""
    numbers: tuple[str, ...] = ("_ZXXX.", "_0ZXXX.")
    """Whom we call, as patterns of the dialplan (`component.domain.numbers`): nobody abroad."""
    callerid: str = ""
    """The number that the customer's phone shows."""
    maxlen: int = 50
    """How many callers of the queue may be waiting to be called back."""
    per_number: int = 1
    """How many of all queues together may be waiting to be called at one number."""
    per_day: int = 5
    """How many requests of all queues within a day may be for, or come from, one number."""
    max_age: timedelta = timedelta(hours=4)
    """How long after they asked for it callers are called back at the latest."""
    timeout: timedelta = timedelta(seconds=30)
    """How long the customer's phone rings."""
    tries: int = 3
    """How often a customer is called in all."""
    retry: timedelta = timedelta(minutes=5)
    """How long after a call that came to nothing the customer is called again."""

    def endpoint(self, number: str) -> str | None:
        """Return what is to be dialled, None if this number is not to be called."""
        if not self.dial or not is_number(number):
            return None
        if not any(matches(pattern, number) for pattern in self.numbers):
            return None
        return self.dial.replace("{number}", number)


NOBODY = CallingBack()


@dataclass(frozen=True, slots=True)
class Queue:
    """An ACD queue. Names and meanings of the settings are app_queue's."""

    name: str
    timeout: timedelta
    """How long one phone rings."""
    retry: timedelta
    """How long to wait before members who did not take the call are tried again."""
    max_wait: timedelta
    """How long a caller waits in all before going back to the dialplan (Queue()'s timeout)."""
    strategy: StrategyName = StrategyName.LEASTRECENT
    wrapuptime: timedelta = timedelta(0)
    """How long an agent is offered nothing, by any queue, after a call of this queue."""
    maxlen: int = 0
    """How many callers may wait; 0 is any number."""
    servicelevel: timedelta = timedelta(seconds=60)
    """Callers are to be connected within this time; those who are, are counted."""
    joinempty: frozenset[EmptyCondition] = frozenset({EmptyCondition.PENALTY})
    """Which members do not count when nobody may enter an empty queue. If none is named, callers
    may always enter."""
    leavewhenempty: frozenset[EmptyCondition] = frozenset({EmptyCondition.PENALTY})
    """Which members do not count when callers must leave an empty queue. If none is named, they
    never must."""
    ringinuse: bool = False
    """Whether phones are rung that are in use."""
    autopause: AutoPause = AutoPause.NO
    weight: int = 0
    """Of the queues that an agent serves, the one with the greatest weight comes first."""
    musicclass: str = ""
    """What callers hear while they wait; empty is what the dialplan has set for the channel."""
    announce_frequency: timedelta = timedelta(0)
    """How often callers are told their position; 0 is never."""
    min_announce_frequency: timedelta = timedelta(seconds=15)
    """How soon they are told again if their position has changed."""
    announce_position: AnnouncePosition = AnnouncePosition.YES
    announce_position_limit: int = 5
    announce_holdtime: AnnounceHoldTime = AnnounceHoldTime.NO
    periodic_announce: tuple[str, ...] = ("queue-periodic-announce",)
    """Sounds of which one after another is played, and then the first one again."""
    periodic_announce_frequency: timedelta = timedelta(0)
    """How often that is done; 0 is never."""
    context: str = ""
    """Where a caller goes who presses a key that is an extension there; empty is nowhere."""
    memberdelay: timedelta = timedelta(0)
    """How long an agent who answered hears nothing before the caller."""
    skills_timeout: timedelta = timedelta(0)
    """After this, the skills that a caller asks for are no longer required; 0 is never."""
    sticky: timedelta = timedelta(0)
    """For how long it is remembered who spoke with a customer, to be offered the next call."""
    sticky_wait: timedelta = timedelta(0)
    """How long the customer waits for that agent if another one is free."""
    callback: CallingBack = NOBODY
    message_to: MessageTo = MessageTo.MEMBERS
    message_personal: bool = True
    """Whether that message says who calls."""
    closed_until: datetime | None = None
    """Until then nobody is let in, as if nobody were there; None is not closed."""
