"""Messages that are owed: committed, and not yet confirmed by the XMPP server."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from component.ports import Changes, Outgoing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def made_at(seq: int) -> datetime:
    """Return when a message was made, which is what its number says."""
    return _EPOCH + seq * _MICROSECOND


class Outbox:
    """What is owed, in the order of sending.

    A message enters with the transaction that caused it and leaves with one that deletes it, so
    that a crash at any moment sends it once more rather than never.
    """

    def __init__(self, loaded: Iterable[Outgoing], now: datetime) -> None:
        self._owed = {message.seq: message for message in loaded}
        self._delivered: list[int] = []
        self._narrowed: dict[int, Outgoing] = {}
        # Microseconds: greater than any number given before a restart, with nothing to store.
        self._seq = max([(now - _EPOCH) // _MICROSECOND, *self._owed])

    def next_seq(self, now: datetime) -> int:
        """Return a number greater than that of any message before, also before a restart.

        It is the time in microseconds, unless the clock was set back.
        """
        self._seq = max(self._seq + 1, (now - _EPOCH) // _MICROSECOND)
        return self._seq

    def oldest(self) -> datetime | None:
        """Return since when there is a message that is owed, None if there is none."""
        return made_at(next(iter(self._owed))) if self._owed else None

    def owed(self, now: datetime) -> list[Outgoing]:
        """Return what is owed, oldest first. What has expired is owed no longer."""
        expired = [m.seq for m in self._owed.values() if m.expires_at and m.expires_at <= now]
        self.confirm(expired)
        return list(self._owed.values())

    def withhold(self, entitled: Callable[[Outgoing], tuple[str, ...]]) -> None:
        """Owe each message to those of its recipients alone who may have it still.

        The next commit writes to whom: it cannot be found out any more once what the message is
        about is gone.
        """
        for message in list(self._owed.values()):
            recipients = entitled(message)
            if not recipients:
                self.confirm([message.seq])
            elif recipients != message.recipients:
                narrowed = replace(message, recipients=recipients)
                self._owed[message.seq] = self._narrowed[message.seq] = narrowed

    def confirm(self, seqs: Iterable[int]) -> None:
        """Take these messages for delivered; the next commit deletes them."""
        for seq in seqs:
            self._narrowed.pop(seq, None)
            if self._owed.pop(seq, None) is not None:
                self._delivered.append(seq)

    def include_in(self, changes: Changes) -> None:
        """Let a transaction delete what was delivered, and write what is owed to fewer."""
        changes.delivered = list(self._delivered)
        changes.narrowed = list(self._narrowed.values())

    def committed(self, changes: Changes) -> None:
        """Take note that a transaction has succeeded."""
        self._owed.update((message.seq, message) for message in changes.outgoing)
        self._delivered = self._delivered[len(changes.delivered) :]
        for message in changes.narrowed:
            if self._narrowed.get(message.seq) is message:
                del self._narrowed[message.seq]

    def disown(self, changes: Changes) -> None:
        """Let the next commit delete what a failed transaction may have left in the store."""
        self._delivered += [message.seq for message in changes.outgoing]

    def __len__(self) -> int:
        return len(self._owed)
