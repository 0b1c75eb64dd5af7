"""Until when callers wait for some of the agents only: counted from their entering."""

from datetime import datetime

from component.domain import sticky
from component.domain.commands import WakeAt
from component.domain.events import SkillsWaived
from component.domain.model import Call
from component.domain.state import State


def timers(state: State, call: Call) -> list[WakeAt]:
    """Return when a caller who waits, or may wait again, may be offered to others, too.

    What falls due while the caller talks is of no account; nor is it set after a restart then.
    """
    at = waived_at(state, call)
    waived = [] if at is None else [WakeAt(at, SkillsWaived(call.id))]
    return [*waived, *sticky.timer(state, call)]


def waived_at(state: State, call: Call) -> datetime | None:
    """Return when the skills that a caller asks for are waived; None: there are none, or never."""
    queue = state.queues.get(call.queue)
    if queue is None or not queue.skills_timeout or not call.terms.need.skills:
        return None
    return call.entered_at + queue.skills_timeout
