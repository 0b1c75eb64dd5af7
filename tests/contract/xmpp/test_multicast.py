"""Messages to many, where the server has a service for them: ejabberd's mod_multicast."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lab.ejabberd import Ejabberd
from lab.ports import PortBlock
from lab.template import write_private
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service, until

pytestmark = pytest.mark.contract

on_ejabberd = pytest.mark.parametrize(
    "server_of_the_module", [Ejabberd], ids=["ejabberd"], indirect=True
)

USER1 = "user1@example.com"
OTHERS = [f"user{number}@example.com" for number in range(100, 150)]


@pytest.fixture
async def service(settings: XmppServerSettings) -> AsyncIterator[Service]:
    """Connected; it has found the service."""
    with capture_logs() as logs:
        async with Service(settings) as service:
            await until(lambda: "multicast service found" in [entry["event"] for entry in logs])
            yield service


def ids(client: Client) -> list[int]:
    return [int(message.get("id", "")) for message in client.heard]


@on_ejabberd
async def test_what_arrives_tells_nothing_of_the_others(service: Service, client: Client) -> None:
    service.send(service.message("<x xmlns='urn:x'/>", USER1, *OTHERS))
    (heard,) = await client.hears(1)
    assert (heard.get("from"), heard.get("to")) == ("ivr.example.com", USER1)
    assert [child.tag for child in heard] == ["{urn:x}x"]
    await service.owes_nothing()


@on_ejabberd
async def test_what_arrives_says_whom_to_answer(service: Service, client: Client) -> None:
    addresses = (
        "<addresses xmlns='http://jabber.org/protocol/address'>"
        "<address type='replyto' jid='owner@example.com'/></addresses>"
    )
    service.send(service.message(f"{addresses}<x xmlns='urn:x'/>", USER1, *OTHERS))
    (heard,) = await client.hears(1)
    addressed = heard.iter("{http://jabber.org/protocol/address}address")
    told = {a.get("jid"): a.get("type") for a in addressed}
    assert told.pop("owner@example.com") == "replyto"
    assert told.keys() <= {USER1}, "nobody is told of the others"
    await service.owes_nothing()


@on_ejabberd
async def test_nothing_overtakes_anything(service: Service, client: Client) -> None:
    for number in range(300):
        others = OTHERS if number % 3 == 0 else []
        service.send(service.message("<x/>", *others, USER1))
    await client.hears(300)
    await service.owes_nothing()
    assert ids(client) == service.confirmed == list(range(1, 301))


@on_ejabberd
async def test_what_is_confirmed_was_passed_on(service: Service, client: Client) -> None:
    service.send(service.message("<x/>", *OTHERS * 20, USER1))
    await service.owes_nothing()
    await client.has_heard_everything()
    assert ids(client) == [1]


async def test_what_the_service_refuses_arrives_all_the_same(
    ports: PortBlock, tmp_path: Path
) -> None:
    class Refusing(Ejabberd):
        """Its multicast service serves nobody."""

        def _install(self) -> None:
            super()._install()
            config = self._directory / "ivr-pubsub.yml"
            open_, closed = "mod_multicast:", "mod_multicast:\n    access: none"
            write_private(config, config.read_text().replace(open_, closed))

    settings = XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())
    with capture_logs() as logs:
        async with Refusing(tmp_path, settings), Service(settings) as service:
            await until(lambda: "multicast service found" in [entry["event"] for entry in logs])
            async with Client(settings) as client:
                service.send(service.message("<x/>", USER1))
                service.send(service.message("<x/>", *OTHERS, USER1))
                service.send(service.message("<x/>", USER1))
                await service.owes_nothing()
                await client.hears(3)
    assert list(dict.fromkeys(ids(client))) == [1, 2, 3]
    assert "multicast service refuses" in [entry["event"] for entry in logs]
