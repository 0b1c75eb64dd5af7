"""What settings do, in queues of app_queue's and in ours: the same, and the log tells the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain

import pytest

from lab.sip import OutgoingCall, answering, rejecting, ringing_only
from tests.e2e import twins
from tests.e2e.sides import Side, both
from tests.e2e.twins import TEAMS, WORDS, extension
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


@pytest.fixture
def prepared() -> str:
    return twins.sql()


async def who_is_urgent_is_served_first(side: Side) -> None:
    await side.log_on("A")
    await side.enter()
    _, taken = await side.talk()
    patient = await side.enter()
    urgent = await side.enter(manner="first")

    for caller in (urgent, patient):
        await side.end(taken)
        _, taken = await side.talk()
        assert taken.caller_number == caller.user


async def the_queue_of_greater_weight_is_served_first(side: Side) -> None:
    await side.log_on("A")
    await side.enter("light")
    _, taken = await side.talk("light")
    first = await side.enter("light")
    second = await side.enter("heavy")

    await side.end(taken, "light")
    _, taken = await side.talk("heavy")
    assert taken.caller_number == second.user
    await side.end(taken, "heavy")
    _, taken = await side.talk("light")
    assert taken.caller_number == first.user


async def the_lowest_penalty_within_the_callers_limits_is_rung(side: Side) -> None:
    await side.log_on("CBA")
    await side.all_free()
    rung = ""
    for manner in ("picky", "simply", "simply"):
        await side.enter(manner=manner)
        who, _ = await side.talk()
        rung += who
    assert rung == "BAC", "A has penalty 1, which is not enough for one who is picky"


async def the_agent_is_left_alone_after_a_call_by_all_queues(side: Side) -> None:
    """As by app_queue's with `shared_lastcall`."""
    await side.log_on("A")
    await side.enter("paperwork")
    _, taken = await side.talk("paperwork")
    for queue in ("paperwork", "other"):
        await side.end(taken, "paperwork")
        await side.enter(queue)
        _, following = await side.talk(queue)
        rest = following.times["invite"] - taken.times["ended"]
        assert rest > 1, "of two seconds; app_queue's clock has only whole ones"
        taken = following


async def the_caller_is_connected_a_while_after_the_answer(side: Side) -> None:
    await side.log_on("A")
    await side.enter()
    _, dumped = await side.rung()
    await dumped.answered()
    await dumped.hang_up()
    await side.logs("AGENTDUMP")

    _, taken = await side.rung()
    await taken.answered()
    await side.logs("CONNECT")
    assert time.monotonic() - taken.times["answered"] > 2, "of three seconds"


async def who_refuses_is_paused_in_all_queues(side: Side) -> None:
    await side.log_on("A")
    side.does("A", rejecting(486))
    caller = await side.enter("autopause")
    await side.rung()
    await side.logs("PAUSE", "autopause")
    await side.logs("PAUSE", "another")
    await caller.hang_up()
    await side.logs("ABANDON", "autopause")

    side.does("A", answering())
    await side.enter("another")
    await side.dial("A", "resume*")
    await side.talk("another")


async def a_full_queue_lets_nobody_in_and_a_short_wait_ends(side: Side) -> None:
    waiting = await side.enter()
    assert await side.left(await side.call()) == {"FULL"}
    await waiting.hang_up()
    await side.logs("ABANDON")
    assert await side.left(await side.enter(manner="briefly")) == {"TIMEOUT"}

    await side.log_on("A")
    caller = await side.enter(manner="further")
    _, taken = await side.talk()
    await side.end(taken)
    assert await side.left(caller) == {"CONTINUE"}


async def who_is_beyond_the_callers_limit_is_rung_once_the_penalty_allows_it(side: Side) -> None:
    await side.log_on("A")
    await side.enter(manner="modest")
    await side.set_penalty("A", 1)
    await side.logs("PENALTY")
    who, _ = await side.talk()
    assert who == "A"


async def the_operator_sends_a_caller_back(side: Side) -> None:
    first, second = await side.enter(), await side.enter()
    await side.withdraw(second, "closing early")
    assert await side.left(second) == {"WITHDRAW"}
    assert first.ending is None
    await first.hang_up()
    await side.logs("ABANDON")


