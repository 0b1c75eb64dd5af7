"""The sticky agent: who last spoke with a customer is offered the customer's next call first."""

from datetime import datetime, timedelta

from component.domain.commands import WakeAt
from component.domain.events import StickyOver
from component.domain.model import Call, Spoke
from component.domain.state import State
from component.domain.words import CallState, MemberState

REMEMBERED = timedelta(days=1)
"""For so long, at least, it is remembered who spoke with a customer: until a queue is told to."""


def remember(state: State, call: Call, extension: str, at: datetime) -> None:
    """Take note of who spoke with a customer, and until when."""
    customer, known = _customer(call), _spoke(state, call)
    if not customer or (known is not None and known.at > at):
        return  # somebody has spoken with the customer since, in another call
    state.spoke.delete(customer)  # so that the oldest come first
    state.spoke.put(customer, Spoke(customer, extension, at))
    state.acquainted.add(customer)
    _forget(state, at)


def _forget(state: State, now: datetime) -> None:
    """Forget with whom customers spoke so long ago that no queue heeds it."""
    before = now - REMEMBERED
    while (oldest := next(state.spoke.values(), None)) and oldest.at < before:
        before = now - max([REMEMBERED, *(queue.sticky for queue in state.queues.values())])
        if oldest.at >= before:
            return
        state.spoke.delete(oldest.customer)


def remember_who_passed_on(state: State, call: Call) -> None:
    """Take note of who spoke with a customer last whom nobody has answered after that.

    While the customer waits it is of no account: who passed the call on is asked last.
    """
    if call.has_waited and call.state is not CallState.ANSWERED:
        last = call.transfers[-1]
        remember(state, call, last.extension, last.at)


def preferred(state: State, call: Call) -> str | None:
    """Return who last spoke with the customer, if the queue remembers that for so long.

    That may have been while the call waited: in another call of the same customer.
    """
    queue = state.queues.get(call.queue)
    if queue is None or not queue.sticky:
        return None
    spoke = _spoke(state, call)
    if spoke is None or spoke.extension in call.tried:
        return None
    return spoke.extension if call.entered_at - queue.sticky <= spoke.at else None


def is_awaited(state: State, call: Call, extension: str, now: datetime) -> bool:
    """Tell whether the caller waits for this agent, who is not free, rather than take another.

    That is so for `sticky_wait`, while the agent is logged on, not paused, and wants calls. Who has
    spoken with the customer only since the call entered is not waited for: no timer would end it.
    """
    member = state.members.get((call.queue, extension))
    spoke = _spoke(state, call)
    if member is None or spoke is None or spoke.at > call.entered_at:
        return False
    agent = state.agents[extension]
    return (
        member.state is MemberState.READY
        and not agent.do_not_disturb
        and now < waits_until(state, call)
        and call.terms.need.met_by(member.penalty, agent.skills)
    )


def no_longer_awaited_in(state: State) -> list[str]:
    """Return the queues in which customers wait who have spoken with somebody just now, in another
    call: whom they knew before is waited for no longer."""
    if not state.acquainted:
        return []
    patient = [queue.name for queue in state.queues.values() if queue.sticky and queue.sticky_wait]
    return [name for name in patient if _waits(state, name)]


def timer(state: State, call: Call) -> list[WakeAt]:
    """Return when the caller no longer waits for the one who spoke with him last.

    Who that is may be known only later, in the same moment: another call of the customer ends.
    """
    queue = state.queues.get(call.queue)
    if queue is None or not _customer(call) or not (queue.sticky and queue.sticky_wait):
        return []
    return [WakeAt(waits_until(state, call), StickyOver(call.id))]


def waits_until(state: State, call: Call) -> datetime:
    """Return until when a caller waits for one agent at the most."""
    queue = state.queues.get(call.queue)
    return call.entered_at + (timedelta(0) if queue is None else queue.sticky_wait)


def _customer(call: Call) -> int:
    """Return the id of who calls; 0 if it is not known, or the customer has none."""
    return 0 if call.customer is None else call.customer.id


def _spoke(state: State, call: Call) -> Spoke | None:
    """Return who spoke with the customer last. Those who have no id cannot be told apart."""
    customer = _customer(call)
    return state.spoke.get(customer) if customer else None


def _waits(state: State, queue: str) -> bool:
    """Tell whether one of the customers waits who have just spoken with somebody."""
    customers = (call.customer for call in state.waiting(queue))
    return any(customer and customer.id in state.acquainted for customer in customers)
