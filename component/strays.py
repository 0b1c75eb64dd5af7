"""Who is found in Asterisk after a gap though no call that goes on is theirs.

They came in while nobody listened; or their call is over, and they were to leave. What lets them
leave may have been lost in the gap, and is done once more; but not if it has just been begun: the
dialplan may have sent the caller to a queue again by the time that it is done a second time.
"""

from collections.abc import Callable, Iterable

from component.domain import leaving
from component.domain.commands import CallCommand, EndCall, Join, Redirect, Release
from component.domain.events import Event, NotLetGo
from component.domain.model import Call
from component.ports import CallControl, Snapshot, Store, WaitingChannel
from component.recovery import Unknown


class Strays:
    """Tells them apart by what the store says of calls that are over. `submit` takes events."""

    def __init__(self, store: Store, control: CallControl, submit: Callable[[Event], None]) -> None:
        self._store = store
        self._control = control
        self._submit = submit
        self._let_go: set[str] = set()
        """The calls whose callers were let go since it is not known what there is in Asterisk."""

    def note(self, deeds: Iterable[CallCommand]) -> None:
        """Take note of what was begun while it was not known what there is in Asterisk."""
        leave = (deed for deed in deeds if isinstance(deed, EndCall | Join | Redirect | Release))
        self._let_go.update(deed.call_id for deed in leave)

    async def sort_out(self, found: Unknown, snapshot: Snapshot) -> tuple[WaitingChannel, ...]:
        """Return the callers who are new. Of all others of whom nothing is known the calls end.

        Raises `StoreUnavailableError`.
        """
        channels = {caller.channel for caller in found.strangers} - snapshot.newcomers
        channels |= {customer.channel for customer in found.customers}
        ended = await self._store.last_ended(channels) if channels else []
        left_over = {call.channel: call for call in ended if leaving.was_let_go(call)}
        for call in left_over.values():
            if not self._is_leaving(call, snapshot):
                self._submit(NotLetGo(call))
        self._let_go.clear()
        self._control.perform(c for c in found.customers if c.channel not in left_over)
        return tuple(caller for caller in found.strangers if caller.channel not in left_over)

    def _is_leaving(self, call: Call, snapshot: Snapshot) -> bool:
        """Tell whether it was begun on this connection. By the clock alone it could be another
        service, on another machine, that had let the caller go."""
        ended_at = call.ended_at
        return call.id in self._let_go and ended_at is not None and ended_at >= snapshot.taken_at
