"""The ids that we give to channels and bridges, so that a crash does not part them from a call.

An agent's leg is the channel `ivr-<call id>.<attempt>`, a call's bridge is `ivr-<call id>`, and an
announcement to its caller the playback `ivr-<call id>.<number>`. The domain names the channels to
customers who are called back: `ivrcallback-<call id>.<number>`.
"""

import re

from component.domain.model import Leg
from component.domain.reserving import CUSTOMER_PREFIX

PREFIX = "ivr-"

_NUMBERED = re.compile(rf"{PREFIX}(?P<call>.+)\.(?P<number>[1-9][0-9]{{0,8}})", re.DOTALL)

_CUSTOMER = re.compile(rf"{CUSTOMER_PREFIX}(?P<call>.+)\.[1-9][0-9]{{0,8}}", re.DOTALL)


def customer_of(channel: str) -> str | None:
    """Return the id of the call whose customer is called on this channel, None if no call's."""
    match = _CUSTOMER.fullmatch(channel)
    return None if match is None else match["call"]


def leg_channel(leg: Leg) -> str:
    """Return the id of a leg's channel."""
    return f"{PREFIX}{leg}"


def leg_of(channel: str) -> Leg | None:
    """Return the leg whose channel this is, None if it is no leg's."""
    match = _NUMBERED.fullmatch(channel)
    return None if match is None else Leg(match["call"], int(match["number"]))


def announcement(call_id: str, number: int) -> str:
    """Return the id of the playback of an announcement."""
    return f"{PREFIX}{call_id}.{number}"


def announcement_of(playback: str) -> tuple[str, int] | None:
    """Return call id and number of the announcement whose playback this is, None if none's."""
    match = _NUMBERED.fullmatch(playback)
    return None if match is None else (match["call"], int(match["number"]))


def call_bridge(call_id: str) -> str:
    """Return the id of a call's bridge."""
    return f"{PREFIX}{call_id}"


def call_of(bridge: str) -> str | None:
    """Return the id of the call whose bridge this is, None if it is no call's."""
    call_id = bridge.removeprefix(PREFIX)
    return call_id if call_id and call_id != bridge else None
