"""What can happen to a call, an agent and a member in each of their states, and nothing else."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import product

import pytest

from component.domain.errors import IllegalTransitionError
from component.domain.transitions import (
    AGENT_TRANSITIONS,
    CALL_TRANSITIONS,
    MEMBER_TRANSITIONS,
    AgentMove,
    CallMove,
    MemberMove,
    advance,
)
from component.domain.words import AgentState, CallState, MemberState

pytestmark = pytest.mark.unit

CALLS = """
    waiting:    offer > offered, keep place > away, end > ended
    offered:    drop offer > offered, withdraw > waiting, take > connecting, answer > answered,
                end > ended
    connecting: withdraw > waiting, answer > answered, end > ended
    answered:   withdraw > waiting, transfer > offered, end > ended
    away:       call back > calling, end > ended
    calling:    miss > away, offer > offered, return > waiting, end > ended
    ended:
"""

AGENTS = """
    available: reserve > reserved
    reserved:  answer > on call, release > available, resume > on call, wrap up > wrap-up
    on call:   reserve > reserved, resume > on call, release > available, fail > reserved,
               wrap up > wrap-up
    wrap-up:   reserve > reserved, finish > available
"""

MEMBERS = """
    logged off: log on > ready
    ready:      log off > logged off, pause > paused, unpause > ready
    paused:     log off > logged off, pause > paused, unpause > ready
"""

Table = dict[tuple[StrEnum, StrEnum], StrEnum]


def moves(specification: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what a specification says: state and move, and where it leads."""
    state = ""
    for line in specification.strip().splitlines():
        before, colon, after = line.strip().rpartition(":")
        state = before if colon else state
        for words in filter(None, after.strip().split(",")):
            move, _, then = words.partition(">")
            yield (state, move.strip()), then.strip()


def every_pair() -> Iterator[object]:
    """Yield each state with each move, of each machine: where it is to lead, if anywhere."""
    for name, table, specification, states, all_moves in (
        ("call", CALL_TRANSITIONS, CALLS, CallState, CallMove),
        ("agent", AGENT_TRANSITIONS, AGENTS, AgentState, AgentMove),
        ("member", MEMBER_TRANSITIONS, MEMBERS, MemberState, MemberMove),
    ):
        leads_to = dict(moves(specification))
        for state, move in product(states, all_moves):
            then = leads_to.pop((state, move), None)
            yield pytest.param(table, state, move, then, id=f"{name}, {state}, {move}")
        assert not leads_to, f"the {name} has no {leads_to}"


@pytest.mark.parametrize(("table", "state", "move", "then"), list(every_pair()))
def test_a_move_leads_where_it_is_to_lead_or_is_illegal(
    table: Table, state: StrEnum, move: StrEnum, then: str | None
) -> None:
    if then is not None:
        assert advance(table, state, move) == then
        return
    with pytest.raises(IllegalTransitionError) as refused:
        advance(table, state, move)
    assert refused.value.details == {"state": state, "move": move}
