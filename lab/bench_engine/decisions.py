"""What a decision costs: `step` alone, without commit and commands."""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from component.domain.events import AsteriskFound, CallerEntered, LegAnswered, LegEnded
from component.domain.model import Agent, Caller, CallState, LegEnd, Member
from component.domain.queue import Queue, StrategyName
from component.domain.state import State
from component.domain.step import step
from component.records import Ledger
from lab.bench_engine import figures
from lab.bench_engine.sizes import Size
from lab.bench_pubsub.figures import Figures

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)


class Bench:
    """A call centre of some size, and a clock that goes on with every fact."""

    def __init__(self, strategy: StrategyName, agents: int) -> None:
        self.state, self.rng, self.now = State(Ledger()), Random(1), NOW  # noqa: S311 each run is to be like the last
        minute = timedelta(minutes=1)
        names = [str(number) for number in range(agents)]
        self.state.load(
            [Queue("q", minute, minute, 1000 * minute, strategy=strategy)],
            [Agent(name, f"PJSIP/{name}", f"{name}@example.com") for name in names],
            [
                Member("q", name, logged_on_at=NOW, logon_order=number)
                for number, name in enumerate(names)
            ],
            [],
        )
        step(self.state, AsteriskFound(), self.now, self.rng)
        self._calls = 0

    def enter(self) -> tuple[str, float]:
        """Let a caller come; return the call and the seconds that the decision took."""
        self._calls += 1
        call_id = f"c{self._calls}"
        entered = CallerEntered(call_id, "q", f"ch{self._calls}", Caller("5550100"))
        return call_id, self.take(entered)

    def take(self, event: CallerEntered | LegAnswered | LegEnded) -> float:
        """Step a fact as the engine does; return the seconds that it took."""
        self.now += timedelta(milliseconds=1)
        started = time.perf_counter()
        step(self.state, event, self.now, self.rng)
        took = time.perf_counter() - started
        ended = [call for _, call in self.state.calls.pending() if call is not None]
        self.state.ledger.committed()
        self.state.forget_ended(ended)
        self.state.forget_logged()
        return took


def measure(size: Size, noted: Figures) -> None:
    """Time the choice of agents by every strategy, and the choice of callers."""
    for agents in size.agents:
        for strategy in StrategyName:
            times = _timed(free_agents, strategy, agents, size)
            figures.note_decisions(noted, figures.OF_AGENTS, agents, strategy, times)
        times = _timed(waiting_callers, StrategyName.LEASTRECENT, agents, size)
        figures.note_decisions(noted, figures.OF_CALLERS, agents, StrategyName.LEASTRECENT, times)


def free_agents(strategy: StrategyName, agents: int, size: Size) -> list[float]:
    """A caller comes and there is a choice of half of all agents."""
    bench = Bench(strategy, agents)
    for _ in range(agents // 2):
        call, _ = bench.enter()
        bench.take(LegAnswered(bench.state.calls[call].leg))
    talking = [call for call in bench.state.calls.values() if call.state is CallState.ANSWERED]
    times = []
    for number in range(size.decisions):
        call, _ = bench.enter()
        offered = bench.state.calls[call].leg
        # Refused: the same call is offered to another agent at once.
        times.append(bench.take(LegEnded(offered, LegEnd.REJECTED)))
        bench.take(LegAnswered(bench.state.calls[call].leg))
        talking.append(bench.state.calls[call])
        bench.take(LegEnded(talking[number].leg, LegEnd.HUNG_UP))
    return times


def waiting_callers(strategy: StrategyName, agents: int, size: Size) -> list[float]:
    """An agent comes free and there is a choice of many callers."""
    bench = Bench(strategy, agents)
    for _ in range(agents):
        call, _ = bench.enter()
        bench.take(LegAnswered(bench.state.calls[call].leg))
    talking = [call for call in bench.state.calls.values() if call.state is CallState.ANSWERED]
    for _ in range(size.waiting):
        bench.enter()
    times = []
    for number in range(min(size.decisions, agents)):
        times.append(bench.take(LegEnded(talking[number].leg, LegEnd.HUNG_UP)))
        bench.enter()
    return times


def _timed(
    run: Callable[[StrategyName, int, Size], list[float]],
    strategy: StrategyName,
    agents: int,
    size: Size,
) -> list[float]:
    gc.collect()
    return run(strategy, agents, size)
