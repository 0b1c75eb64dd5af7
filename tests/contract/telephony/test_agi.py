"""The FastAGI server between a real Asterisk and what else may come to its port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from component.domain.events import CallerEntered, Event, LogOn
from component.domain.model import Customer, Person
from component.telephony import agi
from component.telephony.agi import LONGEST_LINE, AgiRequest, AgiSession, FastAgiServer
from component.telephony.agi_routes import AgiRoutes, Remember
from lab.asterisk import Asterisk as Pbx
from lab.sip.phone import Phone
from tests.contract.telephony.exchange import ADA, PATIENCE, Exchange, until

pytestmark = pytest.mark.contract

HOSTILE = 'a "quoted" \\ word, ${EXTEN} with Łódź and \t a tab; $[1 + 1]'


class Desk:
    """A server with the routes of the service, and what they were asked."""

    def __init__(self, port: int) -> None:
        self.stepped: list[Event] = []
        self.requests: list[AgiRequest] = []
        self.told: list[Remember] = []
        routes = AgiRoutes(self, self.step, self.remember, self.admit, deadline=1.0)
        scripts = {**routes.scripts(), "hostile": self.hostile, "endless": self.endless}
        self.server = FastAgiServer("127.0.0.1", port, scripts, script_deadline=1.0)

    async def customer(self, code: str, number: str = "") -> Customer | None:
        return ADA if code == ADA.code else None

    def remember(self, channel: str, digits: str, customer: Customer | None) -> None:
        for tell in self.told:
            tell(channel, digits, customer)

    async def admit(self, number: str, pin: str) -> Person:
        return Person(number, f"{pin}@example.com")

    async def step(self, event: Event) -> None:
        self.stepped.append(event)

    async def hostile(self, session: AgiSession, request: AgiRequest) -> None:
        self.requests.append(request)
        await session.set_variable("ANSWER", HOSTILE)

    async def endless(self, session: AgiSession, request: AgiRequest) -> None:
        self.requests.append(request)
        await asyncio.Event().wait()


@pytest.fixture
async def desk(pbx: Pbx) -> AsyncIterator[Desk]:
    desk = Desk(pbx.settings.agi_port)
    async with desk.server:
        yield desk


async def runs(pbx: Pbx, script: str, arguments: str, shows: str) -> str:
    """Let a call run a script; return what `shows`, a dialplan expression, is afterwards."""
    steps = [
        "Answer(,i)",
        f"AGI(agi://127.0.0.1:{pbx.settings.agi_port}/{script},{arguments})",
        f'Verbose,"1,AGI said <{shows}> <${{AGISTATUS}}>"',
    ]
    for priority, step in enumerate(steps, start=1):
        await pbx.cli(f"dialplan add extension agi,{priority},{step} into agi-test replace")
    before = len(pbx.log.read_text())
    await pbx.cli("channel originate Local/agi@agi-test application Playback ivr/goodbye")
    await until(lambda: "AGI said <" in said_since(pbx, before))
    return said_since(pbx, before).rpartition("AGI said <")[2].partition("\n")[0].rstrip('")')


def said_since(pbx: Pbx, before: int) -> str:
    return "\n".join(
        line
        for line in pbx.log.read_text()[before:].splitlines()
        if "AGI said" in line and "Executing" not in line
    )


@pytest.mark.parametrize(
    ("code", "status"), [("1111", "FOUND"), ("9999", "UNKNOWN"), ("", "UNKNOWN")]
)
async def test_the_dialplan_asks_who_a_customer_is(
    desk: Desk, pbx: Pbx, code: str, status: str
) -> None:
    assert await runs(pbx, "customer", code, "${CUSTOMERSTATUS}") == f"{status}> <SUCCESS>"


async def test_any_value_arrives_in_the_dialplan_as_it_is(desk: Desk, pbx: Pbx) -> None:
    said = await runs(pbx, "hostile", "one,,three", "${ANSWER}")
    assert said == f"{HOSTILE}".replace("\t", " ") + "> <SUCCESS>"
    assert desk.requests[0].arguments == ("one", "", "three")
    assert desk.requests[0].channel


async def test_a_person_logs_on_by_number_and_pin(desk: Desk, pbx: Pbx) -> None:
    said = await runs(pbx, "logon", "PJSIP/1000,,77,1234", "${AQMSTATUS}")
    assert said == "ADDED> <SUCCESS>"
    person = Person("77", "1234@example.com")
    [logged_on] = desk.stepped
    assert isinstance(logged_on, LogOn)
    assert logged_on.dialled_on
    assert replace(logged_on, dialled_on="") == LogOn("PJSIP/1000", None, person)


async def test_a_script_that_there_is_none_of_fails_without_holding_the_call_up(
    desk: Desk, pbx: Pbx
) -> None:
    with capture_logs() as logs:
        said = await runs(pbx, "nonesuch", "", "${CUSTOMERSTATUS}")
    assert said.startswith("> <")
    assert logs[0]["event"] == "agi script unknown"
    assert {"customer", "logon", "logoff"} <= set(logs[0]["known"])


async def test_without_the_service_agistatus_is_failure(pbx: Pbx) -> None:
    assert await runs(pbx, "customer", "1111", "${CUSTOMERSTATUS}") == "> <FAILURE>"


async def test_a_customer_looked_up_by_the_dialplan_enters_the_queue_known(
    desk: Desk, pbx: Pbx, exchange: Exchange
) -> None:
    desk.told.append(exchange.asterisk.remember)
    steps = [
        "Answer(,i)",
        f"AGI(agi://127.0.0.1:{pbx.settings.agi_port}/customer,1111)",
        "Stasis(ivr,support,1111)",
    ]
    for priority, step in enumerate(steps, start=1):
        await pbx.cli(f"dialplan add extension 7001,{priority},{step} into from-callers replace")
    address = ("127.0.0.1", pbx.settings.sip_port)
    async with Phone("4711", server=address) as caller:
        await caller.dial("7001")
        entered = await exchange.hears(CallerEntered)
    assert entered.customer == ADA
    assert exchange.looked_up == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\n",
        b"agi_network_script: \xff\xfe\n\n",
        b"x" * (3 * LONGEST_LINE),
        b"agi_arg_1: x\n" * 10_000,
        b"agi_network_script: customer\n\n",
        b"agi_network_script: customer\n\nnonsense\n",
        b"agi_network_script: customer\n\n" + b"HANGUP\n" * 1000,
    ],
)
async def test_garbage_ends_its_own_session_only(desk: Desk, pbx: Pbx, garbage: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.server.port)
    writer.write(garbage)
    writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError):  # it hangs up without reading everything
            await reader.read()
    writer.close()
    assert await runs(pbx, "customer", "1111", "${CUSTOMERSTATUS}") == "FOUND> <SUCCESS>"


ENDLESS = b"agi_network_script: endless\n\n"


async def begin_what_never_ends(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a session as Asterisk does, and answer what is asked first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ENDLESS)
    asked = await reader.readline()
    writer.write(b"200 result=1 (" + asked.split()[-1] + b")\n")
    return reader, writer


@pytest.mark.parametrize("said", [b"", b"agi_network: yes\n", ENDLESS])
async def test_who_keeps_silent_is_hung_up_on(
    pbx: Pbx, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(agi, "CONVERSATION_SECONDS", -0.8)
    async with Desk(pbx.settings.agi_port).server as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(said)
        async with asyncio.timeout(PATIENCE):
            await reader.read()  # to the end
        writer.close()


async def test_what_takes_too_long_is_ended(pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agi, "CONVERSATION_SECONDS", -0.8)
    async with Desk(pbx.settings.agi_port).server as server:
        reader, writer = await begin_what_never_ends(server.port)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()


async def test_closing_ends_the_sessions_under_way(pbx: Pbx) -> None:
    desk = Desk(pbx.settings.agi_port)
    async with desk.server as server:
        reader, writer = await begin_what_never_ends(server.port)
        await until(lambda: desk.requests)
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
