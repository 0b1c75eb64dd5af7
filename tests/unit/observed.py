"""A call centre that Prometheus watches."""

from datetime import timedelta
from typing import Any

from component.domain.commands import Command
from component.domain.events import Event
from component.metrics import Metrics
from component.observer import EngineObserver
from component.outbox import Outbox
from component.ports import Changes, Committed
from tests.unit.domain.call_centre import CallCentre


class ObservedCentre(CallCentre):
    """A call centre whose every fact is committed, and seen by the observer."""

    def __init__(self, *extensions: str, **settings: Any) -> None:
        self.observer: EngineObserver | None = None
        super().__init__(extensions or ("1000", "2000"), **settings)
        self.state.ledger.committed()
        self.metrics = Metrics("1.2.3")
        self.outbox = Outbox([], self.now)
        self.observer = EngineObserver(self.metrics, self.state, self.outbox, self.Clock(self))

    class Clock:
        def __init__(self, centre: "ObservedCentre") -> None:
            self._centre = centre

        def now(self) -> Any:
            return self._centre.now

    def take(self, event: Event) -> list[Command]:
        commands = super().take(event)
        if self.observer is not None:
            changes = Changes(
                agents=[agent for _, agent in self.state.agents.pending() if agent],
                members=[member for _, member in self.state.members.pending() if member],
                calls=[call for _, call in self.state.calls.pending() if call],
                queue_log=dict(self.state.queue_log.pending()),
            )
            self.state.ledger.committed()
            self.observer.committed(Committed(1, commands, [], changes, timedelta(milliseconds=3)))
            self.state.forget_ended(changes.calls)
        return commands

    def value(self, name: str, **labels: str) -> float | None:
        """What is scraped now."""
        assert self.observer is not None
        self.observer.refresh(inbox=0)
        return self.metrics.registry.get_sample_value(name, labels)

    def support(self, name: str, **labels: str) -> float | None:
        return self.value(name, queue="support", **labels)
