"""What a phone does, of its own accord, with a call that comes in."""

from collections.abc import Callable

from lab.sip.incoming import IncomingCall

Behaviour = Callable[[IncomingCall], None]


def answering(after: float = 0.0) -> Behaviour:
    """Ring, and pick up after so many seconds."""

    def behave(call: IncomingCall) -> None:
        call.ring()
        if after > 0:
            call.answer_after(after)
        else:
            call.answer()

    return behave


def rejecting(status: int = 486) -> Behaviour:
    """Refuse at once: 486 is busy, 603 declined, 480 unavailable."""

    def behave(call: IncomingCall) -> None:
        call.reject(status)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Deal with one call after another in these ways, and with all that follow in the last."""
    left = list(behaviours)

    def behave(call: IncomingCall) -> None:
        behaviour = left[0] if len(left) == 1 else left.pop(0)
        behaviour(call)

    return behave


def ringing_only() -> Behaviour:
    """Ring for as long as the caller cares to wait; the test decides what comes of it."""
    return IncomingCall.ring
