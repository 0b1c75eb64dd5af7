"""Caller and agent hear each other, and the agent's phone displays who calls."""

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import Connect, Display, Part
from component.domain.model import Call, Caller


def displayed(call: Call) -> Caller:
    """Return who calls, as phones display it: a customer by name."""
    name = call.caller.name if call.customer is None else call.customer.name
    return Caller(call.caller.number, name)


def talk(call: Call) -> list[Connect | Display]:
    """Connect the two."""
    return [Connect(call.leg, call.channel), *display(call)]


def part(call: Call) -> Part:
    """Have the two hear each other no more."""
    return Part(call.id, talk_bridge(call.leg, call.channel))


def display(call: Call) -> list[Display]:
    """Have the phone display who calls, if it was called for somebody else.

    It was if it was asked by another call, or if the caller took that one's place since it rang.
    """
    [taken] = call.offers
    last = call.transfers[-1] if call.transfers else None
    if last is None or not (last.at > taken.offered_at or (call.direct and last.attended)):
        return []
    return [Display(taken.leg, displayed(call))]
