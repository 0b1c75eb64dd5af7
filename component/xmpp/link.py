"""The component's place at the server, kept: connected again whenever the connection ends."""

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from component.markup import Markup
from component.ports import Outgoing
from component.xmpp.outbound import Outbound
from component.xmpp.session import Answerer, Debtor, Place, Session, Timings
from component.xmpp.stream import ComponentStream, StreamRefusedError

log = structlog.get_logger(__name__)

HINTS = {
    "not-authorized": "the secrets differ: make xmpp.secret what the server's configuration says; "
    "or the server has no such component, which ejabberd says in the same way: mend xmpp.domain",
    "host-unknown": "the server has no such component: add it there, or mend xmpp.domain; or it "
    "does not speak with components at that port, which Prosody says so: mend xmpp.port",
    "invalid-namespace": "nobody speaks with components at that port: mend xmpp.port",
    "conflict": "another connection holds this component: stop it, or let the server prefer the "
    "newest",
}
"""How to mend what a server refuses, by the condition of the stream error."""


def longest_wait(timings: Timings, failures: int, *, refused: bool) -> float:
    """Return how many seconds to wait at most before connecting again.

    `failures` counts the connections in a row that failed or did not last; `refused` says that
    trying again is of no use until somebody mends what the server objects to.
    """
    if refused:
        return timings.refused_retry
    return min(timings.longest_retry, timings.first_retry * 2.0 ** min(failures - 1, 30))


class XmppLink:
    """Keeps the component connected. It is the engine's `Publisher`.

    `wrote` is told the sequence numbers of messages that were written to the stream.
    """

    def __init__(
        self,
        place: Place,
        timings: Timings | None = None,
        wrote: Callable[[Sequence[int]], None] = lambda _: None,
    ) -> None:
        self._place = place
        self._timings = timings or Timings()
        self._wrote = wrote
        self._outbound: Outbound | None = None
        self.detail = "not connected yet"
        """The state of the connection in words."""

    @property
    def up(self) -> bool:
        """Whether the server has accepted the component."""
        return self._outbound is not None

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Write messages; while the connection is down, drop them: they are owed still."""
        if self._outbound is not None:
            self._outbound.send(messages)

    def announce(self, presences: Sequence[Markup]) -> None:
        """Write presence; while the connection is down, drop it: it is announced anew then."""
        if self._outbound is not None:
            self._outbound.announce(presences)

    async def settled(self) -> None:
        """Wait until the server has dealt with everything that was sent so far.

        Returns at once while the connection is down. If it is lost meanwhile this never ends: set
        a timeout.
        """
        if self._outbound is not None:
            await self._outbound.settled()

    async def run(self, debtor: Debtor, answerer: Answerer) -> None:
        """Connect, and connect again, for ever. Cancel it to disconnect."""
        loop = asyncio.get_running_loop()
        stream = ComponentStream(self._place.domain, self._place.secret)
        failures = 0
        while True:
            began = loop.time()
            error = await self._stay(
                Session(stream, self._place, self._timings, debtor, answerer, wrote=self._wrote)
            )
            lasted = loop.time() - began > self._timings.longest_retry
            failures = 1 if lasted else failures + 1
            longest = longest_wait(self._timings, failures, refused=_hint(error) is not None)
            # Not all components of a restarted server at the same moment.
            delay = longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            self._report(error, delay)
            await asyncio.sleep(delay)

    async def _stay(self, session: Session) -> Exception:
        """Stay at the server for as long as it lasts; return what ended it."""

        def accepted() -> None:
            self._outbound = session.outbound
            self.detail = f"connected to {self._place.host}:{self._place.port}"
            log.info("xmpp connected", server=self._server, domain=self._place.domain)

        try:
            await session.run(accepted)
        except (OSError, StreamRefusedError) as error:
            return error
        finally:
            self._outbound = None
        return ConnectionError("the server closed the connection")

    def _report(self, error: Exception, delay: float) -> None:
        hint = _hint(error)
        self.detail = f"not connected: {error}" + (f" ({hint})" if hint else "")
        retry = round(delay, 1)
        if hint:
            log.error(
                "xmpp server refuses", server=self._server, error=str(error), hint=hint, retry=retry
            )
        else:
            log.warning("xmpp not connected", server=self._server, error=str(error), retry=retry)

    @property
    def _server(self) -> str:
        return f"{self._place.host}:{self._place.port}"


def _hint(error: Exception) -> str | None:
    """Return how to mend what the server refuses, None if trying again may help."""
    return HINTS.get(error.condition) if isinstance(error, StreamRefusedError) else None