async def callers_leave_if_the_only_device_is_invalid_or_its_state_unknown(side: Side) -> None:
    """C counts until logged off. All are paused, so nothing rings for those who wait."""
    queues = {"invalid": "A", "unknown": "B"}
    for queue, who in queues.items():
        await side.appoint(who, queue)
    await side.log_on("C")
    await side.dial("C", "pause*")
    waiting = dict(zip(queues, await at_once(side.enter, queues), strict=True))
    for queue in queues:
        await side.dial("C", f"drop*{queue}")
        assert await side.left(waiting.pop(queue)) == {f"LEAVE{side.nobody_counts}"}
        assert await side.left(await side.call(queue)) == {f"JOIN{side.nobody_counts}"}
        assert all(other.ending is None for other in waiting.values())


async def callers_leave_and_are_refused_when_nobody_counts(side: Side) -> None:
    """A's penalty is 1. Whatever A does, no phone rings for those who wait."""
    lines: dict[str, OutgoingCall] = {}

    async def wait_in(*queues: str) -> None:
        lines.update(zip(queues, await at_once(side.enter, queues), strict=True))

    async def are_refused(*queues: str, manner: str = "simply") -> None:
        calls = await at_once(lambda queue: side.call(queue, manner), queues)
        assert await side.left(*calls) == {f"JOIN{side.nobody_counts}"}

    async def leave(*queues: str) -> None:
        assert await side.left(*map(lines.pop, queues)) == {f"LEAVE{side.nobody_counts}"}
        await are_refused(*queues)

    await side.log_on("A")
    phone = await side.phone("A")
    await are_refused("loose", "no", "penalty", "strict", manner="picky")
    await side.dial("A", "pause*")
    await are_refused("no", "paused", "strict")
    await wait_in("inuse", "loose", "never", "penalty", "ringing", "unavailable", "wrapup")

    busy = await phone.dial("elsewhere")
    await leave("inuse")
    await side.dial("A", "resume*")
    await wait_in("no", "paused", "strict")
    await side.dial("A", "pause*")
    await leave("no", "paused", "strict")
    await busy.hang_up()

    side.does("A", ringing_only())
    friend = await side.world.caller()
    ringing = await friend.dial(extension(side.name, side.team, "A"))
    await leave("ringing")
    await ringing.hang_up()

    await phone.unregister()
    await leave("unavailable")
    for queue in TEAMS[side.team].queues:
        await side.dial("A", f"drop*{queue}")
    calls = [lines.pop(queue) for queue in ("loose", "penalty", "wrapup")]
    assert await side.left(*calls) == {"LEAVEEMPTY"}
    calls = await at_once(side.call, (*WORDS, "no"))
    assert await side.left(*calls) == {"JOINEMPTY"}
    assert lines["never"].ending is None
    await lines["never"].hang_up()
    await side.logs("ABANDON", "never")


SCENARIOS: dict[str, Callable[[Side], Awaitable[None]]] = {
    "priority": who_is_urgent_is_served_first,
    "weight": the_queue_of_greater_weight_is_served_first,
    "penalty": the_lowest_penalty_within_the_callers_limits_is_rung,
    "wrapuptime": the_agent_is_left_alone_after_a_call_by_all_queues,
    "memberdelay": the_caller_is_connected_a_while_after_the_answer,
    "autopause": who_refuses_is_paused_in_all_queues,
    "maxlen": a_full_queue_lets_nobody_in_and_a_short_wait_ends,
    "withdraw": the_operator_sends_a_caller_back,
    "limit": who_is_beyond_the_callers_limit_is_rung_once_the_penalty_allows_it,
    "states": callers_leave_if_the_only_device_is_invalid_or_its_state_unknown,
    "empty": callers_leave_and_are_refused_when_nobody_counts,
}
"""What happens to which team."""


async def test_settings_do_the_same_in_both_queues(world: World) -> None:
    sides = [both(world, team) for team in SCENARIOS]
    happens = (SCENARIOS[side.team](side) for side in chain(*sides))
    ends = await asyncio.gather(*happens, return_exceptions=True)
    failures = [end for end in ends if isinstance(end, Exception)]
    if failures:
        raise ExceptionGroup("not all went as it should", failures)

    ours, theirs = [
        {side.team: await side.told() for side in one} for one in zip(*sides, strict=True)
    ]
    assert ours == theirs


async def at_once(
    call: Callable[[str], Awaitable[OutgoingCall]], queues: Iterable[str]
) -> list[OutgoingCall]:
    """Let callers call these queues at the same time."""
    return await asyncio.gather(*map(call, queues))
