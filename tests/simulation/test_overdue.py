"""What is overdue, and what is late for a good reason only."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from component.domain.events import QueueChanged
from component.domain.model import Call, Caller, Leg, Offer
from component.domain.queue import Queue
from component.domain.words import CallState, DeviceState
from component.ports import Stored
from tests.simulation.books import Books
from tests.simulation.entries import Caller as InTheBooks
from tests.simulation.entries import Person
from tests.simulation.expectations import Expectations
from tests.simulation.happenings import Happenings
from tests.simulation.history import History, ViolationError
from tests.simulation.life import Life
from tests.simulation.loop import BEGINNING, VirtualTimeLoop
from tests.simulation.offers import Offers
from tests.simulation.overdue import Overdue
from tests.simulation.scenario import NO_FAULTS, Faults, draw
from tests.simulation.watch import nothing_is_overdue
from tests.simulation.world import World

pytestmark = pytest.mark.simulation

RUNG = Offer("1000", Leg("c1", 1), BEGINNING)

RINGS_FOR, LONG = timedelta(seconds=5), timedelta(seconds=500)

SLOW_COMMITS = replace(NO_FAULTS, commit_slow=0.02)

TWO_SLOW_COMMITS = 8


def centre(offer: Offer, faults: Faults = NO_FAULTS) -> World:
    """Return a call centre in which a phone was rung when the service was started anew."""
    queue = Queue("sales", timeout=RINGS_FOR, retry=RINGS_FOR, max_wait=LONG)
    scenario = replace(draw(1), changes_per_second=0, removals_per_second=0, faults=faults)
    world = World(1, replace(scenario, queues=(queue,)))
    world.loop.close()
    state, number = CallState.OFFERED, Caller("0301234567")
    call = Call("c1", "sales", "caller1", number, BEGINNING, state=state, offers=(offer,))
    world.reference.load(Stored(queues=[queue], calls=[call]), compare=False)
    connected = SimpleNamespace(state=SimpleNamespace(up=True))
    nobody = SimpleNamespace(agents={})
    life = SimpleNamespace(serving=True, settled_at=0.0, adapter=connected, state=nobody)
    world.life = cast(Life, life)
    return world


def look(world: World, *, seconds: int) -> None:
    """Look every second, for so long, after the phone has rung for long enough."""
    for second in range(seconds):
        world.loop._seconds, world.loop._now = RINGS_FOR.total_seconds() + 0.1 + second, None
        nothing_is_overdue(world)


def test_a_phone_that_rings_on_is_noticed_soon() -> None:
    with pytest.raises(ViolationError, match="has rung for long enough"):
        look(centre(RUNG), seconds=4)


def test_two_slow_commits_in_a_row_are_waited_for() -> None:
    world = centre(RUNG, SLOW_COMMITS)

    look(world, seconds=TWO_SLOW_COMMITS + 1)

    assert world.history.violations == []


def test_even_where_commits_are_slow_a_phone_that_rings_on_is_noticed() -> None:
    with pytest.raises(ViolationError, match="has rung for long enough"):
        look(centre(RUNG, SLOW_COMMITS), seconds=2 * TWO_SLOW_COMMITS)


def test_after_a_gap_a_phone_rings_for_as_long_as_the_queue_says_then() -> None:
    """The first timer ran while Asterisk was away; and then the operator changed it again."""
    loop = VirtualTimeLoop()
    loop.close()
    books = Books(History(loop))
    expectations = Expectations(books)
    happenings = Happenings(books, expectations)
    overdue = Overdue(books, expectations, fixed=False)
    queue = Queue("sales", timeout=RINGS_FOR, retry=RINGS_FOR, max_wait=LONG)
    books.queues.write("sales", queue)
    books.people.write("1000", Person(DeviceState.NOT_INUSE, phone="PJSIP/1000"))
    caller = InTheBooks("sales", "caller1", (0, BEGINNING, "c1"), passed_to="1000")
    books.callers.write("c1", caller)
    books.now = BEGINNING
    Offers(books, expectations).make("c1", {"1000": Leg("c1", 1)}, put_aside=False)

    for timeout in (3 * RINGS_FOR, RINGS_FOR / 5):
        happenings.enter(QueueChanged(replace(queue, timeout=timeout)))

    assert [*overdue.since(BEGINNING + 3 * RINGS_FOR)] == []
    assert [*overdue.since(BEGINNING + 4 * RINGS_FOR)]


def test_who_is_being_asked_by_another_agent_is_rung_anew_after_a_restart() -> None:
    world = centre(replace(RUNG, instead_of="PJSIP/1001-00000001"))

    look(world, seconds=2 * TWO_SLOW_COMMITS)

    assert world.history.violations == []
