"""What systemd is told: sd_notify(3)."""

import asyncio
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from component.service_manager import ServiceManager

pytestmark = pytest.mark.unit


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        yield listener


@pytest.fixture
def environment(listener: socket.socket) -> dict[str, str]:
    return {"NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": "30000", "HOME": "/"}


def told(listener: socket.socket) -> str:
    return listener.recv(4096).decode()


def silent(listener: socket.socket) -> bool:
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(4096)
    return True


def test_it_is_told_how_we_are(listener: socket.socket, environment: dict[str, str]) -> None:
    manager = ServiceManager.from_environment(environment)
    manager.status("waiting for the database")
    manager.ready("serving ivr.example.com")
    manager.reloading()
    manager.stopping()

    assert told(listener) == "STATUS=waiting for the database"
    assert told(listener) == "READY=1\nSTATUS=serving ivr.example.com"
    assert re.fullmatch("RELOADING=1\nMONOTONIC_USEC=[0-9]+", told(listener))
    assert told(listener) == "STOPPING=1\nSTATUS=stopping"


async def test_signs_of_life_come_as_long_as_the_event_loop_turns(
    listener: socket.socket, environment: dict[str, str]
) -> None:
    living = asyncio.create_task(ServiceManager.from_environment(environment).live())
    for _ in range(3):
        assert await asyncio.to_thread(told, listener) == "WATCHDOG=1"

    living.cancel()
    await asyncio.wait([living])
    assert silent(listener)


async def test_without_a_watchdog_there_are_none(
    listener: socket.socket, environment: dict[str, str]
) -> None:
    del environment["WATCHDOG_USEC"]
    await ServiceManager.from_environment(environment).live()
    assert silent(listener)


async def test_a_watchdog_of_another_process_gets_none(
    listener: socket.socket, environment: dict[str, str]
) -> None:
    environment["WATCHDOG_PID"] = str(os.getpid() + 1)
    await ServiceManager.from_environment(environment).live()
    assert silent(listener)


def test_what_we_start_does_not_learn_of_it(environment: dict[str, str]) -> None:
    ServiceManager.from_environment(environment)
    assert environment == {"HOME": "/"}


def test_an_abstract_socket_is_one_that_begins_with_an_at_sign() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")  # the kernel chooses the name
        listener.settimeout(20)
        name = listener.getsockname().decode().replace("\0", "@")
        ServiceManager(name).status("well")
        assert told(listener) == "STATUS=well"


def test_where_nobody_asks_nobody_is_told() -> None:
    with capture_logs() as logs:
        ServiceManager.from_environment({}).ready("serving")
    assert logs == []


def test_a_manager_that_is_gone_is_worth_a_line_in_the_log(tmp_path: Path) -> None:
    with capture_logs() as logs:
        ServiceManager(str(tmp_path / "gone")).ready("serving")
    assert [line["event"] for line in logs] == ["service manager not told"]
