"""The strategies once more, naively: a list of people and a plain rule for each strategy."""

from dataclasses import dataclass, field

from component.domain.model import StrategyName


@dataclass
class Person:
    """What somebody who watches the floor knows about an agent."""

    extension: str
    penalty: int
    on: bool = False
    logged_on: tuple[float, int] = (0.0, 0)
    """When, and as which of all log-ons."""
    paused: bool = False
    busy: bool = False
    last_call: float | None = None
    calls: int = 0


@dataclass
class Floor:
    """All agents, and whose phone rang last."""

    strategy: StrategyName
    people: dict[str, Person]
    last_rung: tuple[int, str] | None = None
    """As which of all log-ons, extension."""
    log_ons: int = field(default=0)

    def log_on(self, extension: str, now: float) -> None:
        self.log_ons += 1
        person = self.people[extension]
        person.on, person.paused, person.logged_on = True, False, (now, self.log_ons)

    def expect(self, tried: set[str]) -> set[str]:
        """Who may be rung now, if anybody."""
        free = [
            person
            for person in self.people.values()
            if person.on and not person.paused and not person.busy and person.extension not in tried
        ]
        if not free:
            return set()
        if self.strategy is not StrategyName.WRANDOM:
            lowest = min(person.penalty for person in free)
            free = [person for person in free if person.penalty == lowest]
        match self.strategy:
            case StrategyName.RANDOM | StrategyName.WRANDOM:
                return {person.extension for person in free}
            case StrategyName.LEASTRECENT:
                return {min(free, key=_idle).extension}
            case StrategyName.FEWESTCALLS:
                fewest = min(person.calls for person in free)
                return {min((p for p in free if p.calls == fewest), key=_idle).extension}
            case StrategyName.LINEAR:
                return {min(free, key=lambda person: person.logged_on[1]).extension}
            case StrategyName.RRMEMORY:
                return {self._next(sorted(free, key=lambda person: person.extension), (0, 1))}
            case StrategyName.RRORDERED:
                return {self._next(sorted(free, key=lambda person: person.logged_on[1]), (1, 0))}

    def rung(self, extension: str) -> None:
        person = self.people[extension]
        person.busy = True
        self.last_rung = (person.logged_on[1], extension)

    def freed(self, extension: str, now: float, *, talked: bool) -> None:
        person = self.people[extension]
        person.busy = False
        if talked:
            person.last_call, person.calls = now, person.calls + 1

    def _next(self, circle: list[Person], by: tuple[int, int]) -> str:
        if self.last_rung is not None:
            order, extension = self.last_rung
            for person in circle:
                behind = person.logged_on[1] > order if by[0] else person.extension > extension
                if behind:
                    return person.extension
        return circle[0].extension


def _idle(person: Person) -> tuple[float, int]:
    since, order = person.logged_on
    return (since if person.last_call is None else person.last_call, order)
