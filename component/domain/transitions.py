"""The state machines of a call and of an agent, as tables. What is not in them is illegal."""

from enum import StrEnum
from typing import TypeVar

from component.domain.errors import IllegalTransitionError
from component.domain.model import AgentState, CallState


class CallMove(StrEnum):
    """What can happen to a call."""

    OFFER = "offer"
    WITHDRAW = "withdraw"
    ANSWER = "answer"
    END = "end"


class AgentMove(StrEnum):
    """What can happen to an agent."""

    RESERVE = "reserve"
    ANSWER = "answer"
    RELEASE = "release"


CALL_TRANSITIONS: dict[tuple[CallState, CallMove], CallState] = {
    (CallState.WAITING, CallMove.OFFER): CallState.OFFERED,
    (CallState.WAITING, CallMove.END): CallState.ENDED,
    (CallState.OFFERED, CallMove.WITHDRAW): CallState.WAITING,
    (CallState.OFFERED, CallMove.ANSWER): CallState.ANSWERED,
    (CallState.OFFERED, CallMove.END): CallState.ENDED,
    (CallState.ANSWERED, CallMove.END): CallState.ENDED,
}

AGENT_TRANSITIONS: dict[tuple[AgentState, AgentMove], AgentState] = {
    (AgentState.AVAILABLE, AgentMove.RESERVE): AgentState.RESERVED,
    (AgentState.RESERVED, AgentMove.ANSWER): AgentState.ON_CALL,
    (AgentState.RESERVED, AgentMove.RELEASE): AgentState.AVAILABLE,
    (AgentState.ON_CALL, AgentMove.RELEASE): AgentState.AVAILABLE,
}

S = TypeVar("S", bound=StrEnum)
M = TypeVar("M", bound=StrEnum)


def advance(table: dict[tuple[S, M], S], state: S, move: M) -> S:
    """Return the state that a move leads to. Raises `IllegalTransitionError`."""
    try:
        return table[state, move]
    except KeyError:
        raise IllegalTransitionError(state=state, move=move) from None
