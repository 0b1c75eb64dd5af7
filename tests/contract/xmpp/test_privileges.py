"""A server that shows us the presence of all its users (XEP-0356): ejabberd's mod_privilege."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from component.pubsub.configuration import DEFAULT, SendLast
from component.pubsub.service import Request
from lab.ejabberd import Ejabberd
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.contract.xmpp.service import Service, until

pytestmark = pytest.mark.contract

EVENT = "{http://jabber.org/protocol/pubsub#event}"
DOMAIN = "ivr.example.com"
ADMIN = Request("user3@example.com", DOMAIN, "news")


GRANT = """\
  mod_privilege:
    presence:
      managed_entity: ivr
acl:
  ivr:
    server: ivr.example.com
access_rules:
  ivr:
    allow: ivr
"""
"""What the README says, to follow the modules."""


class Granting(Ejabberd):
    def _install(self) -> None:
        super()._install()
        with (self._directory / "ejabberd.yml").open("a") as configuration:
            configuration.write(GRANT)


@pytest.mark.parametrize("server_of_the_module", [Granting], ids=["ejabberd"], indirect=True)
async def test_presence_counts_that_nobody_had_to_show(settings: XmppServerSettings) -> None:
    config = replace(DEFAULT, presence_based_delivery=True, send_last_published_item=SendLast.NEVER)
    with capture_logs() as logs:
        async with Service(settings) as service:
            await until(lambda: "server grants privileges" in [entry["event"] for entry in logs])
            await service.pubsub(lambda pubsub, _: pubsub.create(ADMIN, "news", config))
            async with Client(settings) as client:
                desk = f"{client.jid}/desk"
                await client.pubsub.subscribe(DOMAIN, "news", bare=True)
                client.say("<presence type='unavailable'/>")
                await until(lambda: service.heard_presence(desk, "unavailable"))
                await publish(service, "while away")
                service.presences_heard.clear()
                client.say("<presence/>")
                await until(lambda: service.heard_presence(desk, ""))
                await publish(service, "while there")
                (told,) = await client.hears(1)
            await service.owes_nothing()
    assert [item.get("id") for item in told.iter(f"{EVENT}item")] == ["while there"]
    assert len(service.confirmed) == 1


async def publish(service: Service, item_id: str) -> None:
    await service.pubsub(lambda pubsub, now: pubsub.publish("news", item_id, "<x/>", DOMAIN, now))
