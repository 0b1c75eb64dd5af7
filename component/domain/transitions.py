"""The state machines of call, agent and member, as tables. What is not in them is illegal."""

from enum import StrEnum
from typing import TypeVar

from component.domain.errors import IllegalTransitionError
from component.domain.words import AgentState, CallState, MemberState


class CallMove(StrEnum):
    """What can happen to a call."""

    OFFER = "offer"
    DROP_OFFER = "drop offer"
    """One of several phones that ring is not answered."""
    WITHDRAW = "withdraw"
    """No phone rings any more, or nothing came of it that an agent answered."""
    TAKE = "take"
    """An agent answers, who is not to hear the caller yet."""
    ANSWER = "answer"
    TRANSFER = "transfer"
    """The agent passes the call on to another one."""
    KEEP_PLACE = "keep place"
    """The caller hangs up, to be called back."""
    CALL_BACK = "call back"
    MISS = "miss"
    """The customer does not answer, or does not wish to be connected."""
    RETURN = "return"
    """The customer is on the line, but the agent is free no more."""
    END = "end"


class AgentMove(StrEnum):
    """What can happen to an agent."""

    RESERVE = "reserve"
    """Of who is on a call already only if the extension's `max_calls` allows it."""
    ANSWER = "answer"
    RELEASE = "release"
    RESUME = "resume"
    """One of several calls ended, or another one that was offered came to nothing."""
    WRAP_UP = "wrap up"
    """The call ended, and its queue has a `wrapuptime`; or another one that was offered meanwhile
    came to nothing."""
    FINISH = "finish"
    FAIL = "fail"
    """Asterisk could not let the agent talk with the caller."""


class MemberMove(StrEnum):
    """What can happen to an agent's membership of a queue."""

    LOG_ON = "log on"
    LOG_OFF = "log off"
    PAUSE = "pause"
    UNPAUSE = "unpause"


CALL_TRANSITIONS: dict[tuple[CallState, CallMove], CallState] = {
    (CallState.WAITING, CallMove.OFFER): CallState.OFFERED,
    (CallState.WAITING, CallMove.END): CallState.ENDED,
    (CallState.OFFERED, CallMove.DROP_OFFER): CallState.OFFERED,
    (CallState.OFFERED, CallMove.WITHDRAW): CallState.WAITING,
    (CallState.OFFERED, CallMove.TAKE): CallState.CONNECTING,
    (CallState.OFFERED, CallMove.ANSWER): CallState.ANSWERED,
    (CallState.OFFERED, CallMove.END): CallState.ENDED,
    (CallState.CONNECTING, CallMove.WITHDRAW): CallState.WAITING,
    (CallState.CONNECTING, CallMove.ANSWER): CallState.ANSWERED,
    (CallState.CONNECTING, CallMove.END): CallState.ENDED,
    (CallState.ANSWERED, CallMove.WITHDRAW): CallState.WAITING,
    (CallState.ANSWERED, CallMove.TRANSFER): CallState.OFFERED,
    (CallState.ANSWERED, CallMove.END): CallState.ENDED,
    (CallState.WAITING, CallMove.KEEP_PLACE): CallState.AWAY,
    (CallState.AWAY, CallMove.CALL_BACK): CallState.CALLING,
    (CallState.AWAY, CallMove.END): CallState.ENDED,
    (CallState.CALLING, CallMove.MISS): CallState.AWAY,
    (CallState.CALLING, CallMove.OFFER): CallState.OFFERED,
    (CallState.CALLING, CallMove.RETURN): CallState.WAITING,
    (CallState.CALLING, CallMove.END): CallState.ENDED,
}

AGENT_TRANSITIONS: dict[tuple[AgentState, AgentMove], AgentState] = {
    (AgentState.AVAILABLE, AgentMove.RESERVE): AgentState.RESERVED,
    (AgentState.RESERVED, AgentMove.ANSWER): AgentState.ON_CALL,
    (AgentState.RESERVED, AgentMove.RELEASE): AgentState.AVAILABLE,
    (AgentState.RESERVED, AgentMove.RESUME): AgentState.ON_CALL,
    (AgentState.RESERVED, AgentMove.WRAP_UP): AgentState.WRAP_UP,
    (AgentState.ON_CALL, AgentMove.RESERVE): AgentState.RESERVED,
    (AgentState.ON_CALL, AgentMove.RESUME): AgentState.ON_CALL,
    (AgentState.ON_CALL, AgentMove.RELEASE): AgentState.AVAILABLE,
    (AgentState.ON_CALL, AgentMove.FAIL): AgentState.RESERVED,
    (AgentState.ON_CALL, AgentMove.WRAP_UP): AgentState.WRAP_UP,
    (AgentState.WRAP_UP, AgentMove.RESERVE): AgentState.RESERVED,
    (AgentState.WRAP_UP, AgentMove.FINISH): AgentState.AVAILABLE,
}

# As with app_queue, one who is paused may be paused again, for another reason, and unpausing one
# who is not paused is no error.
MEMBER_TRANSITIONS: dict[tuple[MemberState, MemberMove], MemberState] = {
    (MemberState.LOGGED_OFF, MemberMove.LOG_ON): MemberState.READY,
    (MemberState.READY, MemberMove.LOG_OFF): MemberState.LOGGED_OFF,
    (MemberState.READY, MemberMove.PAUSE): MemberState.PAUSED,
    (MemberState.READY, MemberMove.UNPAUSE): MemberState.READY,
    (MemberState.PAUSED, MemberMove.PAUSE): MemberState.PAUSED,
    (MemberState.PAUSED, MemberMove.UNPAUSE): MemberState.READY,
    (MemberState.PAUSED, MemberMove.LOG_OFF): MemberState.LOGGED_OFF,
}

S = TypeVar("S", bound=StrEnum)
M = TypeVar("M", bound=StrEnum)


def advance(table: dict[tuple[S, M], S], state: S, move: M) -> S:
    """Return the state that a move leads to. Raises `IllegalTransitionError`."""
    try:
        return table[state, move]
    except KeyError:
        raise IllegalTransitionError(state=state, move=move) from None
