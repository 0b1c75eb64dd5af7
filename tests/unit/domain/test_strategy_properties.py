"""Each strategy takes whom a naive reference takes, whatever happened before.

`ringall`, with which several phones ring, is followed by the simulator's reference.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from component.domain.queue import StrategyName
from component.domain.terms import Need, Terms
from tests.unit.domain.call_centre import CallCentre
from tests.unit.domain.reference import Floor, Person

pytestmark = pytest.mark.unit

EXTENSIONS = ("1000", "2000", "3000", "4000")

FRENCH = {"2000": {"french": 1}, "3000": {"french": 2}, "4000": {"french": 3, "billing": 1}}

DEEDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["log on", "log off", "pause", "unpause"]), st.integers(0, 3)),
        st.tuples(st.sampled_from(["call", "call in french", "call low"]), st.integers(0, 3)),
        st.tuples(st.just("hang up"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, 3)),
    ),
    min_size=10,
    max_size=60,
)


class Watched:
    """A call centre, and somebody who watches its floor."""

    def __init__(self, strategy: StrategyName, penalties: list[int]) -> None:
        penalty = dict(zip(EXTENSIONS, penalties, strict=True))
        self.centre = CallCentre(EXTENSIONS, penalty, FRENCH, strategy=strategy)
        self.floor = Floor(strategy, {e: Person(e, penalty[e]) for e in EXTENSIONS})
        self.start = self.centre.now
        self.talking: list[str] = []

    def do(self, deed: str, number: int) -> None:
        extension = EXTENSIONS[number % 4]
        person = self.floor.people[extension]
        match deed:
            case "log on" if not person.on:
                self.centre.log_on(extension)
                self.floor.log_on(extension, self.now)
            case "log off" if person.on:
                self.centre.log_off(extension)
                person.on = False
            case "pause" if person.on:
                self.centre.pause(extension)
                person.paused = True
            case "unpause" if person.on:
                self.centre.unpause(extension)
                person.paused = False
            case "call" if self.anyone_on():
                self.call(number, Need(), set())
            case "call in french" if self.anyone_on():
                self.call(number, Need(skills=frozenset({("french", 2)})), {"1000", "2000"})
            case "call low" if any(p.on and not p.penalty for p in self.floor.people.values()):
                high = {p.extension for p in self.floor.people.values() if p.penalty}
                self.call(number, Need(max_penalty=0), high)
            case "hang up" if self.talking:
                self.hang_up(self.talking.pop(number % len(self.talking)))
            case "wait":
                self.centre.after(number)

    def anyone_on(self) -> bool:
        return any(person.on for person in self.floor.people.values())

    def call(self, rejected: int, need: Need, unfit: set[str]) -> None:
        """A caller comes; so many agents reject the call, the next one takes it."""
        call = self.centre.enter(terms=Terms(need))
        tried: set[str] = set()
        while expected := self.floor.expect(tried | unfit):
            extension = self.centre.call(call).extension
            assert extension in expected
            self.floor.rung(extension)
            if len(tried) == rejected:
                self.centre.answer(call)
                self.talking.append(call)
                return
            tried.add(extension)
            self.floor.freed(extension, self.now, talked=False)
            self.centre.reject(call)
        assert self.centre.call(call).extension is None
        self.centre.hang_up(call)

    def hang_up(self, call: str) -> None:
        extension = self.centre.call(call).extension
        assert extension is not None
        self.centre.leg_ends(self.centre.call(call).leg)
        self.floor.freed(extension, self.now, talked=True)

    @property
    def now(self) -> float:
        return (self.centre.now - self.start).total_seconds()


@pytest.mark.parametrize("strategy", sorted(set(StrategyName) - {StrategyName.RINGALL}))
@settings(max_examples=100, deadline=None)
@given(penalties=st.lists(st.integers(0, 1), min_size=4, max_size=4), deeds=DEEDS)
def test_the_choice_is_that_of_the_reference(
    strategy: StrategyName, penalties: list[int], deeds: list[tuple[str, int]]
) -> None:
    watched = Watched(strategy, penalties)
    for extension in EXTENSIONS:
        watched.do("log on", EXTENSIONS.index(extension))
    for deed in deeds:
        watched.do(*deed)
