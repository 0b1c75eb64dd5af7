"""Callers who have left our application, as Asterisk tells.

A request to let a caller go may be carried out though its answer is lost. The caller may then have
come to another queue by the time the request would be made again, and is not to be sent from there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Departure:
    """That a caller is to leave. What was told of the channel before does not count."""

    channel: str
    is_told: bool = False
    """Whether Asterisk has told that the channel left."""


class Departures:
    """Follows those who are to leave."""

    def __init__(self) -> None:
        self._awaited: list[Departure] = []

    def note(self, channel: str) -> None:
        """Take note that a channel has left our application."""
        for departure in self._awaited:
            if departure.channel == channel:
                departure.is_told = True

    @contextmanager
    def awaiting(self, channel: str) -> Iterator[Departure]:
        """Follow a channel meanwhile."""
        departure = Departure(channel)
        self._awaited.append(departure)
        try:
            yield departure
        finally:
            self._awaited = [other for other in self._awaited if other is not departure]
