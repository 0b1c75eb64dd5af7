"""What the books say where it was once wrong."""

from datetime import datetime, timedelta
from random import Random

import pytest

from component.domain import model
from component.domain.commands import AnswerTransfer
from component.domain.events import (
    BlindTransfer,
    CallerLeft,
    DeviceStateChanged,
    LegEnded,
    RetryDue,
)
from component.domain.model import Agent, Call, Leg, Offer
from component.domain.queue import Queue
from component.domain.words import CallState, DeviceState, LegEnd
from component.ports import Stored
from component.storage.memory import MemoryStore
from tests.simulation.books import Books
from tests.simulation.entries import Caller, Person
from tests.simulation.expectations import Expectations
from tests.simulation.happenings import Happenings
from tests.simulation.history import History
from tests.simulation.loop import BEGINNING, VirtualTimeLoop
from tests.simulation.movements import Movements
from tests.simulation.store import UnreliableStore

pytestmark = pytest.mark.simulation

LATER = BEGINNING + timedelta(seconds=1)


@pytest.fixture
def books() -> Books:
    loop = VirtualTimeLoop()
    loop.close()
    books = Books(History(loop))
    seconds = timedelta(seconds=5)
    books.queues.write("sales", Queue("sales", timeout=seconds, retry=seconds, max_wait=seconds))
    return books


@pytest.fixture
def happenings(books: Books) -> Happenings:
    return Happenings(books, Expectations(books))


def test_who_came_to_a_desk_leaves_it_though_the_last_membership_was_removed_meanwhile(
    books: Books, happenings: Happenings
) -> None:
    leg = Leg("c1", 1)
    books.people.write("1000", Person(DeviceState.NOT_INUSE))
    books.registers.stirred.clear()
    books.person("1000", leg=leg, queue="sales", on_call=True, number="9000")

    happenings.enter(LegEnded(leg, LegEnd.HUNG_UP))
    happenings.leave()

    assert books.people["1000"].number is None


def test_nobody_is_on_a_channel_that_left_before_it_was_known(
    books: Books, happenings: Happenings
) -> None:
    happenings.enter(CallerLeft("caller1"))

    assert "caller1" not in books.registers.channels


@pytest.mark.parametrize(("retry_at", "tried"), [(BEGINNING, set()), (LATER, {"1000"})])
def test_an_old_timer_lets_nobody_be_tried_again(
    books: Books, happenings: Happenings, *, retry_at: datetime, tried: set[str]
) -> None:
    place = (0, BEGINNING, "c1")
    caller = Caller("sales", "caller1", place, tried=frozenset({"1000"}), retry_at=retry_at)
    books.callers.write("c1", caller)

    happenings.enter(RetryDue("c1", BEGINNING))

    assert books.callers["c1"].tried == tried


def test_who_is_removed_after_a_call_has_lost_nothing_though_its_leg_is_there(books: Books) -> None:
    books.people.write("1000", Person(DeviceState.INUSE))
    books.person("1000", leg=Leg("c1", 1), queue="sales", on_call=True)

    books.load(Stored(queues=[*books.queues.values()]), compare=True)

    assert "1000" not in books.people


def test_who_is_removed_after_passing_a_call_on_has_lost_nothing_though_the_leg_is_there(
    books: Books,
) -> None:
    books.people.write("1000", Person(DeviceState.INUSE))
    books.person("1000", leg=Leg("c1", 1), queue="sales", on_call=True)
    rings = Offer("1001", Leg("c1", 2), BEGINNING)
    passed_on = Call(
        "c1", "sales", "caller1", model.Caller("5550100"), BEGINNING,
        state=CallState.OFFERED, offers=(rings,),
    )  # fmt: skip
    books.callers.write("c1", Caller.of(passed_on))
    others = [Agent("1001", device="PJSIP/1001", jid="1001@example.com")]

    books.load(
        Stored(queues=[*books.queues.values()], agents=others, calls=[passed_on]), compare=True
    )

    assert "1000" not in books.people


def test_who_has_a_call_cannot_have_it_passed_on_to_him_though_nobody_knows_of_his_leg(
    books: Books,
) -> None:
    """His extension was removed, and added again, while the service was down."""
    leg, place = Leg("c1", 1), (0, BEGINNING, "c1")
    caller = Caller(
        "sales", "caller1", place, offered_to=frozenset({"1000"}), answered=True,
        taken=("1000", BEGINNING, leg), heard_at=BEGINNING,
    )  # fmt: skip
    books.people.write("1000", Person(DeviceState.NOT_INUSE))
    books.callers.write("c1", caller)
    store = UnreliableStore(MemoryStore((), (), ()), Random(0), books.history, 0)
    movements = Movements(books, Expectations(books), store)

    movements.pass_on(
        BlindTransfer(leg, "1000", "from-phones"), [AnswerTransfer(leg, accepted=False)]
    )

    assert books.callers["c1"] == caller


def test_a_phone_is_of_who_leaves_once_more_when_its_being_given_away_is_undone(
    books: Books,
) -> None:
    books.people.write("1000", Person(DeviceState.NOT_INUSE, phone="PJSIP/desk", leaving=True))
    books.people.write("1060", Person(DeviceState.NOT_INUSE, phone="PJSIP/desk"))
    assert books.registers.phones["PJSIP/desk"] == "1060"

    books.people.write("1060", None)

    assert books.registers.phones["PJSIP/desk"] == "1000"


def test_who_leaves_and_who_has_the_phone_by_now_both_want_no_calls(
    books: Books, happenings: Happenings
) -> None:
    for extension in ("1000", "1060"):
        books.people.write(extension, Person(DeviceState.NOT_INUSE, phone="PJSIP/desk"))

    happenings.enter(DeviceStateChanged("Custom:DNDdesk", DeviceState.INUSE))

    assert not any(person.wants_calls for person in books.people.values())
