"""What the members of each queue are doing, and how long they did it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from component.domain.model import Agent, Member
from component.domain.queue import Queue
from component.domain.state import State
from component.domain.words import AgentState, MemberState


class Activity(StrEnum):
    """What a member does, as seen from one queue."""

    LOGGED_OFF = "logged_off"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    """Logged on, but the phone is not to be rung: not registered, used for something else, or the
    agent wants not to be disturbed."""
    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    ELSEWHERE = "elsewhere"
    """Busy with a call of another queue."""


BUSY = {
    AgentState.RESERVED: Activity.RINGING,
    AgentState.ON_CALL: Activity.TALKING,
    AgentState.WRAP_UP: Activity.WRAP_UP,
}


def activity(agent: Agent, member: Member, queue: Queue) -> Activity:
    """Return what a member does. A call of the queue comes first, also after log-off or pause."""
    busy = BUSY.get(agent.state)
    if any(talk.queue == member.queue for talk in agent.talks):
        return Activity.TALKING  # though another call may ring
    if busy is not None and agent.queue == member.queue:
        return busy
    if member.state is MemberState.LOGGED_OFF:
        return Activity.LOGGED_OFF
    if member.state is MemberState.PAUSED:
        return Activity.PAUSED
    if busy is not None:
        return Activity.ELSEWHERE
    if agent.do_not_disturb:
        return Activity.UNREACHABLE
    device = agent.device_state
    if device.can_ring or (queue.ringinuse and device.is_there):
        return Activity.AVAILABLE
    return Activity.UNREACHABLE


class AgentTimes:
    """Follows the members' activities. Time is added up per queue and activity, not per agent.

    `spent` is told at intervals what time members spent, all together: queue, activity, seconds.
    """

    def __init__(
        self, state: State, spent: Callable[[str, Activity, float], None], now: datetime
    ) -> None:
        self._state = state
        self._spent = spent
        self._activities: dict[tuple[str, str], Activity] = {}
        self._counts: defaultdict[str, Counter[Activity]] = defaultdict(Counter)
        self._rung_in_use: set[str] = set()
        """The queues for which a phone in use is one that can be rung."""
        self._since: dict[str, datetime] = {}
        self._seconds: defaultdict[tuple[str, Activity], float] = defaultdict(float)
        """What `spent` has not been told yet."""
        self._take_stock(now)

    @property
    def counts(self) -> Mapping[str, Mapping[Activity, int]]:
        """How many members of each queue do what."""
        return self._counts

    def changed(self, agents: Iterable[Agent], members: Iterable[Member], now: datetime) -> None:
        """Take note of what agents and members are now."""
        pairs = {(member.queue, member.extension) for member in members}
        for agent in agents:
            pairs |= {(queue, agent.extension) for queue in self._state.queues_of(agent.extension)}
        for pair in sorted(pairs):
            self._follow(pair, now)

    def add_up(self, now: datetime) -> None:
        """Count the time until now, and tell it."""
        known = self._activities.keys() == set(self._state.members)
        if not known or self._rung_in_use != self._which_ring_in_use():  # the operator changed them
            self._take_stock(now)
        for queue in self._counts:
            self._add_up(queue, now)
        for (queue, done), seconds in self._seconds.items():
            self._spent(queue, done, seconds)
        self._seconds.clear()

    def _follow(self, pair: tuple[str, str], now: datetime) -> None:
        before, after = self._activities.get(pair), self._activity(pair)
        if before is after:
            return
        queue = pair[0]
        self._add_up(queue, now)
        if before is not None:
            self._counts[queue][before] -= 1
            del self._activities[pair]
        if after is not None:
            self._counts[queue][after] += 1
            self._activities[pair] = after

    def _activity(self, pair: tuple[str, str]) -> Activity | None:
        member, agent = self._state.members.get(pair), self._state.agents.get(pair[1])
        queue = self._state.queues.get(pair[0])
        if member is None or agent is None or queue is None:
            return None
        return activity(agent, member, queue)

    def _add_up(self, queue: str, now: datetime) -> None:
        seconds = (now - self._since.get(queue, now)).total_seconds()
        self._since[queue] = now
        if seconds > 0:  # else nothing happened, or the clock was set back
            for done, count in self._counts[queue].items():
                self._seconds[queue, done] += count * seconds

    def _which_ring_in_use(self) -> set[str]:
        return {name for name, queue in self._state.queues.items() if queue.ringinuse}

    def _take_stock(self, now: datetime) -> None:
        self._rung_in_use = self._which_ring_in_use()
        for pair in {*self._activities, *self._state.members}:
            self._follow(pair, now)
