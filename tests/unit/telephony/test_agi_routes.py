import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from component.domain.errors import (
    AgentElsewhereError,
    AlreadyLoggedOnError,
    ExtensionInUseError,
    NotAMemberError,
    NotLoggedOnError,
    NotWaitingError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.events import Event, LogOff, LogOn, Pause, Unpause, Withdraw
from component.domain.model import Customer, Person
from component.ports import NotAdmittedError, StoreRefusedError, StoreUnavailableError
from component.telephony.agi import AgiRequest, AgiSession
from component.telephony.agi_routes import AgiRoutes

pytestmark = pytest.mark.unit

ADA = Customer(1, "1111", "Company 1")


class Service:
    """The routes between a directory and an engine that answer as they are told."""

    def __init__(self, deadline: float = 5.0) -> None:
        self.error: Exception | None = None
        self.hangs = False
        self.asked: list[tuple[str, str]] = []
        self.stepped: list[Event] = []
        self.remembered: list[tuple[str, str, Customer | None]] = []
        self.variables: dict[str, str] = {}
        self.routes = AgiRoutes(self, self.step, self.remember, self.admit, deadline=deadline)

    async def customer(self, code: str, number: str = "") -> Customer | None:
        self.asked.append((code, number))
        await self._answer()
        return ADA if code == ADA.code else None

    async def admit(self, number: str, pin: str) -> Person:
        await self._answer()
        if pin != "1234":
            raise NotAdmittedError("WRONGPIN")
        return Person(number, "ada@example.com")

    async def step(self, event: Event) -> None:
        self.stepped.append(event)
        await self._answer()

    def remember(self, channel: str, digits: str, customer: Customer | None) -> None:
        self.remembered.append((channel, digits, customer))

    async def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value

    async def is_asked(self, script: str, *arguments: str) -> dict[str, str]:
        """Run a script; return the variables that it set."""
        request = AgiRequest(script, "chan-1", arguments, caller="5550100")
        await self.routes.scripts()[script](cast(AgiSession, self), request)
        return self.variables

    async def _answer(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


async def test_a_customer_is_found_and_remembered() -> None:
    service = Service()
    assert await service.is_asked("customer", "1111") == {"CUSTOMERSTATUS": "FOUND"}
    assert service.remembered == [("chan-1", "1111", ADA)]


async def test_who_keys_nothing_is_looked_up_by_number() -> None:
    service = Service()
    await service.is_asked("customer", "")
    assert service.asked == [("", "5550100")]


async def test_an_unknown_customer_is_remembered_as_such() -> None:
    service = Service()
    assert await service.is_asked("customer", "9999") == {"CUSTOMERSTATUS": "UNKNOWN"}
    assert service.remembered == [("chan-1", "9999", None)]


async def test_a_look_up_asks_the_directory_once() -> None:
    service = Service()
    await service.is_asked("customer", "1111")
    assert service.asked == [("1111", "5550100")]


async def test_a_look_up_is_logged_with_result_and_duration() -> None:
    with capture_logs() as logs:
        await Service().is_asked("customer", "1111")
    [entry] = [entry for entry in logs if entry["event"] == "customer looked up"]
    assert entry["log_level"] == "info"
    assert entry["result"] == "FOUND"
    assert entry["seconds"] >= 0
    assert entry["digits"] == "1111"


async def test_a_look_up_that_takes_too_long_is_given_up_and_not_remembered() -> None:
    service = Service(deadline=60.0)
    service.routes.deadline = 0.01  # read anew from the configuration
    service.hangs = True
    assert await service.is_asked("customer", "1111") == {"CUSTOMERSTATUS": "TIMEOUT"}
    assert service.remembered == []


async def test_a_look_up_without_a_database_is_given_up() -> None:
    service = Service()
    service.error = StoreUnavailableError("away")
    assert await service.is_asked("customer", "1111") == {"CUSTOMERSTATUS": "TIMEOUT"}


async def test_logging_on_hands_device_and_queue_to_the_engine() -> None:
    service = Service()
    assert await service.is_asked("logon", "PJSIP/1000", "support") == {"AQMSTATUS": "ADDED"}
    assert service.stepped == [LogOn("PJSIP/1000", "support", None, "chan-1")]


async def test_logging_off_hands_device_and_queue_to_the_engine() -> None:
    service = Service()
    assert await service.is_asked("logoff", "PJSIP/1000", "support") == {"RQMSTATUS": "REMOVED"}
    assert service.stepped == [LogOff("PJSIP/1000", "support", "chan-1")]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AlreadyLoggedOnError(), "MEMBERALREADY"),
        (UnknownQueueError(), "NOSUCHQUEUE"),
        (UnknownDeviceError(), "NOTAMEMBER"),
        (NotAMemberError(), "NOTAMEMBER"),
        (StoreUnavailableError(), "FAILED"),
        (StoreRefusedError(), "FAILED"),
    ],
)
async def test_why_logging_on_was_refused(error: Exception, status: str) -> None:
    service = Service()
    service.error = error
    assert await service.is_asked("logon", "PJSIP/1000", "support") == {"AQMSTATUS": status}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotLoggedOnError(), "NOTINQUEUE"),
        (UnknownQueueError(), "NOSUCHQUEUE"),
        (UnknownDeviceError(), "NOTAMEMBER"),
        (NotAMemberError(), "NOTAMEMBER"),
        (StoreUnavailableError(), "FAILED"),
    ],
)
async def test_why_logging_off_was_refused(error: Exception, status: str) -> None:
    service = Service()
    service.error = error
    assert await service.is_asked("logoff", "PJSIP/1000", "support") == {"RQMSTATUS": status}


