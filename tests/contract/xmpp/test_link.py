"""The component's place at a real server, kept whatever happens to the server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from component.xmpp.session import Timings
from lab.ports import PortBlock
from lab.xmpp_server import COMPONENT, XmppServer, XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import QUICK, Service, until
from tests.line import Line

pytestmark = pytest.mark.contract

USER1 = "user1@example.com"


def ids(client: Client) -> list[int]:
    return [int(message.get("id", "")) for message in client.heard]


async def test_the_component_is_accepted(service: Service) -> None:
    assert service.link.up
    assert service.link.detail.startswith("connected to 127.0.0.1:")


async def test_before_the_server_is_there_the_component_is_down_and_says_why(
    xmpp_server: XmppServer, settings: XmppServerSettings
) -> None:
    await xmpp_server.stop()
    async with Service(settings) as service:
        await until(lambda: "refused" in service.link.detail or "failed" in service.link.detail)
        assert not service.link.up
        await xmpp_server.start()
        await service.is_up()


async def test_a_wrong_secret_is_explained_and_may_be_mended_at_the_server(
    xmpp_server: XmppServer, settings: XmppServerSettings, tmp_path: Path
) -> None:
    await xmpp_server.stop()
    another = replace(settings, component_secret="O'Hara & <Söhne>")
    async with Service(settings) as service:
        with capture_logs() as logs:
            async with type(xmpp_server)(tmp_path, another):
                await until(lambda: "not-authorized" in service.link.detail)
                async with Service(another) as admitted:
                    await admitted.is_up()
        refusals = [entry for entry in logs if entry["event"] == "xmpp server refuses"]
        assert "make xmpp.secret what the server's configuration says" in refusals[0]["hint"]
        await xmpp_server.start()
        await service.is_up()


async def test_a_component_that_the_server_does_not_know_is_explained(
    xmpp_server: XmppServer, settings: XmppServerSettings
) -> None:
    async with Service(settings, domain="other.example.com") as service:
        condition = "host-unknown" if xmpp_server.name == "prosody" else "not-authorized"
        await until(lambda: condition in service.link.detail)
        assert "mend xmpp.domain" in service.link.detail


async def test_a_port_that_is_not_for_components_is_explained(
    service: Service, settings: XmppServerSettings
) -> None:
    async with Service(replace(settings, component_port=settings.c2s_port)) as lost:
        await until(lambda: "mend xmpp.port" in lost.link.detail)


async def test_a_restarted_server_is_connected_to_again(
    service: Service, xmpp_server: XmppServer, settings: XmppServerSettings
) -> None:
    await xmpp_server.stop()
    await service.is_down()
    await xmpp_server.start()
    await service.is_up()
    async with Client(settings) as client:
        service.send(service.message("<x/>", USER1))
        await client.hears(1)


async def test_a_server_that_crashed_is_connected_to_again(
    service: Service, xmpp_server: XmppServer
) -> None:
    await xmpp_server.process.kill()
    await service.is_down()
    await xmpp_server.start()
    await service.is_up()


@pytest.fixture
async def quick(settings: XmppServerSettings) -> AsyncIterator[Service]:
    """Connected; it does not wait for long until it takes the server for dead."""
    async with Service(settings, QUICK) as service:
        await service.is_up()
        yield service


async def test_a_frozen_server_is_noticed(quick: Service, xmpp_server: XmppServer) -> None:
    xmpp_server.process.freeze()
    with capture_logs() as logs:
        await quick.is_down()
    assert any("no sign of life" in entry.get("error", "") for entry in logs)
    await until(lambda: "did not answer within" in quick.link.detail)
    xmpp_server.process.thaw()
    await quick.is_up()


async def test_a_server_that_lives_is_not_given_up(settings: XmppServerSettings) -> None:
    timings = replace(QUICK, answer=4.0)
    async with Service(settings, timings) as service:
        await service.is_up()
        with capture_logs() as logs:
            await asyncio.sleep(2 * timings.keepalive + timings.answer)
        assert service.link.up
    assert not [entry for entry in logs if entry["log_level"] != "info"]


@pytest.fixture
def unused(ports: PortBlock) -> XmppServerSettings:
    """Of no server; a test plays one."""
    return XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())


async def test_a_server_that_hangs_up_is_not_besieged(unused: XmppServerSettings) -> None:
    attempts: list[float] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(asyncio.get_running_loop().time())
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", unused.component_port)
    async with server, Service(unused) as service:
        await until(lambda: len(attempts) >= 4)
        assert "hung up before the handshake" in service.link.detail
    shortest = QUICK.first_retry / 2
    assert attempts[3] - attempts[0] >= (1 + 2 + 4) * shortest


@pytest.mark.parametrize("babble", [b"<<<", b"</stream:stream>"])
async def test_a_server_that_talks_nonsense_is_left_and_tried_again(
    unused: XmppServerSettings, babble: bytes
) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(
            b"<stream:stream xmlns='jabber:component:accept' id='1'"
            b" xmlns:stream='http://etherx.jabber.org/streams'><handshake/>" + babble
        )
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", unused.component_port)
    async with server, Service(unused, QUICK):
        await until(lambda: connections >= 2)


@pytest.fixture
async def line(ports: PortBlock, settings: XmppServerSettings) -> AsyncIterator[Line]:
    async with Line(ports.take(), settings.component_port) as line:
        yield line


async def test_a_connection_that_is_cut_is_made_again(
    xmpp_server: XmppServer, settings: XmppServerSettings, line: Line
) -> None:
    async with Service(replace(settings, component_port=line.port)) as service:
        await service.is_up()
        line.cut()
        await service.is_down()
        line.mend()
        await service.is_up()


async def test_of_two_connections_one_stays_and_the_other_says_why(
    xmpp_server: XmppServer, settings: XmppServerSettings
) -> None:
    patient = replace(QUICK, refused_retry=60.0)
    why = "another connection holds this component"
    async with Service(settings, patient) as older:
        await older.is_up()
        async with Service(settings, patient) as newer:
            await until(lambda: why in older.link.detail + newer.link.detail)
            await until(lambda: older.link.up != newer.link.up)
            # It may be the one that was there first: if it does not know why it had to go, it
            # connects again at once, and is the newer one then. On ejabberd either may lose a ping
            # to the other; what Prosody says last is lost if more was on its way there.
            loser = older if newer.link.up else newer
            assert why in loser.link.detail


async def test_messages_arrive_in_order_and_are_confirmed(service: Service, client: Client) -> None:
    service.send(*(service.message(f"<x>{n}</x>", USER1) for n in range(500)))
    await service.owes_nothing()
    assert service.confirmed == list(range(1, 501))
    await client.hears(500)
    assert ids(client) == service.confirmed


async def test_what_is_confirmed_is_on_its_way_to_the_recipient(
    service: Service, client: Client
) -> None:
    for _ in range(20):
        service.send(*(service.message("<x/>", USER1) for _ in range(50)))
        await service.owes_nothing()
        await client.has_heard_everything()
        assert ids(client) == service.confirmed


async def test_what_is_owed_while_disconnected_is_delivered_in_order_afterwards(
    xmpp_server: XmppServer, settings: XmppServerSettings, line: Line
) -> None:
    through_line = replace(settings, component_port=line.port)
    async with Client(settings) as client, Service(through_line) as service:
        await service.is_up()
        line.cut()
        await service.is_down()
        service.send(*(service.message(f"<x>{n}</x>", USER1) for n in range(20)))
        assert not client.heard
        assert not service.confirmed

        line.mend()
        await service.owes_nothing()
        await client.hears(20)
        assert ids(client) == service.confirmed == list(range(1, 21))
        delays = [message.find("{urn:xmpp:delay}delay") for message in client.heard]
        assert all(delay is not None and delay.get("from") == COMPONENT for delay in delays)


async def test_what_was_written_but_not_confirmed_is_sent_again_under_the_same_id(
    quick: Service, settings: XmppServerSettings, xmpp_server: XmppServer
) -> None:
    async with Client(settings) as client:
        xmpp_server.process.freeze()
        quick.send(*(quick.message(f"<x>{n}</x>", USER1) for n in range(20)))
        await quick.is_down()
        assert not quick.confirmed
        xmpp_server.process.thaw()
        await quick.owes_nothing()
        await until(lambda: set(ids(client)) == set(range(1, 21)))


async def test_a_great_fan_out_does_not_hold_up_the_loop(service: Service) -> None:
    everyone = [f"user{n}@example.com" for n in range(5000)]
    pauses = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            pauses.append(loop.time() - before)

    ticking = asyncio.create_task(tick())
    service.send(service.message(f"<event>{'x' * 600}</event>", *everyone))
    await service.owes_nothing()
    ticking.cancel()
    assert max(pauses) < 5


async def test_a_fan_out_reaches_everybody(service: Service, client: Client) -> None:
    service.send(service.message("<x/>", *[USER1] * 1000))
    await client.hears(1000)
    await service.owes_nothing()


async def test_what_would_end_the_stream_does_not(service: Service, client: Client) -> None:
    large = f"<x>{'x' * 600_000}</x>"
    for body in ("<x>\x01</x>", "<x>\ufffe</x>", "<!-- x -->", "<?x?>", "<x", large):
        service.send(service.message(body, USER1))
    service.send(service.message("<x/>", USER1, sender="elsewhere.example.com"))
    service.send(service.message("<x/>", "no@jid@at all", USER1))
    await service.owes_nothing()
    await client.hears(1)
    assert service.link.up
    assert len(client.heard) == 1


async def test_a_stanza_of_the_largest_size_passes(service: Service, client: Client) -> None:
    service.send(service.message(f"<x>{'x' * 499_900}</x>", USER1))
    (heard,) = await client.hears(1)
    assert len(heard[0].text or "") == 499_900
    assert service.link.up


async def test_it_leaves_in_good_order(
    xmpp_server: XmppServer, settings: XmppServerSettings
) -> None:
    async with Service(settings, Timings()) as service:
        await service.is_up()
    assert not service.link.up
    async with Service(settings, Timings()) as service:
        await service.is_up()
