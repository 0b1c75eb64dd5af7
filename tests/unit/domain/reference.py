"""The strategies once more, naively: a list of people and a plain rule for each strategy."""

from dataclasses import dataclass

from component.domain.queue import StrategyName


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
    in_hand: int = 0
    """How many calls the agent is on, who may have another."""


@dataclass
class Floor:
    """All agents, and whose phone rang last."""

    strategy: StrategyName
    people: dict[str, Person]
    last_rung: tuple[int, str] | None = None
    """As which of all log-ons, extension."""
    log_ons: int = 0

    def log_on(self, extension: str, now: float) -> None:
        self.log_ons += 1
        person = self.people[extension]
        person.on, person.paused, person.logged_on = True, False, (now, self.log_ons)

    def expect(self, tried: set[str]) -> set[str]:
        """Who may be rung now, if anybody: one of these, or with `ringall` all of them."""
        free = [
            person
            for person in self.people.values()
            if person.on and not person.paused and not person.busy and person.extension not in tried
        ]
        return {e for group in admissible(self.strategy, free, self.last_rung) for e in group}

    def rung(self, extension: str) -> None:
        person = self.people[extension]
        person.busy = True
        self.last_rung = (person.logged_on[1], extension)

    def freed(self, extension: str, now: float, *, talked: bool) -> None:
        person = self.people[extension]
        person.busy = False
        if talked:
            person.last_call, person.calls = now, person.calls + 1


def admissible(
    strategy: StrategyName, free: list[Person], last_rung: tuple[int, str] | None
) -> set[frozenset[str]]:
    """Who may be rung, of those who are free: any of these groups, but none other.

    `last_rung` is whose phone rang last: as which of all log-ons, and the extension.
    """
    if not free:
        return set()
    if strategy is not StrategyName.WRANDOM:
        lowest = min(person.penalty for person in free)
        free = [person for person in free if person.penalty == lowest]
    fewest = min(person.in_hand for person in free)
    free = [person for person in free if person.in_hand == fewest]
    everybody = frozenset(person.extension for person in free)
    match strategy:
        case StrategyName.RINGALL:
            return {everybody}
        case StrategyName.RANDOM | StrategyName.WRANDOM:
            return {frozenset({extension}) for extension in everybody}
        case StrategyName.LEASTRECENT:
            chosen = min(free, key=_idle)
        case StrategyName.FEWESTCALLS:
            taken = min(person.calls for person in free)
            chosen = min((p for p in free if p.calls == taken), key=_idle)
        case StrategyName.LINEAR:
            chosen = min(free, key=_order)
        case StrategyName.RRMEMORY:
            circle = sorted(free, key=lambda person: person.extension)
            behind = [p for p in circle if last_rung is not None and p.extension > last_rung[1]]
            chosen = (behind or circle)[0]
        case StrategyName.RRORDERED:
            circle = sorted(free, key=_order)
            behind = [p for p in circle if last_rung is not None and _order(p) > last_rung[0]]
            chosen = (behind or circle)[0]
    return {frozenset({chosen.extension})}


def _order(person: Person) -> int:
    return person.logged_on[1]


def _idle(person: Person) -> tuple[float, int]:
    since, order = person.logged_on
    return (since if person.last_call is None else person.last_call, order)
