"""What Prometheus is told of agents: how many do what, and for how long."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.events import AgentChanged, AgentRemoved, QueueChanged
from component.domain.words import DeviceState, LegEnd
from tests.unit.domain.call_centre import SUPPORT
from tests.unit.observed import ObservedCentre

pytestmark = pytest.mark.unit


def doing(centre: ObservedCentre) -> dict[str, float]:
    """How many members do what, without what nobody does."""
    states = {
        state: centre.support("ivr_agents", state=state) or 0.0
        for state in ("logged_off", "paused", "unreachable", "available", "ringing", "talking",
                      "wrap_up", "elsewhere")
    }  # fmt: skip
    return {state: count for state, count in states.items() if count}


def log_on(centre: ObservedCentre) -> None:
    centre.log_on("1000")


def pause(centre: ObservedCentre) -> None:
    centre.log_on("1000")
    centre.pause("1000")


def use_the_phone(centre: ObservedCentre) -> None:
    centre.log_on("1000")
    centre.device("1000", DeviceState.INUSE)


def ring(centre: ObservedCentre) -> None:
    centre.log_on("1000")
    centre.enter()


def talk(centre: ObservedCentre) -> None:
    centre.log_on("1000")
    centre.answer(centre.enter())


def talk_paused(centre: ObservedCentre) -> None:
    talk(centre)
    centre.pause("1000")


def wrap_up(centre: ObservedCentre) -> None:
    centre.log_on("1000")
    centre.talk(centre.enter())


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (lambda _: None, "logged_off"),
        (log_on, "available"),
        (pause, "paused"),
        (use_the_phone, "unreachable"),
        (ring, "ringing"),
        (talk, "talking"),
        (talk_paused, "talking"),
        (wrap_up, "wrap_up"),
    ],
)
def test_members_are_counted_by_what_they_do(
    act: Callable[[ObservedCentre], None], state: str
) -> None:
    centre = ObservedCentre("1000", wrapuptime=timedelta(seconds=30))
    act(centre)

    assert doing(centre) == {state: 1}


def test_time_is_added_up_by_what_members_do() -> None:
    centre = ObservedCentre("1000", "2000", wrapuptime=timedelta(seconds=30))
    centre.log_on("1000", "2000")
    centre.after(100)
    call = centre.enter()
    centre.after(5)
    centre.talk(call, seconds=60)
    centre.after(40)

    def spent(state: str) -> float | None:
        return centre.support("ivr_agent_seconds_total", state=state)

    assert (spent("ringing"), spent("talking"), spent("wrap_up")) == (5, 60, 30)
    assert spent("available") == 2 * (100 + 5 + 60 + 40) - (5 + 60 + 30)


def test_a_wrap_up_is_counted_once_it_is_over() -> None:
    centre = ObservedCentre("1000", wrapuptime=timedelta(seconds=30))
    centre.log_on("1000")
    centre.talk(centre.enter())
    assert centre.support("ivr_wrap_up_seconds_count") == 0
    centre.after(31)

    assert centre.support("ivr_wrap_up_seconds_count") == 1
    assert centre.support("ivr_wrap_up_seconds_sum") == 30


def test_the_wrap_up_of_who_is_removed_does_not_last_until_the_extension_is_there_again() -> None:
    centre = ObservedCentre("1000", wrapuptime=timedelta(seconds=30))
    centre.log_on("1000")
    centre.talk(centre.enter())
    centre.take(AgentRemoved("1000"))
    assert doing(centre) == {}
    centre.after(86400)
    centre.take(AgentChanged("1000", "PJSIP/1000", "user1@example.com"))

    assert centre.support("ivr_wrap_up_seconds_sum") == 0


def test_a_phone_in_use_is_free_for_a_queue_from_when_that_rings_such_phones() -> None:
    centre = ObservedCentre("1000")
    use_the_phone(centre)
    assert doing(centre) == {"unreachable": 1}
    centre.take(QueueChanged(replace(SUPPORT, ringinuse=True)))

    assert doing(centre) == {"available": 1}


def test_a_leg_that_is_taken_down_is_still_the_agents() -> None:
    centre = ObservedCentre("1000")
    centre.log_on("1000")
    leg = centre.call(centre.enter()).leg
    centre.after(16)
    assert doing(centre) == {"ringing": 1}
    centre.leg_ends(leg, LegEnd.NO_ANSWER)

    assert centre.support("ivr_offers_total", result="no_answer") == 1


def test_a_clock_that_is_set_back_takes_no_time_away() -> None:
    centre = ObservedCentre("1000")
    centre.after(10)
    assert centre.support("ivr_agent_seconds_total", state="logged_off") == 10
    centre.now -= timedelta(hours=1)

    assert centre.support("ivr_agent_seconds_total", state="logged_off") == 10


def test_a_member_whom_the_operator_took_away_is_counted_no_longer() -> None:
    centre = ObservedCentre("1000", "2000")
    centre.state.members.forget(("support", "2000"))

    assert doing(centre) == {"logged_off": 1}


def test_a_queue_that_the_operator_took_away_shows_no_more_how_things_stand() -> None:
    centre = ObservedCentre("1000")
    centre.enter()
    del centre.state.queues["support"]
    centre.state.members.forget(("support", "1000"))

    for gauge in ("callers_waiting", "longest_wait_seconds", "members_logged_on"):
        assert centre.support(f"ivr_{gauge}") is None
    assert centre.support("ivr_agents", state="logged_off") is None
    assert centre.support("ivr_calls_total", outcome="joinempty") == 1
