"""Callers who have left our application, as Asterisk tells.

Asterisk knows a caller by his channel alone, and the dialplan may send the same channel to a queue
again. A request to let a caller go may be carried out though its answer is lost, and the dialplan
may take a caller back of whom we have just begun to know. What is still to be done for that stay
must not be done to a caller who has come to another queue meanwhile.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

REMEMBERED = 10_000
"""Stays that are over without our doing. By then nothing is left to be done for older ones."""


@dataclass(slots=True)
class Departure:
    """That a caller is to leave. What was told of the channel before does not count."""

    call_id: str
    channel: str
    is_told: bool
    """Whether Asterisk has told that the channel left, or tells no more whether it did."""


class Departures:
    """Follows those who are here, and those who are to leave."""

    def __init__(self) -> None:
        self._awaited: list[Departure] = []
        self._here: dict[str, str] = {}
        """Channel → the call as which it entered."""
        self._over: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Calls and channels of those who left without having been let go."""

    def entered(self, channel: str, call_id: str) -> None:
        """Take note that a channel has come to our application, and as which call."""
        self._here[channel] = call_id

    def replaced(self, channel: str, by: str) -> None:
        """Take note that another channel is here in the place of one, for the same call."""
        if channel in self._here:
            self._here[by] = self._here[channel]

    def note(self, channel: str, of: str = "") -> None:
        """Take note that a channel has left our application.

        `of` is the call for which it was missed; without it, it is of whichever there is.
        """
        for departure in self._awaited:
            if departure.channel == channel and of in ("", departure.call_id):
                departure.is_told = True
        call_id = self._here.get(channel)
        if call_id is None or of not in ("", call_id):
            return
        del self._here[channel]
        self._over[call_id, channel] = None
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)

    def forget(self) -> None:
        """Know nothing any more: what Asterisk has is looked at when there is a connection.

        Who is to leave may have been taken for somebody who enters by the time that an answer, or
        the lack of one, is noticed. So nothing more is done for that stay.
        """
        for departure in self._awaited:
            departure.is_told = True
        self._here.clear()
        self._over.clear()

    def has_left(self, call_id: str, channel: str) -> bool:
        """Tell whether a call's caller has left without having been let go.

        If the channel is in our application, it is with another call.
        """
        return (call_id, channel) in self._over

    @contextmanager
    def awaiting(self, call_id: str, channel: str) -> Iterator[Departure]:
        """Follow a caller who is let go. The call may come again on that channel afterwards."""
        departure = Departure(call_id, channel, is_told=self.has_left(call_id, channel))
        self._awaited.append(departure)
        try:
            yield departure
        finally:
            self._awaited = [other for other in self._awaited if other is not departure]
            self._over.pop((call_id, channel), None)
            if self._here.get(channel) == call_id:
                del self._here[channel]
