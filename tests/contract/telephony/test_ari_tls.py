"""ARI over TLS: the requests and the event socket alike."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from component.settings import AsteriskConfig
from component.telephony.client import AriClient
from component.telephony.errors import AriUnreachableError
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER, Asterisk, AsteriskSettings, Installation
from lab.certificate import Certificate
from lab.ports import PortBlock

pytestmark = pytest.mark.contract

HTTPS = """
tlsenable = yes
tlsbindaddr = 127.0.0.1:{port}
tlscertfile = {certificate}
tlsprivatekey = {key}
"""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """An Asterisk with its certificate."""

    url: str
    password: str
    certificate: Certificate

    @asynccontextmanager
    async def client(self, tls: ssl.SSLContext | None) -> AsyncIterator[AriClient]:
        http = AriHttpClient(self.url, ARI_USER, self.password, timeout=20, tls=tls)
        try:
            yield AriClient(http, self.url)
        finally:
            await http.close()


@pytest.fixture(scope="module")
def asterisk(ports: PortBlock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    directory = tmp_path_factory.mktemp("asterisk")
    certificate = Certificate.make(directory)
    port = ports.take()
    https = HTTPS.format(port=port, certificate=certificate.file, key=certificate.key)
    settings = AsteriskSettings(
        sip_port=ports.take(),
        http_port=ports.take(),
        agi_port=ports.take(),
        rtp_ports=ports.take_range(10),
        additions={"http.conf": https},
    )
    server = Asterisk(Installation.find(), directory, settings)
    asyncio.run(server.start())
    yield Encrypted(f"https://127.0.0.1:{port}", settings.ari_password, certificate)
    asyncio.run(server.stop())


def trusting(file: Path, url: str) -> ssl.SSLContext:
    return AsteriskConfig(url=url, username="x", password=SecretStr("x"), ca_file=file).tls


async def test_requests_and_events_come_over_tls_from_whom_the_file_names(
    asterisk: Encrypted,
) -> None:
    async with asterisk.client(trusting(asterisk.certificate.file, asterisk.url)) as ari:
        await ari.load()
        assert await ari.version()
        socket = await ari.events("ivr")
        await ari.send_pulse("ivr")
        async with asyncio.timeout(20):
            assert b"ivr-pulse" in await socket.receive()
        await socket.close(10)


async def test_nobody_else_is_given_the_password(asterisk: Encrypted, tmp_path: Path) -> None:
    other = Certificate.make(tmp_path, "other")
    for tls in (trusting(other.file, asterisk.url), None):
        async with asterisk.client(tls) as ari:
            with pytest.raises(AriUnreachableError, match="certificate verify failed"):
                await ari.load()