@pytest.mark.parametrize(("queue", "meant"), [("support", "support"), ("", None)])
async def test_pausing_hands_device_queue_and_reason_to_the_engine(
    queue: str, meant: str | None
) -> None:
    service = Service()
    paused = await service.is_asked("pause", "PJSIP/1000", queue, "lunch")
    assert paused == {"PQMSTATUS": "PAUSED"}
    assert service.stepped == [Pause("PJSIP/1000", meant, "lunch")]


@pytest.mark.parametrize(
    ("arguments", "meant"), [(("PJSIP/1000", "support"), "support"), (("PJSIP/1000",), None)]
)
async def test_unpausing_hands_device_and_queue_to_the_engine(
    arguments: tuple[str, ...], meant: str | None
) -> None:
    service = Service()
    assert await service.is_asked("unpause", *arguments) == {"UPQMSTATUS": "UNPAUSED"}
    assert service.stepped == [Unpause("PJSIP/1000", meant)]


@pytest.mark.parametrize(
    ("script", "variable"), [("pause", "PQMSTATUS"), ("unpause", "UPQMSTATUS")]
)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotLoggedOnError(), "NOTFOUND"),
        (UnknownQueueError(), "NOTFOUND"),
        (UnknownDeviceError(), "NOTFOUND"),
        (NotAMemberError(), "NOTFOUND"),
        (StoreUnavailableError(), "FAILED"),
        (StoreRefusedError(), "FAILED"),
    ],
)
async def test_why_pausing_or_unpausing_was_refused(
    script: str, variable: str, error: Exception, status: str
) -> None:
    service = Service()
    service.error = error
    assert await service.is_asked(script, "PJSIP/1000", "support") == {variable: status}


@pytest.mark.parametrize(
    ("script", "variable"),
    [
        ("logon", "AQMSTATUS"),
        ("logoff", "RQMSTATUS"),
        ("pause", "PQMSTATUS"),
        ("unpause", "UPQMSTATUS"),
    ],
)
async def test_a_request_of_an_agent_that_takes_too_long_has_failed(
    script: str, variable: str
) -> None:
    service = Service(deadline=0.01)
    service.hangs = True
    assert await service.is_asked(script, "PJSIP/1000", "support") == {variable: "FAILED"}


async def test_withdrawing_hands_caller_and_reason_to_the_engine() -> None:
    service = Service()
    status = await service.is_asked("withdraw", "1.1", "closing time")
    assert status == {"WITHDRAWSTATUS": "WITHDRAWN"}
    assert service.stepped == [Withdraw("1.1", "closing time")]


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotWaitingError(), "NOTFOUND"), (StoreUnavailableError("away"), "FAILED")],
)
async def test_why_withdrawing_was_refused(error: Exception, status: str) -> None:
    service = Service()
    service.error = error
    assert await service.is_asked("withdraw", "1.1") == {"WITHDRAWSTATUS": status}


async def test_a_person_logs_on_by_number_and_pin() -> None:
    service = Service()
    assert await service.is_asked("logon", "PJSIP/1000", "", "77", "1234") == {"AQMSTATUS": "ADDED"}
    assert service.stepped == [LogOn("PJSIP/1000", None, Person("77", "ada@example.com"), "chan-1")]


async def test_who_is_not_admitted_is_not_logged_on_and_no_pin_is_logged() -> None:
    service = Service()
    with capture_logs() as logs:
        said = await service.is_asked("logon", "PJSIP/1000", "", "77", "98765")
    assert said == {"AQMSTATUS": "WRONGPIN"}
    assert service.stepped == []
    [entry] = logs
    assert (entry["event"], entry["person"]) == ("request by phone refused", "77")
    assert "98765" not in str(logs)


@pytest.mark.parametrize("request_", ["logon", "logoff", "pause", "unpause"])
async def test_a_request_has_a_line_of_its_own_only_if_it_is_refused(request_: str) -> None:
    service = Service()
    with capture_logs() as logs:
        await service.is_asked(request_, "PJSIP/1000", "support")
        assert logs == []  # it has one as an agent, once it is committed
        service.error = NotAMemberError()
        await service.is_asked(request_, "PJSIP/1000", "support")
    [entry] = logs
    assert entry["event"] == "request by phone refused"
    assert (entry["device"], entry["queue"]) == ("PJSIP/1000", "support")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ExtensionInUseError(), "EXTENSIONINUSE"),
        (AgentElsewhereError(), "AGENTELSEWHERE"),
        (StoreUnavailableError("away"), "FAILED"),
    ],
)
async def test_a_conflict_is_told_by_a_word_of_its_own(error: Exception, status: str) -> None:
    service = Service()
    service.error = error
    assert await service.is_asked("logon", "PJSIP/1000", "support") == {"AQMSTATUS": status}
