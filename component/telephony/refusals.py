"""What it means that Asterisk refuses a request."""

from collections.abc import Awaitable
from typing import TypeVar

import structlog

from component.telephony.errors import AriError, AriUnreachableError

log = structlog.get_logger(__name__)

T = TypeVar("T")

GONE = frozenset({404, 409, 412})
"""A channel, bridge or playback is not there, or not in our application any more."""


async def unless_gone(request: Awaitable[None]) -> bool:
    """Make a request about something that may be gone; its own event tells that as well.

    Returns whether it was there. Raises `AriError` for all else.
    """
    try:
        await request
    except AriError as error:
        if error.status not in GONE:
            raise
        log.debug("gone already", error=str(error))
        return False
    return True


async def to_the_end(request: Awaitable[T]) -> T:
    """Make a request that is to succeed in the end: that Asterisk fails at it is no answer.

    Raises `AriUnreachableError` for that, and `AriError` for a refusal.
    """
    try:
        return await request
    except AriError as error:
        if error.status < 500:
            raise
        raise AriUnreachableError(str(error)) from error
