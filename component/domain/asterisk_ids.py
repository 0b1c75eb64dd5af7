"""The ids that we give to channels and bridges in Asterisk, so that a crash does not part them from
a call.
"""

from component.domain.model import Leg

PREFIX = "ivr-"
"""What the ids of agents' legs and of announcements begin with."""

CUSTOMER_PREFIX = "ivrcallback-"
"""What the ids of channels to customers begin with."""


TALK_PREFIX = "ivrtalk-"
"""What the ids of bridges begin with. No bridge has the id of a channel, as Asterisk keeps what an
application hears of them in one list, by id."""


def leg_channel(leg: Leg) -> str:
    """Return the id of a leg's channel."""
    return f"{PREFIX}{leg}"


def talk_bridge(leg: Leg, channel: str) -> str:
    """Return the id of the bridge of a talk: by the two who talk.

    A request to take a bridge down may be carried out late, when the call's next talk has begun. It
    is to find that one in a bridge of another name; and so by the leg. But who took the place of an
    agent's phone talks on the same leg as that phone before: so by the caller's channel, too.
    """
    return f"{TALK_PREFIX}{leg}-{channel}"


def earlier_bridge(call_id: str) -> str:
    """Return the id of the bridge of all talks of a call, as they were named until 27 November
    2026: one may go on while the service is upgraded."""
    return f"{PREFIX}{call_id}"
