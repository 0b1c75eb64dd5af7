"""What administrators ask for."""

import pytest

from component.domain.events import CallerEntered
from component.domain.model import Caller
from component.operations.changes import AddCustomer, AddExtension, AddMember, AddQueue, Reload
from component.operations.model import ArgumentError, RefusedError
from component.ports import StoreUnavailableError
from tests.unit.operations.front_desk import ADMIN, FrontDesk

pytestmark = pytest.mark.unit


async def test_what_is_added_is_written_into_the_configuration(desk: FrontDesk) -> None:
    extension = {"extension": "4000", "device": "PJSIP/4000", "jid": "User4@example.com"}
    await desk.ask("add-extension", ADMIN, **extension)
    await desk.ask("add-customer", ADMIN, code="3333", name="Company 3", phone="5553")
    await desk.ask("add-customer", ADMIN, code="4444", name="Company 4")
    await desk.ask("add-queue", ADMIN, name="sales", strategy="ringall")
    assert desk.books.written == [
        AddExtension("4000", "PJSIP/4000", "user4@example.com"),
        AddCustomer("3333", "Company 3", {"phone": "5553"}),
        AddCustomer("4444", "Company 4", {}),
        AddQueue("sales", "ringall"),
    ]


async def test_a_member_is_added(desk: FrontDesk) -> None:
    desk.state.members.delete(("support", "1000"))
    answer = await desk.ask("add-member", ADMIN, queue="support", extension="1000", penalty="2")
    assert answer.text == "1000 may log on to support."
    assert desk.books.written == [AddMember("support", "1000", 2)]


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("add-extension", {"extension": "1000", "device": "PJSIP/1", "jid": "a@b"}, "already"),
        (
            "add-extension",
            {"extension": "4 0", "device": "PJSIP/1", "jid": "a@b"},
            "Extension must",
        ),
        ("add-extension", {"extension": "4000", "device": "1", "jid": "a@b"}, "Device must"),
        ("add-extension", {"extension": "4000", "device": "PJSIP/1", "jid": "a@b/c"}, "Jid must"),
        ("add-customer", {"code": "", "name": "x"}, "Code: this has to be filled in"),
        ("add-queue", {"name": "support"}, "There is a queue support already"),
        ("add-queue", {"name": "sales", "strategy": "dice"}, "there is no dice"),
        ("add-member", {"queue": "support", "extension": "1000"}, "a member of support already"),
        ("add-member", {"queue": "sales", "extension": "1000"}, "there is no sales"),
        ("add-member", {"queue": "support", "extension": "1"}, "there is no 1;"),
    ],
)
async def test_what_cannot_be_added_is_refused(
    desk: FrontDesk, name: str, given: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ArgumentError, match=complaint):
        await desk.ask(name, ADMIN, **given)
    assert desk.books.written == []


@pytest.mark.parametrize("failure", [RefusedError("No."), StoreUnavailableError("away")])
async def test_what_cannot_be_written_is_not_said_to_be_done(
    desk: FrontDesk, failure: Exception
) -> None:
    desk.books.refusal = failure
    with pytest.raises(type(failure)):
        await desk.ask("add-queue", ADMIN, name="sales")


async def test_the_configuration_is_read_anew(desk: FrontDesk) -> None:
    await desk.ask("reload", ADMIN)
    assert desk.books.written == [Reload()]


async def test_the_service_is_drained_and_undrained(desk: FrontDesk) -> None:
    desk.take(CallerEntered("call1", "support", "channel1", Caller("5551")))
    await desk.ask("log-on")
    desk.take(CallerEntered("call2", "support", "channel2", Caller("5552")))
    answer = await desk.ask("drain", ADMIN)
    assert answer.text == "No new callers are taken. Calls that go on: 1."
    desk.take(CallerEntered("call3", "support", "channel3", Caller("5553")))
    assert "call3" not in desk.state.calls
    await desk.ask("undrain", ADMIN)
    desk.take(CallerEntered("call4", "support", "channel4", Caller("5554")))
    assert "call4" in desk.state.calls
