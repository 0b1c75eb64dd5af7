"""Who may be offered a call, in the order of least recent.

Least recent: the lowest penalty first; then the member whose last connected call ended longest
ago, one who never had a call counting from the moment of log-on; ties by the order of log-on.

The order is kept sorted while agents come and go, so that choosing costs the same with ten
thousand agents as with a hundred.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from component.domain.model import Agent, AgentState, Member, MemberState

Rank = tuple[int, datetime, int, str]
"""(penalty, idle since, order of log-on, extension): the smallest is offered the next call."""


def rank(agent: Agent, member: Member) -> Rank | None:
    """Return a member's place in the order, None if no call may be offered now."""
    if member.state is not MemberState.READY or member.logged_on_at is None:
        return None
    if agent.state is not AgentState.AVAILABLE or not agent.device_state.can_ring:
        return None
    idle_since = agent.last_call or member.logged_on_at
    return (member.penalty, idle_since, member.logon_order, member.extension)


class Candidates:
    """The members of each queue who may be offered a call now, least recent first."""

    def __init__(self) -> None:
        self._order: defaultdict[str, list[Rank]] = defaultdict(list)
        self._ranks: dict[tuple[str, str], Rank] = {}

    def of(self, queue: str) -> Iterator[str]:
        """Yield the extensions of the candidates of a queue in order."""
        return (rank[3] for rank in self._order[queue])

    def any(self, queue: str) -> bool:
        """Tell whether a queue has a candidate at all."""
        return bool(self._order[queue])

    def place(self, queue: str, extension: str, rank: Rank | None) -> None:
        """Give a member another place, or none."""
        old = self._ranks.pop((queue, extension), None)
        order = self._order[queue]
        if old is not None:
            del order[bisect_left(order, old)]
        if rank is not None:
            self._ranks[queue, extension] = rank
            insort(order, rank)
