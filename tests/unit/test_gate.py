"""Who is let in by number and PIN."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from component import pins
from component.domain.model import Person
from component.gate import LOCKED, TRIES, Gate
from component.ports import NotAdmittedError

pytestmark = pytest.mark.unit

ADA = Person("71", "ada@example.com")
EVE = Person("72", "eve@example.com")

STORED = pins.hashed("1234")


class Desk:
    """A gate, the people it knows, and a clock."""

    def __init__(self) -> None:
        self.now_is = datetime(2026, 1, 1, tzinfo=UTC)
        self.people = {"71": (ADA, STORED), "72": (EVE, "")}
        self.gate = Gate(self, self)

    async def person(self, number: str) -> tuple[Person, str] | None:
        return self.people.get(number)

    def now(self) -> datetime:
        return self.now_is

    async def says(self, number: str, pin: str = "") -> str:
        """Try to get in; return what is said."""
        try:
            return (await self.gate.admit(number, pin)).jid
        except NotAdmittedError as refusal:
            return refusal.status


async def test_who_has_a_pin_is_asked_for_it_and_let_in_with_it() -> None:
    desk = Desk()
    assert await desk.says("71") == "PINREQUIRED"
    assert await desk.says("71", "1234") == ADA.jid


async def test_who_has_none_is_let_in_without() -> None:
    assert await Desk().says("72") == EVE.jid


async def test_a_number_that_nobody_has_is_refused() -> None:
    assert await Desk().says("99", "1234") == "NOSUCHAGENT"


async def test_after_three_wrong_pins_the_right_one_is_refused_too_for_a_while() -> None:
    desk = Desk()
    assert [await desk.says("71", "0000") for _ in range(TRIES)] == ["WRONGPIN"] * 2 + ["LOCKED"]
    assert await desk.says("71", "1234") == "LOCKED"

    desk.now_is += LOCKED - timedelta(seconds=1)
    assert await desk.says("71", "1234") == "LOCKED", "refusing does not prolong it"
    desk.now_is += timedelta(seconds=1)
    assert await desk.says("71", "1234") == ADA.jid


async def test_the_right_pin_makes_the_wrong_ones_forgotten() -> None:
    desk = Desk()
    for _ in range(3):
        assert await desk.says("71", "0000") == "WRONGPIN"
        assert await desk.says("71", "1234") == ADA.jid


async def test_asking_without_a_pin_is_no_try() -> None:
    desk = Desk()
    assert {await desk.says("71") for _ in range(9)} == {"PINREQUIRED"}
    assert await desk.says("71", "1234") == ADA.jid


async def test_pins_that_are_tried_at_the_same_time_are_counted() -> None:
    desk = Desk()
    said = await asyncio.gather(*(desk.says("71", f"{pin:04}") for pin in range(8)))
    assert said.count("LOCKED") >= 8 - TRIES + 1
    assert await desk.says("71", "1234") == "LOCKED"


async def test_who_keys_the_right_pin_several_times_at_once_is_let_in_each_time() -> None:
    desk = Desk()
    said = await asyncio.gather(*(desk.says("71", pin) for pin in ("1234", "1234", "0000")))
    assert sorted(said) == ["LOCKED", ADA.jid, ADA.jid]


def test_a_pin_is_stored_salted_and_matches_nothing_else() -> None:
    assert "1234" not in STORED
    assert pins.hashed("1234") != STORED
    assert pins.is_hashed(STORED)
    assert not pins.is_hashed("1234")
    assert pins.matches("1234", STORED)
    assert not pins.matches("1235", STORED)
    assert not pins.matches("1234", "scrypt$nonsense")


@pytest.mark.parametrize(
    "stored",
    [
        "scrypt$3$8$1$AAAA$AAAA",
        "scrypt$1073741824$8$1$AAAA$AAAA",
        f"scrypt${'9' * 30}$8$1$AAAA$AAAA",
        f"scrypt${'9' * 5000}$8$1$AAAA$AAAA",
        "scrypt$16384$8$1$AAA$AAA",
        "scrypt$",
    ],
)
async def test_nobody_is_let_in_by_what_is_the_hash_of_no_pin(stored: str) -> None:
    desk = Desk()
    desk.people["71"] = ADA, stored
    assert await desk.says("71", "1234") == "WRONGPIN"
