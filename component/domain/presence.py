"""Whether a queue is empty, by app_queue's `joinempty` and `leavewhenempty`.

A queue is empty if none of the members who are logged on counts as there; which of them do not
count is said by words such as `paused`.
"""

from collections import Counter, defaultdict

from component.domain.model import Agent, Member
from component.domain.queue import EmptyCondition
from component.domain.terms import ANYBODY, Need
from component.domain.words import AgentState, DeviceState, MemberState

Conditions = frozenset[EmptyCondition]

NEVER: Conditions = frozenset()
"""The queue counts as staffed even when nobody is logged on."""

LOOSE: Conditions = frozenset({EmptyCondition.PENALTY, EmptyCondition.INVALID})
NO: Conditions = LOOSE | {EmptyCondition.PAUSED}
STRICT: Conditions = NO | {EmptyCondition.UNAVAILABLE}

_OF_DEVICE = {
    DeviceState.INUSE: EmptyCondition.INUSE,
    DeviceState.BUSY: EmptyCondition.INUSE,
    DeviceState.ONHOLD: EmptyCondition.INUSE,
    DeviceState.RINGINUSE: EmptyCondition.INUSE,
    DeviceState.RINGING: EmptyCondition.RINGING,
    DeviceState.UNAVAILABLE: EmptyCondition.UNAVAILABLE,
    DeviceState.INVALID: EmptyCondition.INVALID,
    DeviceState.UNKNOWN: EmptyCondition.UNKNOWN,
}

_OF_AGENT = {
    AgentState.RESERVED: EmptyCondition.RINGING,
    AgentState.ON_CALL: EmptyCondition.INUSE,
    AgentState.WRAP_UP: EmptyCondition.WRAPUP,
}


def conditions(words: str, *, joining: bool) -> Conditions:
    """Return what `joinempty` (`joining`) or `leavewhenempty` says, as in queues.conf.

    `yes` and `no` mean the opposite for the one and for the other. Raises `ValueError` for a word
    that app_queue does not have.
    """
    meanings = {
        "yes": NEVER if joining else NO,
        "no": NO if joining else NEVER,
        "loose": LOOSE,
        "strict": STRICT,
        **{condition.value: frozenset({condition}) for condition in EmptyCondition},
    }
    found = NEVER
    for word in words.split(","):
        if word.strip() not in meanings:
            raise ValueError(f"{word.strip()!r} is none of {', '.join(meanings)}")
        found |= meanings[word.strip()]
    return found


def reasons(agent: Agent, member: Member) -> Conditions:
    """Return all for which a member may count as not there."""
    found = {_OF_DEVICE.get(agent.device_state), _OF_AGENT.get(agent.state)}
    if agent.do_not_disturb:
        found.add(EmptyCondition.INUSE)
    if member.state is MemberState.PAUSED:
        found.add(EmptyCondition.PAUSED)
    return frozenset(condition for condition in found if condition is not None)


class Presence:
    """How many members of each queue are logged on, by penalty and what may make them not count."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[tuple[int, Conditions]]] = defaultdict(Counter)
        self._known: dict[tuple[str, str], tuple[int, Conditions]] = {}
        self._disturbed: set[str] = set()

    def anyone(self, queue: str, not_counting: Conditions, need: Need = ANYBODY) -> bool:
        """Tell whether somebody is logged on whom none of these conditions excludes."""
        limited = EmptyCondition.PENALTY in not_counting
        return any(
            not excused & not_counting and (not limited or need.allows(penalty))
            for penalty, excused in self._counts[queue]
        )

    def take_disturbed(self) -> list[str]:
        """Return the queues in which anything changed since the last time this was asked."""
        disturbed = sorted(self._disturbed)
        self._disturbed.clear()
        return disturbed

    def place(self, queue: str, extension: str, penalty: int, reasons: Conditions | None) -> None:
        """Note a member's penalty and reasons; None is logged off."""
        old = self._known.pop((queue, extension), None)
        new = None if reasons is None else (penalty, reasons)
        if new is not None:
            self._known[queue, extension] = new
        if new == old:
            return
        counts = self._counts[queue]
        if old is not None:
            counts[old] -= 1
            if not counts[old]:
                del counts[old]
        if new is not None:
            counts[new] += 1
        self._disturbed.add(queue)
