"""What is looked at all the time, where it was once wrong."""

from dataclasses import replace
from types import SimpleNamespace
from typing import NoReturn, cast

import pytest

from tests.simulation import watch
from tests.simulation.channels import Channel
from tests.simulation.history import ViolationError
from tests.simulation.life import Life
from tests.simulation.scenario import NO_FAULTS, draw
from tests.simulation.watch import CALM_SECONDS, LATE_SECONDS, nobody_forgotten
from tests.simulation.world import World, simulate

pytestmark = pytest.mark.simulation


@pytest.fixture
def world() -> World:
    """A call centre in which all is well, and a caller has come just now of whom nobody knows."""
    world = World(1, replace(draw(1), faults=NO_FAULTS))
    world.loop.close()
    connected = SimpleNamespace(state=SimpleNamespace(up=True))
    life = SimpleNamespace(
        serving=True, adapter=connected, state=SimpleNamespace(agents={}, calls={})
    )
    world.life = cast(Life, life)
    world.asterisk.channels["caller1"] = Channel("caller1", CALM_SECONDS, in_stasis=True)
    world.asterisk.stays["caller1"] += 1
    world.loop._seconds = CALM_SECONDS
    return world


def look(world: World, *, seconds: float) -> None:
    """Look every second for so long."""
    for _ in range(int(seconds)):
        nobody_forgotten(world)
        world.loop._seconds += 1


def test_who_is_known_to_asterisk_only_is_noticed(world: World) -> None:
    with pytest.raises(ViolationError, match="caller1 is forgotten"):
        look(world, seconds=2 * LATE_SECONDS)


def test_who_is_turned_away_again_and_again_is_not_forgotten(world: World) -> None:
    for _ in range(3):
        look(world, seconds=LATE_SECONDS)
        world.asterisk.stays["caller1"] += 1

    assert world.history.violations == []


def test_what_nobody_has_thought_of_ends_a_seed_and_not_all_that_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: World) -> NoReturn:
        raise KeyError("1000")

    monkeypatch.setattr(watch, "nothing_left_over", fail)

    result = simulate(1, draw(1, calls=1))

    assert result.violations == ["the simulation ended: KeyError('1000')"]
