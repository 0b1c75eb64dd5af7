"""Who is logged on to which queue."""

from bisect import bisect_left, insort
from collections import defaultdict

from component.domain.model import Member


class LoggedOn:
    """Those who are logged on to each queue, in the order of log-on.

    Every caller is announced to all of them, and hardly ever somebody comes or goes in between: who
    they are is put together once.
    """

    def __init__(self) -> None:
        self._places: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._extensions: dict[str, tuple[str, ...]] = {}

    def extensions(self, queue: str) -> tuple[str, ...]:
        """Return where they are."""
        known = self._extensions.get(queue)
        if known is None:
            known = tuple(extension for _, extension in self._places[queue])
            self._extensions[queue] = known
        return known

    def member_changed(self, old: Member | None, new: Member | None) -> None:
        """Take note of another state of a member, None before or after it is one."""
        before, after = _place(old), _place(new)
        if before == after:
            return
        if old is not None and before is not None:
            places = self._places[old.queue]
            del places[bisect_left(places, before)]
            self._extensions.pop(old.queue, None)
        if new is not None and after is not None:
            insort(self._places[new.queue], after)
            self._extensions.pop(new.queue, None)


def _place(member: Member | None) -> tuple[int, str] | None:
    if member is None or member.logged_on_at is None:
        return None
    return member.logon_order, member.extension
