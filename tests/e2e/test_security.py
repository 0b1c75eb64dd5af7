"""The service with no more rights than it is granted; its secrets, where they do not belong."""

import re
import secrets
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from lab.asterisk import Asterisk
from lab.ports import PortBlock
from lab.service import Service
from lab.xmpp_server import XmppServer
from tests.databases import Databases, as_service
from tests.e2e.world import PATIENCE, World

pytestmark = pytest.mark.e2e

DATABASE_PASSWORD = secrets.token_urlsafe(12)


@pytest.fixture
async def world(
    asterisk: Asterisk,
    xmpp_server: XmppServer,
    databases: Databases,
    ports: PortBlock,
    tmp_path: Path,
) -> AsyncIterator[World]:
    """Everything; the service has the role of `sql/grants.sql`."""
    async with databases.fresh() as owner:
        service = (await as_service(owner)).replace(
            "ivr_pubsub:", f"ivr_pubsub:{DATABASE_PASSWORD}"
        )
        assert DATABASE_PASSWORD in service
        async with World(asterisk, xmpp_server, service, tmp_path, ports.take(), {}) as world:
            yield world


async def test_a_call_needs_no_more_rights_than_are_granted(world: World) -> None:
    assert await world.sql("SELECT current_user::text AS name") == [("ivr_pubsub",)]
    watcher = await world.watcher("1000")
    phone = await world.agent("1000")
    await world.call_support()
    taken = await phone.next_call()
    await taken.answered()
    await watcher.next("offered")
    await watcher.next("answered")
    await taken.hang_up()
    await watcher.next("ended")
    await world.quiet()
    assert world.service.logged("call ended by agent")
    assert not re.search(r"permission denied|refused", world.service.log.read_text())


async def test_no_secret_is_in_the_log_the_process_list_or_the_http_port(
    world: World, databases: Databases, tmp_path: Path
) -> None:
    """Failures say most: without the database, and with secrets that are wrong."""
    words = {
        world.xmpp.settings.component_secret,
        world.asterisk.settings.ari_password,
        DATABASE_PASSWORD,
    }
    async with databases.away(world.database):
        await until_down(world.service, "database", "not currently accepting connections")
        seen = await shown_by(world.service)
    await world.service.stop()

    config = world.service.config.read_text()
    for word in words:
        assert word in config
        config = config.replace(word, word[::-1])
    wrong = Service(tmp_path / "wrong", tomllib.loads(config))
    await wrong.start()
    try:
        for peer, why in {"asterisk": "401", "xmpp": "not-authorized"}.items():
            await until_down(wrong, peer, why)
        seen += await shown_by(wrong)
    finally:
        await wrong.stop()

    assert "401" in wrong.log.read_text()
    for text in seen:
        assert [word for word in words if word in text or word[::-1] in text] == []


async def until_down(service: Service, peer: str, why: str) -> None:
    """Wait until the service has tried, and says why that was in vain."""

    async def is_down() -> bool:
        try:
            status = (await service.status())[peer]
        except aiohttp.ClientError:
            return False
        return not status["ready"] and why in status["detail"]

    await service.process.wait_until(is_down, PATIENCE)


async def shown_by(service: Service) -> list[str]:
    """Return all that others can see of it: its process, its log, its HTTP port."""
    process = Path(f"/proc/{service.process.pid}")
    texts = [file.read_text() for file in (service.log, process / "cmdline", process / "comm")]
    async with aiohttp.ClientSession() as session:
        for path in ("metrics", "healthz", "readyz"):
            async with session.get(f"{service.url}/{path}") as reply:
                texts.append(await reply.text())
    assert all(texts)
    return texts
