"""What the log says of operations: who did what to which queue, agent and call; and no more."""

import pytest

from component import logs
from component.domain.events import CallerEntered
from component.domain.model import Caller
from component.operations.catalogue import OPERATIONS
from component.operations.record import recorded
from tests.unit.operations.front_desk import ADMIN, SUPERVISOR, FrontDesk

pytestmark = pytest.mark.unit


async def record(desk: FrontDesk, name: str, account: str, /, **given: str) -> dict[str, str]:
    return recorded(OPERATIONS[name], await desk.ask(name, account, **given), account)


async def test_the_agent_the_queue_and_the_call_are_named_as_in_other_lines(
    desk: FrontDesk,
) -> None:
    assert await record(desk, "log-on-agent", SUPERVISOR, agent="1000") == {
        "operation": "log-on-agent", "account": SUPERVISOR, "agent": "1000",
    }  # fmt: skip
    desk.take(CallerEntered("call1", "support", "channel1", Caller("5551")))
    desk.take(CallerEntered("call2", "support", "channel2", Caller("5552")))
    assert await record(desk, "move-caller", SUPERVISOR, call="call2", place="front") == {
        "operation": "move-caller", "account": SUPERVISOR, "call_id": "call2", "place": "front",
    }  # fmt: skip
    asked = {"queue": "support", "setting": "timeout", "value": "30"}
    assert await record(desk, "change-queue", ADMIN, **asked) == {
        "operation": "change-queue", "account": ADMIN, **asked,
    }  # fmt: skip


async def test_what_goes_without_saying_is_named_too(desk: FrontDesk) -> None:
    answer = await desk.ask("log-on")
    assert recorded(OPERATIONS["log-on"], answer, "user1@example.com")["agent"] == "1000"


@pytest.mark.parametrize("name", ["add-customer", "change-customer", "remove-customer"])
async def test_of_a_customer_nothing_is_named_that_is_not_masked(
    desk: FrontDesk, name: str
) -> None:
    known = {argument.name for argument in OPERATIONS[name].arguments}
    person = {"code": "1111", "name": "Ann", "phone": "5551", "attributes": "city=Rome"}
    given = {argument: value for argument, value in person.items() if argument in known}
    told = await record(desk, name, ADMIN, **given)
    assert told.keys() == {"operation", "account", "code"}
    assert "code" in logs.PERSONAL_KEYS
