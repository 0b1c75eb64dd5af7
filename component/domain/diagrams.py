"""The state machines as Mermaid diagrams: `make diagrams` writes them into the documentation."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from component.domain.transitions import AGENT_TRANSITIONS, CALL_TRANSITIONS, MEMBER_TRANSITIONS
from component.domain.words import AgentState, CallState, MemberState

S = TypeVar("S", bound=StrEnum)
M = TypeVar("M", bound=StrEnum)

_HEAD = """\
# State machines

Made by `make diagrams` from `component/domain/transitions.py`. What is not drawn is illegal: it
raises and changes nothing.
"""


def document() -> str:
    """Return the page with all diagrams, in Markdown."""
    return "\n".join(
        (
            _HEAD,
            _section("Call", CALL_TRANSITIONS, CallState.WAITING),
            _section("Agent", AGENT_TRANSITIONS, AgentState.AVAILABLE),
            _section("Member: an agent in one queue", MEMBER_TRANSITIONS, MemberState.LOGGED_OFF),
        )
    )


def mermaid(table: Mapping[tuple[S, M], S], initial: S) -> str:
    """Return a transition table as a Mermaid state diagram."""
    states = dict.fromkeys([initial, *(state for state, _ in table), *table.values()])
    final = [state for state in states if state not in {source for source, _ in table}]
    return "\n".join(
        [
            "stateDiagram-v2",
            *(f'    state "{state}" as {_id(state)}' for state in states),
            f"    [*] --> {_id(initial)}",
            *(f"    {_id(s)} --> {_id(to)}: {move}" for (s, move), to in table.items()),
            *(f"    {_id(state)} --> [*]" for state in final),
        ]
    )


def _section(title: str, table: Mapping[tuple[S, M], S], initial: S) -> str:
    return f"## {title}\n\n```mermaid\n{mermaid(table, initial)}\n```\n"


def _id(state: StrEnum) -> str:
    return state.name.lower()


if __name__ == "__main__":
    sys.stdout.write(document())
