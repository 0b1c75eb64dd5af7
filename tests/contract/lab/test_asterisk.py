"""Asterisk with the project's configuration."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from lab.asterisk import ARI_USER, Asterisk, AsteriskError, AsteriskSettings, Installation
from lab.paths import PROMPTS
from lab.ports import NoFreePortError, PortBlock
from lab.sip import Phone

pytestmark = pytest.mark.contract

UNIX_SOCKET_PATH_BYTES = 107
COMPLAINT = re.compile(r".* (?:WARNING|ERROR)\[.*")


def new_settings(ports: PortBlock) -> AsteriskSettings:
    return AsteriskSettings(
        sip_port=ports.take(),
        http_port=ports.take(),
        agi_port=ports.take(),
        rtp_ports=ports.take_range(20),
    )


@pytest.fixture(scope="module")
def asterisk(ports: PortBlock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    directory = tmp_path_factory.mktemp("asterisk")
    asterisk = Asterisk(Installation.find(), directory, new_settings(ports))
    asyncio.run(asterisk.start())
    yield asterisk
    asyncio.run(asterisk.stop())


async def test_it_finds_nothing_wrong_with_the_configuration(asterisk: Asterisk) -> None:
    async with asyncio.timeout(20):
        while "Asterisk Ready" not in asterisk.log.read_text():  # a thread of its own writes it
            await asyncio.sleep(0.05)
    assert COMPLAINT.findall(asterisk.log.read_text()) == []


async def test_the_configuration_can_be_reloaded(asterisk: Asterisk) -> None:
    assert "Dialplan reloaded" in await asterisk.cli("dialplan reload")
    await asterisk.cli("core reload")
    assert "'0000'" in await asterisk.cli("dialplan show from-callers")
    assert COMPLAINT.findall(asterisk.log.read_text()) == []


async def test_it_has_music_to_wait_with(asterisk: Asterisk) -> None:
    assert "moh/chords" in await asterisk.cli("moh show files")
    seconds = len((PROMPTS / "moh/chords.ulaw").read_bytes()) / 8000
    assert 15 < seconds < 60


async def test_ari_is_for_those_with_the_password(asterisk: Asterisk) -> None:
    url = f"http://127.0.0.1:{asterisk.settings.http_port}/ari/asterisk/info"
    async with aiohttp.ClientSession() as session:
        for password, status in ((asterisk.settings.ari_password, 200), ("wrong", 401)):
            account = b64encode(f"{ARI_USER}:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {account}"}
            async with session.get(url, headers=headers) as reply:
                assert reply.status == status


async def test_a_command_that_is_not_understood_is_an_error(asterisk: Asterisk) -> None:
    with pytest.raises(AsteriskError, match="No such command"):
        await asterisk.cli("make coffee")


async def test_phones_stay_registered_over_a_restart(asterisk: Asterisk) -> None:
    server = ("127.0.0.1", asterisk.settings.sip_port)
    password = asterisk.settings.phone_passwords["1000"]
    async with Phone("1000", password=password, server=server):
        await asterisk.stop()
        await asterisk.start()
        assert "1000/sip:1000@127.0.0.1" in await asterisk.cli("pjsip show contacts")


async def test_it_runs_in_a_directory_of_any_length(tmp_path: Path, ports: PortBlock) -> None:
    directory = tmp_path / ("long" * 40)
    assert len(str(directory)) > UNIX_SOCKET_PATH_BYTES
    async with Asterisk(Installation.find(), directory, new_settings(ports)) as asterisk:
        assert "Asterisk" in await asterisk.cli("core show version")


async def test_people_can_open_its_console(asterisk: Asterisk) -> None:
    console = await asyncio.create_subprocess_shell(
        f"{asterisk.console()} -x 'core show version'", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await console.communicate()
    assert output.startswith(b"Asterisk")


async def test_a_port_that_is_taken_is_named(asterisk: Asterisk, tmp_path: Path) -> None:
    with pytest.raises(NoFreePortError, match=str(asterisk.settings.sip_port)):
        await Asterisk(Installation.find(), tmp_path, asterisk.settings).start()
