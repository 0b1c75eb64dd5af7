"""Which call a channel or a playback belongs to, and which bridges are ours, by the ids we gave.

An agent's leg is the channel `ivr-<call id>.<attempt>`, an announcement to a call's caller the
playback `ivr-<call id>.<number>`, the channel to a customer who is called back
`ivrcallback-<call id>.<number>`, and a talk the bridge `ivrtalk-<call id>.<attempt>-<channel>`.
"""

import re

from component.domain.asterisk_ids import CUSTOMER_PREFIX, PREFIX, TALK_PREFIX
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


def is_of_talk(bridge: str) -> bool:
    """Tell whether a bridge is of a talk of ours, by this name or an earlier one."""
    return any(bridge.startswith(prefix) and bridge != prefix for prefix in (TALK_PREFIX, PREFIX))
