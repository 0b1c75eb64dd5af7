"""An agent who passes a call on, in a test's hand."""

from typing import Any

from component.domain.commands import Command, HideCall, ShowCall
from component.domain.events import AttendedTransfer, BlindTransfer
from component.domain.model import Call, Leg
from component.domain.words import OfferEnd
from tests.unit.domain.call_centre import CallCentre, of_kind

FIRST, SECOND, THIRD = (Leg("call1", attempt) for attempt in (1, 2, 3))
PEER = "PJSIP/2000-00000007"


def talking(*extensions: str, **settings: Any) -> CallCentre:
    """1000 talks with a caller who waited for 3 s; the others are logged on."""
    centre = CallCentre(["1000", "2000", "3000"], **settings)
    centre.log_on("1000", *extensions)
    call = centre.enter()
    centre.after(3)
    centre.answer(call)
    centre.after(20)
    centre.decided.clear()
    return centre


def blind(
    centre: CallCentre, number: str = "2000", leg: Leg = FIRST, consult: str = ""
) -> list[Command]:
    return centre.take(BlindTransfer(leg, number, "from-phones", consult))


def attended(centre: CallCentre, device: str = "PJSIP/2000", leg: Leg = FIRST) -> list[Command]:
    return centre.take(AttendedTransfer(leg, device, PEER))


def moved_item(commands: list[Command]) -> tuple[tuple[str, str], tuple[str, Call]]:
    """From where the item of which call is retracted, and where which call is shown instead."""
    [hidden], [shown] = of_kind(commands, HideCall), of_kind(commands, ShowCall)
    assert hidden.reason is OfferEnd.TRANSFERRED
    return (hidden.extension, hidden.call.id), (shown.extension, shown.call)


def transfer_rows(centre: CallCentre) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the log tells of the call after it was answered."""
    rows = [entry[1:] for entry in centre.logged() if entry[0] == "channel1"]
    return rows[[event for _, event, _ in rows].index("CONNECT") + 1 :]
