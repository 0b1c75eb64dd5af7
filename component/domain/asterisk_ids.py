"""The ids that we give to channels and bridges in Asterisk, so that a crash does not part them from
a call.
"""

from component.domain.model import Leg

PREFIX = "ivr-"
"""What the ids of agents' legs, bridges and announcements begin with."""

CUSTOMER_PREFIX = "ivrcallback-"
"""What the ids of channels to customers begin with."""


def leg_channel(leg: Leg) -> str:
    """Return the id of a leg's channel."""
    return f"{PREFIX}{leg}"


def call_bridge(call_id: str) -> str:
    """Return the id of a call's bridge."""
    return f"{PREFIX}{call_id}"
