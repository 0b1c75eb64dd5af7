"""A caller who goes on in the dialplan after an agent passed him on, and so comes into a queue.

The call goes on there, with its id and all that is known of it. Its item goes with it: it is
retracted where it had ended, and published where the call is offered next.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from component.domain.asterisk_ids import CUSTOMER_PREFIX
from component.domain.commands import HideCall
from component.domain.model import NOTHING, Call
from component.domain.state import State
from component.domain.words import OfferEnd, Outcome

AWAITED = timedelta(hours=4)
"""For so long a caller may listen to menus, or talk with whoever else took the call."""


def may_return(ended: Call) -> bool:
    """Tell whether the caller of a call that is over for us goes on, after a transfer.

    Who hung up does not, nor who is hung up to be called back, or was called back: none of them has
    a way out. Nobody passed on who goes on after a talk that ended otherwise.
    """
    goes_on = ended.way_out is not None and ended.outcome is not Outcome.COMPLETED
    return bool(ended.transfers and ended.channel) and goes_on


def remember(state: State, ended: Call, now: datetime) -> None:
    """Keep a call in mind that is over for us, if its caller may come into a queue again."""
    if not may_return(ended):
        return
    # The oldest come first: to look at all of them for each end would take ever longer.
    while (oldest := next(state.passed_on.values(), None)) and not _is_awaited(oldest, now):
        state.passed_on.delete(oldest.channel)
    state.passed_on.put(ended.channel, ended)


def is_expected(state: State, channel: str, now: datetime) -> bool:
    """Tell whether a caller is on the way from an agent to a queue."""
    before = state.passed_on.get(channel)
    return before is not None and _is_awaited(before, now)


def take_up(state: State, entered: Call) -> tuple[Call, list[HideCall]]:
    """Return the call of who has just entered a queue, and what is to be retracted.

    Who keyed a code anew is the customer of that code. Who was called back has our own number, if
    one asks Asterisk. The agent who passed the call on is asked last.
    """
    before = state.passed_on.get(entered.channel)
    if before is None:
        return entered, []
    state.passed_on.delete(before.channel)
    if not _is_awaited(before, entered.entered_at):
        return entered, []
    state.calls.delete(before.id)  # if the end was not committed yet
    call = replace(
        entered,
        id=before.id,
        caller=before.caller if _was_called(entered) else entered.caller,
        digits=entered.digits or before.digits,
        customer=entered.customer if entered.digits else before.customer or entered.customer,
        attempt=before.attempt,
        tried=frozenset({before.transfers[-1].extension}),
        revision=before.revision + 1,
        told=replace(NOTHING, number=before.told.number),
        transfers=before.transfers,
        asked_before=before.asked,
    )
    # Only who had answered has the item still.
    kept_by = [offer.extension for offer in before.offers]
    return call, [HideCall(extension, call, OfferEnd.TRANSFERRED) for extension in kept_by]


def _was_called(entered: Call) -> bool:
    return entered.channel.startswith(CUSTOMER_PREFIX)


def _is_awaited(ended: Call, now: datetime) -> bool:
    return ended.ended_at is not None and ended.ended_at > now - AWAITED
