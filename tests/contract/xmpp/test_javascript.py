"""The documentation's example in JavaScript keeps the rules of its page."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from component.domain.model import Call
from component.domain.words import CallState
from component.payloads import call_xml
from lab.ports import PortBlock
from lab.xmpp_server import HOST, XmppServer, XmppServerSettings
from tests.contract.subscriber.calls import ENDED, OFFERED, call
from tests.contract.xmpp.service import PATIENCE, Service
from tests.examples import NODE, line, running
from tests.line import Line

pytestmark = pytest.mark.contract

ACCOUNT = f"user1@{HOST}"
RETRACTION = (
    "<event xmlns='http://jabber.org/protocol/pubsub#event'>"
    "<items node='ext1000'><retract id='c1'/></items></event>"
)


@pytest.fixture
async def cable(settings: XmppServerSettings, ports: PortBlock) -> AsyncIterator[Line]:
    async with Line(ports.take(), settings.c2s_port) as cable:
        yield cable


async def publish(service: Service, *calls: Call) -> None:
    for one in calls:
        await service.publish(one.id, call_xml(one, "1000"))


async def retract(service: Service, call_id: str) -> None:
    await service.pubsub(lambda pubsub, _: pubsub.retract("ext1000", call_id))


async def is_subscribed(service: Service) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await service.pubsub(lambda pubsub, _: len(pubsub.subscriptions)):
            await asyncio.sleep(0.05)


async def test_javascript_shows_nothing_twice_and_misses_nothing(
    service: Service,
    xmpp_server: XmppServer,
    settings: XmppServerSettings,
    cable: Line,
    javascript: Path,
) -> None:
    environment = {
        "XMPP_PASSWORD": settings.passwords["user1"],
        "XMPP_SERVICE": f"xmpp://127.0.0.1:{cable.port}",
    }
    command = [str(NODE), "show_calls.mjs", ACCOUNT, "1000"]
    async with running(command, javascript, environment) as program:
        await is_subscribed(service)
        await publish(service, OFFERED)
        assert await line(program) == "offered Company 1 4711"
        retraction = service.message("", ACCOUNT).seq + 1
        await retract(service, "c1")
        assert await line(program) == "withdrawn c1"
        await publish(service, replace(OFFERED, revision=3))
        assert await line(program) == "offered Company 1 4711"

        # Repeated, it is not heeded: else it would be shown next that the call was withdrawn.
        service.send(replace(service.message(RETRACTION, ACCOUNT), seq=retraction))
        await publish(service, call("c2", CallState.ANSWERED, 2))
        assert await line(program) == "answered Company 1 4711"

        cable.cut()
        await xmpp_server.process.kill()  # else it would deliver afterwards what it has kept
        await service.is_down()
        await xmpp_server.start()
        await service.is_up()
        await retract(service, "c1")
        await publish(service, replace(ENDED, id="c2"), replace(ENDED, id="c3"), call("c4"))
        await service.owes_nothing()
        cable.mend()
        assert await line(program) == "withdrawn c1"
        assert await line(program) == "ended Company 1 4711"
        assert await line(program) == "offered Company 1 4711"
