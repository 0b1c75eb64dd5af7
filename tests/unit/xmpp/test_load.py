"""How much is under way, of one account and of all of them."""

import pytest

from component.xmpp.load import MAX_OF_ACCOUNT, MAX_UNDER_WAY, Load

pytestmark = pytest.mark.unit

EVE, ANN = "eve@example.com", "ann@example.com"


def test_one_account_does_not_take_the_place_of_others() -> None:
    load = Load()
    for _ in range(MAX_OF_ACCOUNT):
        assert not load.is_full(EVE)
        load.add(EVE)
    assert load.is_full(EVE)
    assert not load.is_full(ANN)


def test_all_of_them_together_are_not_too_many_either() -> None:
    load = Load()
    for number in range(MAX_UNDER_WAY):
        load.add(f"eve{number}@example.com")
    assert load.is_full(ANN)


def test_what_was_answered_makes_room() -> None:
    load = Load()
    for _ in range(MAX_OF_ACCOUNT):
        load.add(EVE)
    load.remove(EVE)
    assert not load.is_full(EVE)
    load.add(EVE)
    assert load.is_full(EVE)
