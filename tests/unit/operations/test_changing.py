"""What administrators change and take away."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from component.domain.errors import CallersWaitError, CallInHandError, DomainError
from component.domain.events import CallerEntered, LegAnswered
from component.domain.model import Caller, Leg
from component.operations.changes import (
    Change,
    ChangeCustomer,
    ChangeExtension,
    ChangeMember,
    ChangeQueue,
    RemoveCustomer,
    RemoveExtension,
    RemoveMember,
    RemoveQueue,
)
from component.operations.model import ArgumentError
from tests.unit.operations.front_desk import ACCOUNTS, ADMIN, FrontDesk

pytestmark = pytest.mark.unit

ACCOUNT = ACCOUNTS["1000"]
NEW = "new@example.com"


@pytest.mark.parametrize(
    ("name", "given", "change"),
    [
        (
            "change-extension", {"extension": "1000", "jid": "New@example.com"},
            ChangeExtension("1000", "PJSIP/1000", NEW, {}),
        ),
        (
            "change-extension",
            {"extension": "1000", "device": "PJSIP/9", "skills": "french:2, billing"},
            ChangeExtension("1000", "PJSIP/9", ACCOUNT, {"french": 2, "billing": 1}),
        ),
        (
            "change-customer", {"code": "1111", "name": "Firm"},
            ChangeCustomer("1111", "Firm", {}),
        ),
        (
            "change-customer", {"code": "1111", "attributes": "contract = gold\nphone="},
            ChangeCustomer("1111", "", {"contract": "gold", "phone": ""}),
        ),
        (
            "change-queue", {"queue": "support", "setting": "wrapuptime", "value": "30"},
            ChangeQueue("support", "wrapuptime", 30.0),
        ),
        (
            "change-queue", {"queue": "support", "setting": "ringinuse", "value": "yes"},
            ChangeQueue("support", "ringinuse", True),
        ),
        (
            "change-member", {"queue": "support", "extension": "1000", "penalty": "3"},
            ChangeMember("support", "1000", 3),
        ),
        ("remove-extension", {"extension": "1000"}, RemoveExtension("1000")),
        ("remove-customer", {"code": "1111"}, RemoveCustomer("1111")),
        ("remove-queue", {"queue": "support"}, RemoveQueue("support")),
        (
            "remove-member", {"queue": "support", "extension": "1000"},
            RemoveMember("support", "1000"),
        ),
    ],
)  # fmt: skip
async def test_what_is_asked_for_is_written_into_the_configuration(
    desk: FrontDesk, name: str, given: Mapping[str, str], change: Change
) -> None:
    await desk.ask(name, ADMIN, **given)
    assert desk.books.written == [change]


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("change-extension", {"extension": "4000"}, "there is no 4000; there is 1000, 2000"),
        ("change-extension", {"extension": "1000", "device": "9"}, "Device must"),
        (
            "change-extension",
            {"extension": "1000", "device": "PJSIP/2000"},
            "PJSIP/2000 is the device of 2000",
        ),
        ("change-extension", {"extension": "1000", "jid": "x"}, "Jid must"),
        ("change-extension", {"extension": "1000", "jid": ""}, "has to be filled in"),
        ("change-extension", {"extension": "1000", "skills": "a:b"}, "Skills: this gives a"),
        ("change-customer", {"code": "1111"}, "one of the two has to be filled in"),
        ("change-customer", {"code": "1111", "attributes": "gold"}, "like contract=gold"),
        ("change-customer", {"code": "1111", "attributes": "a=" + 200 * "x"}, "200 characters"),
        ("change-queue", {"queue": "sales", "setting": "timeout"}, "there is no sales"),
        ("change-queue", {"queue": "support", "setting": "name"}, "there is no name"),
        (
            "change-queue",
            {"queue": "support", "setting": "timeout", "value": "soon"},
            "Value: timeout takes seconds",
        ),
        (
            "change-queue",
            {"queue": "support", "setting": "strategy", "value": "dice"},
            "there is no dice; there is leastrecent",
        ),
        ("change-member", {"queue": "support", "extension": "4000"}, "there is no 4000"),
        (
            "change-member",
            {"queue": "support", "extension": "1000", "penalty": "-1"},
            "Penalty must",
        ),
        ("remove-extension", {"extension": "4000"}, "there is no 4000"),
        ("remove-queue", {"queue": "sales"}, "there is no sales"),
        ("remove-member", {"queue": "support", "extension": "4000"}, "there is no 4000"),
    ],
)
async def test_what_cannot_be_changed_is_refused(
    desk: FrontDesk, name: str, given: Mapping[str, str], complaint: str
) -> None:
    with pytest.raises(ArgumentError, match=complaint):
        await desk.ask(name, ADMIN, **given)
    assert desk.books.written == []


async def test_forms_show_how_it_is_now(desk: FrontDesk) -> None:
    able = replace(desk.agent(), skills={"french": 2})
    desk.state.agents.load("1000", able)
    first = await desk.form("change-extension", ADMIN)
    assert first is not None
    assert [blank.name for blank in first.blanks] == ["extension"]
    second = await desk.form("change-extension", ADMIN, extension="1000")
    assert second is not None
    assert second.is_last
    assert {blank.name: blank.default for blank in second.blanks} == {
        "device": "PJSIP/1000", "jid": ACCOUNT, "skills": "french:2",
    }  # fmt: skip


async def test_the_values_of_a_setting_are_offered_if_they_can_be_named(desk: FrontDesk) -> None:
    async def value(setting: str) -> tuple[list[str] | None, str]:
        form = await desk.form("change-queue", ADMIN, queue="support", setting=setting)
        assert form is not None
        (blank,) = form.blanks
        choices = blank.choices
        return None if choices is None else [c.value for c in choices], blank.default

    assert await value("timeout") == (None, "15")
    assert await value("ringinuse") == (["yes", "no"], "no")


async def test_members_are_chosen_from_those_of_the_queue(desk: FrontDesk) -> None:
    desk.state.members.delete(("support", "2000"))
    form = await desk.form("remove-member", ADMIN, queue="support")
    assert form is not None
    (blank,) = form.blanks
    assert blank.choices is not None
    assert [choice.value for choice in blank.choices] == ["1000"]
    asked = await desk.form("change-member", ADMIN, queue="support", extension="1000")
    assert asked is not None
    assert [(blank.name, blank.default) for blank in asked.blanks] == [("penalty", "0")]


async def test_the_settings_of_a_queue_are_shown(desk: FrontDesk) -> None:
    answer = await desk.ask("queue-settings", ADMIN, queue="support")
    assert answer.table is not None
    assert ("timeout", "15") in answer.table.rows
    assert ("strategy", "leastrecent") in answer.table.rows


def ringing(desk: FrontDesk) -> None:
    desk.take(CallerEntered("call1", "support", "channel1", Caller("5551")))
    assert desk.agent().leg == Leg("call1", 1)


def talking(desk: FrontDesk) -> None:
    ringing(desk)
    desk.take(LegAnswered(Leg("call1", 1)))


@pytest.mark.parametrize("call", [ringing, talking])
async def test_an_extension_with_a_call_is_not_removed(
    desk: FrontDesk, call: Callable[[FrontDesk], None]
) -> None:
    await desk.ask("log-on")
    call(desk)
    await refused(desk, CallInHandError, "remove-extension", extension="1000")
    await desk.ask("remove-extension", ADMIN, extension="2000")


async def test_a_queue_in_which_somebody_waits_is_not_removed(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    ringing(desk)
    await refused(desk, CallersWaitError, "remove-queue", queue="support")
    desk.take(LegAnswered(Leg("call1", 1)))
    await desk.ask("remove-queue", ADMIN, queue="support")  # who talks needs it no more
    assert desk.books.written == [RemoveQueue("support")]


async def refused(desk: FrontDesk, error: type[DomainError], name: str, /, **given: str) -> None:
    with pytest.raises(error):
        await desk.ask(name, ADMIN, **given)
    assert desk.books.written == []
