"""Which call a channel, a bridge or a playback belongs to, by the id that we gave it.

An agent's leg is the channel `ivr-<call id>.<attempt>`, a call's bridge is `ivr-<call id>`, and an
announcement to its caller the playback `ivr-<call id>.<number>`, and the channel to a customer who
is called back `ivrcallback-<call id>.<number>`.
"""

import re

from component.domain.asterisk_ids import CUSTOMER_PREFIX, PREFIX
from component.domain.model import Leg

_NUMBERED = re.compile(rf"{PREFIX}(?P<call>.+)\.(?P<number>[1-9][0-9]{{0,8}})", re.DOTALL)

_CUSTOMER = re.compile(rf"{CUSTOMER_PREFIX}(?P<call>.+)\.[1-9][0-9]{{0,8}}", re.DOTALL)


def customer_of(channel: str) -> str | None:
    """Return the id of the call whose customer is called on this channel, None if no call's."""
    match = _CUSTOMER.fullmatch(channel)
    return None if match is None else match["call"]


def leg_of(channel: str) -> Leg | None:
    """Return the leg whose channel this is, None if it is no leg's."""
    match = _NUMBERED.fullmatch(channel)
    return None if match is None else Leg(match["call"], int(match["number"]))


def fetched_leg_of(channel: str) -> Leg | None:
    """Return the leg that a channel is the other end of: with who was fetched from another talk.

    Asterisk names the two halves of a local channel so.
    """
    return leg_of(channel.removesuffix(";2")) if channel.endswith(";2") else None


def announcement(call_id: str, number: int) -> str:
    """Return the id of the playback of an announcement."""
    return f"{PREFIX}{call_id}.{number}"


def announcement_of(playback: str) -> tuple[str, int] | None:
    """Return call id and number of the announcement whose playback this is, None if none's."""
    match = _NUMBERED.fullmatch(playback)
    return None if match is None else (match["call"], int(match["number"]))


def call_of(bridge: str) -> str | None:
    """Return the id of the call whose bridge this is, None if it is no call's."""
    call_id = bridge.removeprefix(PREFIX)
    return call_id if call_id and call_id != bridge else None
