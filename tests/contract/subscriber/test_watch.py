"""`ivr-pubsub watch` as a process of its own."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lab.service import COMMAND
from tests.contract.subscriber.calls import ANSWERED, OFFERED
from tests.contract.subscriber.pubsub_server import PASSWORD, Prosody, Publisher

pytestmark = pytest.mark.contract

PATIENCE = 20


@asynccontextmanager
async def watching(
    prosody: Prosody, *options: str | Path, password: str = PASSWORD, stdout: int = PIPE
) -> AsyncIterator[Process]:
    """Run `watch` for extension 1000, with the password in the environment."""
    server = ["--host", "127.0.0.1", "--port", str(prosody.port), "--plaintext"]
    process = await asyncio.create_subprocess_exec(
        COMMAND, "watch", "1000", "--jid", "user1@example.com", *server, *options,
        stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=PIPE,
        env={"PATH": os.environ["PATH"], "IVR_PUBSUB_WATCH_PASSWORD": password},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()


async def test_each_event_is_a_line(prosody: Prosody, publisher: Publisher) -> None:
    await publisher.publish(OFFERED)
    async with watching(prosody) as process:
        assert "offered    Company 1 (1111), calling from 4711 Alice" in await line(process)
        await publisher.publish(ANSWERED)
        assert "answered   Company 1 (1111)" in await line(process)
        await publisher.retract("c1")
        assert "withdrawn  Company 1 (1111)" in await line(process)


async def test_scripts_get_json(prosody: Prosody, publisher: Publisher) -> None:
    await publisher.publish(OFFERED)
    async with watching(prosody, "--json") as process:
        event = json.loads(await line(process))
    assert (event["state"], event["call_id"], event["customer_code"]) == ("offered", "c1", "1111")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_in_good_order(
    prosody: Prosody, publisher: Publisher, number: signal.Signals
) -> None:
    await publisher.publish(OFFERED)
    async with watching(prosody) as process:
        await line(process)
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        assert process.stderr is not None
        assert b"Traceback" not in await process.stderr.read()


async def test_it_ends_when_nobody_reads_on(prosody: Prosody, publisher: Publisher) -> None:
    await publisher.publish(OFFERED)
    reading, writing = os.pipe()
    async with watching(prosody, stdout=writing) as process:
        os.close(writing)
        assert b"offered" in await asyncio.to_thread(os.read, reading, 1000)
        os.close(reading)
        await publisher.publish(ANSWERED)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 1
        assert process.stderr is not None
        assert b"Traceback" not in await process.stderr.read()


async def test_a_wrong_password_is_said(prosody: Prosody) -> None:
    async with watching(prosody, password="wrong") as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert b"user1@example.com cannot log in with this password" in errors
    assert b"Traceback" not in errors


async def test_the_password_can_be_in_a_file(
    prosody: Prosody, publisher: Publisher, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    await publisher.publish(OFFERED)
    async with watching(prosody, "--password-file", file, password="") as process:
        assert "offered" in await line(process)


async def test_without_a_password_it_says_where_to_put_it(prosody: Prosody) -> None:
    async with watching(prosody, password="") as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert b"set IVR_PUBSUB_WATCH_PASSWORD" in errors


async def test_what_is_no_address_is_said(prosody: Prosody) -> None:
    async with watching(prosody, "--service", "not an@@address") as process:
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert b"--service" in errors
