"""Messages that are sent again, or for the first time though they are old."""

from dataclasses import replace

from component.handlers.namespaces import DELAY
from component.handlers.times import delay
from component.outbox import made_at
from component.ports import Outgoing

_OWN = f"<delay xmlns='{DELAY}'"
"""How a delay begins that a notification has of its own. It stands behind the event."""


def late(message: Outgoing) -> Outgoing:
    """Return the message with the time at which it was made (XEP-0203).

    What it tells may be over: software that shows calls has to know that it is not news. What says
    already since when it is no news says it once only (§2).
    """
    if _OWN in message.body.rpartition("</event>")[2]:
        return message
    return replace(message, body=message.body + delay(message.sender, made_at(message.seq)))
