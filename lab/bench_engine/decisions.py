"""What a decision costs: `step` alone, without commit and commands."""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from component.domain.events import AsteriskFound, CallerEntered, LegAnswered, LegEnded
from component.domain.model import Agent, Call, Caller, Member
from component.domain.queue import Queue, StrategyName
from component.domain.state import State
from component.domain.step import step
from component.domain.words import CallState, DeviceState, LegEnd
from component.records import Ledger
from lab.bench_engine import figures
from lab.bench_engine.sizes import Size
from lab.bench_pubsub.figures import Figures

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)

ROUND = 25
"""Decisions in a call centre of one size before it is another one's turn."""

RINGING = 10
"""Agents who are free where all phones ring: as many as there are would ring at each caller."""

Run = Callable[[StrategyName, int, int], Iterator[float]]
"""Makes decisions, with so many agents and callers who wait; yields the seconds of each."""


class Bench:
    """A call centre of some size, and a clock that goes on with every fact."""

    def __init__(self, strategy: StrategyName, agents: int, elsewhere: int = 0) -> None:
        """Have so many agents, the first of whom use their phones for something else."""
        self.state, self.rng, self.now = State(Ledger()), Random(1), NOW  # noqa: S311 each run is to be like the last
        minute = timedelta(minutes=1)
        names = [str(number) for number in range(agents)]
        phones = [DeviceState.INUSE] * elsewhere + [DeviceState.NOT_INUSE] * (agents - elsewhere)
        self.state.load(
            [Queue("q", minute, minute, 1000 * minute, strategy=strategy)],
            [
                Agent(name, f"PJSIP/{name}", f"{name}@example.com", phone)
                for name, phone in zip(names, phones, strict=True)
            ],
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
    for strategy in StrategyName:
        rings_all = strategy is StrategyName.RINGALL
        entering = callers_for_whom_all_ring if rings_all else callers_who_enter
        _measure(figures.OF_AGENTS, entering, strategy, size, noted)
    for strategy in figures.CHOOSING:
        _measure(figures.OF_THE_NEXT, refused_callers, strategy, size, noted)
    _measure(figures.OF_CALLERS, waiting_callers, StrategyName.LEASTRECENT, size, noted)


def _measure(section: str, run: Run, strategy: StrategyName, size: Size, noted: Figures) -> None:
    """Let call centres of all sizes take turns: what else the machine does is to slow all alike."""
    runs = {agents: run(strategy, agents, size.waiting) for agents in size.agents}
    times: dict[int, list[float]] = {agents: [] for agents in runs}
    gc.collect()
    while len(times[size.agents[0]]) < size.decisions:
        for agents, decisions in runs.items():
            times[agents] += islice(decisions, ROUND)
    for agents, seconds in times.items():
        figures.note_decisions(noted, section, agents, strategy, seconds)


def callers_who_enter(strategy: StrategyName, agents: int, _waiting: int) -> Iterator[float]:
    """A caller comes and there is a choice of half of all agents."""
    bench, talking = _half_talk(strategy, agents)
    while True:
        call, seconds = bench.enter()
        yield seconds
        bench.take(LegAnswered(bench.state.calls[call].leg))
        talking.append(bench.state.calls[call])
        bench.take(LegEnded(talking.popleft().leg, LegEnd.HUNG_UP))


def refused_callers(strategy: StrategyName, agents: int, _waiting: int) -> Iterator[float]:
    """A phone refuses a caller, and there is a choice of half of all agents but one."""
    bench, talking = _half_talk(strategy, agents)
    while True:
        call, _ = bench.enter()
        yield bench.take(LegEnded(bench.state.calls[call].leg, LegEnd.REJECTED))
        bench.take(LegAnswered(bench.state.calls[call].leg))
        talking.append(bench.state.calls[call])
        bench.take(LegEnded(talking.popleft().leg, LegEnd.HUNG_UP))


def _half_talk(strategy: StrategyName, agents: int) -> tuple[Bench, deque[Call]]:
    bench = Bench(strategy, agents)
    for _ in range(agents // 2):
        call, _ = bench.enter()
        bench.take(LegAnswered(bench.state.calls[call].leg))
    return bench, deque(c for c in bench.state.calls.values() if c.state is CallState.ANSWERED)


def callers_for_whom_all_ring(
    strategy: StrategyName, agents: int, _waiting: int
) -> Iterator[float]:
    """A caller comes, and all phones ring that are free."""
    bench = Bench(strategy, agents, elsewhere=max(0, agents - RINGING))
    while True:
        call, seconds = bench.enter()
        yield seconds
        answered, *others = [offer.leg for offer in bench.state.calls[call].offers]
        bench.take(LegAnswered(answered))
        for leg in (*others, answered):
            bench.take(LegEnded(leg, LegEnd.HUNG_UP))


def waiting_callers(strategy: StrategyName, agents: int, waiting: int) -> Iterator[float]:
    """An agent comes free and there is a choice of many callers."""
    bench = Bench(strategy, agents)
    for _ in range(agents):
        call, _ = bench.enter()
        bench.take(LegAnswered(bench.state.calls[call].leg))
    talking = deque((call.leg, call.extension or "") for call in bench.state.calls.values())
    for _ in range(waiting):
        bench.enter()
    while True:
        over, extension = talking.popleft()
        yield bench.take(LegEnded(over, LegEnd.HUNG_UP))
        leg = bench.state.agents[extension].leg
        assert leg is not None, "callers wait"
        bench.take(LegAnswered(leg))
        talking.append((leg, extension))
        bench.enter()
