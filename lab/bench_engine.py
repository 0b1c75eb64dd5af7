"""What a decision costs: `make bench-engine`.

For each number of agents, all logged on to one queue with 1,000 callers waiting, an agent comes
free and the next caller is offered to somebody. Timed is `step` alone, without commit and commands.
"""

import gc
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median, quantiles

from component.domain.events import AsteriskFound, CallerEntered, LegAnswered, LegEnded
from component.domain.model import Agent, Caller, CallState, LegEnd, Member
from component.domain.queue import Queue, StrategyName
from component.domain.state import State
from component.domain.step import step
from component.records import Ledger

AGENTS = (100, 1_000, 10_000)
WAITING = 1_000
DECISIONS = 500
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


def free_agents(strategy: StrategyName, agents: int) -> list[float]:
    """A caller comes and there is a choice of half of all agents."""
    bench = Bench(strategy, agents)
    for _ in range(agents // 2):
        call, _ = bench.enter()
        bench.take(LegAnswered(bench.state.calls[call].leg))
    talking = [call for call in bench.state.calls.values() if call.state is CallState.ANSWERED]
    times = []
    for number in range(DECISIONS):
        call, _ = bench.enter()
        offered = bench.state.calls[call].leg
        # Refused: the same call is offered to another agent at once.
        times.append(bench.take(LegEnded(offered, LegEnd.REJECTED)))
        bench.take(LegAnswered(bench.state.calls[call].leg))
        talking.append(bench.state.calls[call])
        bench.take(LegEnded(talking[number].leg, LegEnd.HUNG_UP))
    return times


def waiting_callers(strategy: StrategyName, agents: int) -> list[float]:
    """An agent comes free and there is a choice of a thousand callers."""
    bench = Bench(strategy, agents)
    for _ in range(agents):
        call, _ = bench.enter()
        bench.take(LegAnswered(bench.state.calls[call].leg))
    talking = [call for call in bench.state.calls.values() if call.state is CallState.ANSWERED]
    for _ in range(WAITING):
        bench.enter()
    times = []
    for number in range(min(DECISIONS, agents)):
        times.append(bench.take(LegEnded(talking[number].leg, LegEnd.HUNG_UP)))
        bench.enter()
    return times


def main() -> None:
    """Print a table, in microseconds."""
    print("microseconds per decision, p50 / p99; the last column is 10,000 agents : 100 agents")
    print(f"{'agents':31}", *(f"{agents:>17,}" for agents in AGENTS))
    for strategy in StrategyName:
        _print_row("choice of agents", strategy, free_agents)
    _print_row("choice of callers", StrategyName.LEASTRECENT, waiting_callers)


def _print_row(
    title: str, strategy: StrategyName, measure: Callable[[StrategyName, int], list[float]]
) -> None:
    cells, medians = [], []
    for agents in AGENTS:
        gc.collect()
        times = [1e6 * seconds for seconds in measure(strategy, agents)]
        medians.append(median(times))
        cells.append(f"{median(times):7.1f} / {_p99(times):7.1f}")
    print(f"{title:18} {strategy:12}", *cells, f"{medians[-1] / medians[0]:7.2f}", flush=True)


def _p99(times: Iterable[float]) -> float:
    return quantiles(times, n=100)[-1]


if __name__ == "__main__":
    main()
