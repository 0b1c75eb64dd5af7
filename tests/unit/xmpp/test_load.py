"""How much is under way, of one account, of one domain and of all of them."""

import pytest

from component.xmpp.load import MAX_OF_ACCOUNT, MAX_UNDER_WAY, Load

pytestmark = pytest.mark.unit

HOME = "example.com"
EVE, ANN = "eve@example.com", "ann@example.com"


@pytest.fixture
def load() -> Load:
    return Load(HOME)


def fill(load: Load, domain: str) -> int:
    """Let one account of a domain after another ask; return how many are let in."""
    for number in range(MAX_UNDER_WAY + 1):
        if load.is_full(f"{number}@{domain}"):
            return number
        load.add(f"{number}@{domain}")
    raise AssertionError("there is no end to it")


def test_one_account_does_not_take_the_place_of_others(load: Load) -> None:
    for _ in range(MAX_OF_ACCOUNT):
        assert not load.is_full(EVE)
        load.add(EVE)
    assert load.is_full(EVE)
    assert not load.is_full(ANN)


def test_all_of_them_together_are_not_too_many_either(load: Load) -> None:
    assert fill(load, HOME) == MAX_UNDER_WAY
    assert load.is_full(ANN)
    assert load.is_full("bob@example.net")


def test_what_was_answered_makes_room(load: Load) -> None:
    for _ in range(MAX_OF_ACCOUNT):
        load.add(EVE)
    load.remove(EVE)
    assert not load.is_full(EVE)
    load.add(EVE)
    assert load.is_full(EVE)


def test_a_foreign_domain_leaves_as_much_as_it_takes(load: Load) -> None:
    assert fill(load, "example.net") == MAX_UNDER_WAY // 2
    assert not load.is_full(ANN)
    assert fill(load, "example.org") == MAX_UNDER_WAY // 4
    assert not load.is_full("bob@example.edu")


def test_however_many_foreign_domains_there_are_the_next_finds_room(load: Load) -> None:
    for number in range(8):
        assert fill(load, f"{number}.example.net") > 0
    assert not load.is_full(ANN)
    assert not load.is_full("bob@example.org")


def test_a_foreign_domain_that_was_answered_makes_room(load: Load) -> None:
    count = fill(load, "example.net")
    for number in range(count):
        load.remove(f"{number}@example.net")
    assert fill(load, "example.net") == count


def test_there_may_be_more_of_some_things_than_of_others() -> None:
    load = Load(HOME, most=4, most_of_account=2)
    for account in (EVE, EVE, ANN):
        load.add(account)
    assert load.is_full(EVE)
    assert not load.is_full(ANN)
    load.add(ANN)
    assert load.is_full("bob@example.com")


def test_a_domain_is_an_account_too(load: Load) -> None:
    for _ in range(MAX_OF_ACCOUNT):
        load.add("example.net")
    assert load.is_full("example.net")
    assert not load.is_full("bob@example.net")
