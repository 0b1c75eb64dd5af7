"""The control socket, both ends."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from component.control import MOST_BYTES, ControlServer
from component.control_client import ControlClient, ControlError
from component.domain.words import MemberState
from component.operations.catalogue import OPERATIONS
from component.operations.model import Role
from component.ports import StoreUnavailableError
from tests.unit.operations.front_desk import FrontDesk

pytestmark = pytest.mark.contract


@pytest.fixture
def desk() -> FrontDesk:
    return FrontDesk()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


@pytest.fixture
async def client(desk: FrontDesk, path: Path) -> AsyncIterator[ControlClient]:
    async with ControlServer(desk.desk, path), ControlClient(path) as client:
        yield client


async def test_the_operator_sees_and_changes(desk: FrontDesk, client: ControlClient) -> None:
    await desk.ask("log-on")
    answer = await client.ask("agents", {})
    assert answer.text == "Logged on: 1. Logged off: 1."
    answer = await client.ask("pause-agent", {"agent": "1000", "reason": "meeting"})
    assert answer.text == "1000 is paused: meeting."
    assert desk.state.members["support", "1000"].state is MemberState.PAUSED


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("dance", {}, "There is no such operation."),
        ("pause-agent", {"agent": "1000"}, "That extension is not logged on."),
        ("pause-agent", {"agent": "4000"}, "Agent: there is no 4000; there is nothing."),
        ("pause-agent", {}, "Agent: this has to be filled in."),
        ("pause", {}, "Pause: this is not for you to ask for here."),
        ("agents", {"queue": "x" * MOST_BYTES}, "That is too much."),
    ],
)
async def test_what_cannot_be_done_is_refused_with_the_reason(
    client: ControlClient, name: str, given: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ControlError) as refused:
        await client.ask(name, given)
    assert str(refused.value).startswith(complaint)


async def test_agents_have_their_operations_to_themselves(client: ControlClient) -> None:
    for operation in OPERATIONS.values():
        if operation.role is Role.AGENT:
            with pytest.raises(ControlError, match="not for you"):
                await client.ask(operation.name, {})


async def test_while_the_database_is_away_that_is_said(
    desk: FrontDesk, client: ControlClient
) -> None:
    desk.failure = StoreUnavailableError("no route")
    with pytest.raises(ControlError, match="The database is away: no route"):
        await client.ask("agents", {})


async def test_only_the_owner_may_open_it(path: Path, client: ControlClient) -> None:
    assert mode(path) == 0o600


async def test_it_is_gone_when_the_service_is(desk: FrontDesk, path: Path) -> None:
    async with ControlServer(desk.desk, path):
        pass
    assert not is_there(path)
    async with ControlClient(path) as client:
        with pytest.raises(ControlError, match="the service does not run here"):
            await client.ask("agents", {})


async def test_what_a_killed_service_left_is_replaced(desk: FrontDesk, path: Path) -> None:
    server = ControlServer(desk.desk, path)
    await server.__aenter__()
    await server._runner.cleanup()
    assert is_there(path)
    async with ControlClient(path) as client:
        with pytest.raises(ControlError, match="the service does not run here"):
            await client.ask("agents", {})
        async with ControlServer(desk.desk, path):
            assert (await client.ask("queues", {})).text == "Queues: 1. Callers who wait: 0."


async def test_another_services_socket_is_left_alone(
    desk: FrontDesk, path: Path, client: ControlClient
) -> None:
    with capture_logs() as logs:
        async with ControlServer(FrontDesk().desk, path):
            await desk.ask("log-on")
            assert (await client.ask("agents", {})).text == "Logged on: 1. Logged off: 1."
    complaints = [line["error"] for line in logs if line["log_level"] == "error"]
    assert complaints == ["another service listens there"]
    assert is_there(path)


async def test_without_the_socket_calls_are_served(desk: FrontDesk, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with capture_logs() as logs:
        async with ControlServer(desk.desk, tmp_path / "file" / "control.sock"):
            pass
    assert [line["event"] for line in logs] == ["no control socket"]


def is_there(path: Path) -> bool:
    return path.is_socket()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
