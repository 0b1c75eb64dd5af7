"""Messages that are sent again, or for the first time though they are old."""

from dataclasses import replace

from component.handlers.namespaces import DELAY
from component.handlers.times import written_time
from component.markup import element
from component.outbox import made_at
from component.ports import Outgoing


def late(message: Outgoing) -> Outgoing:
    """Return the message with the time at which it was made (XEP-0203).

    What it tells may be over: software that shows calls has to know that it is not news.
    """
    attributes = {
        "xmlns": DELAY,
        "from": message.sender,
        "stamp": written_time(made_at(message.seq)),
    }
    return replace(message, body=message.body + element("delay", attributes))
