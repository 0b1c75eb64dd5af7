"""Taking over, while calls go on, what the operator has changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import assert_never

import structlog

from component.domain.configuring import Configured, differences, everything_known
from component.domain.errors import DomainError
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    ConfigurationEvent,
    MemberChanged,
    MemberRemoved,
    QueueChanged,
    QueueRemoved,
)
from component.domain.state import State
from component.ports import StoreRefusedError, StoreUnavailableError
from component.words import snake_case

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Changes that share a transaction: callers and agents are served between two of them."""

MOST_TOLD = 50
"""Changes at a time of which each has a line in the log; of more only their number is logged."""

Step = Callable[[ConfigurationEvent], Awaitable[None]]
"""The engine's: take in an event and wait until it is committed."""


class Takeover:
    """Compares what is configured with what is known, and steps what differs."""

    def __init__(self, state: State, step: Step) -> None:
        self._state = state
        self._step = step

    def known(self) -> Configured:
        """Return the names of all that is known."""
        return everything_known(self._state)

    async def __call__(self, configured: Configured) -> None:
        """Take over what is configured.

        A change that is refused, or meets a bug, is logged, and the others are made. Raises
        `StoreUnavailableError`; what was not taken over then is found the next time.
        """
        events = list(differences(self._state, configured))
        told = len(events) <= MOST_TOLD
        for start in range(0, len(events), AT_ONCE):
            some = events[start : start + AT_ONCE]
            await asyncio.gather(*(self._take_in(event, told=told) for event in some))
        if not told:
            log.info("configuration taken over", changes=len(events))

    async def _take_in(self, event: ConfigurationEvent, *, told: bool) -> None:
        try:
            await self._step(event)
        except StoreUnavailableError:
            raise
        except (DomainError, StoreRefusedError) as error:
            log.error("change refused", **about(event), reason=str(error))
        except Exception:  # a bug in one change keeps no other away
            log.exception("change failed", **about(event))
        else:
            if told:
                log.info("configuration changed", **about(event))


def about(event: ConfigurationEvent) -> dict[str, str]:
    """Return what the log says of a change: which it is, of which queue and agent."""
    change = {"change": snake_case(type(event).__name__)}
    match event:
        case QueueChanged(queue):
            return change | {"queue": queue.name}
        case QueueRemoved(name):
            return change | {"queue": name}
        case AgentChanged() | AgentRemoved():
            return change | {"agent": event.extension}
        case MemberChanged() | MemberRemoved():
            return change | {"queue": event.queue, "agent": event.extension}
    assert_never(event)
