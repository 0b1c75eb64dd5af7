"""The service is killed while much is published: what it acknowledged is neither lost nor changed.

Each item is published once. If no answer comes, it may be in the node or not; all who look agree.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from slixmpp.exceptions import IqError, IqTimeout

from lab.xmpp_server import COMPONENT
from tests.e2e.world import ADMIN, World
from tests.e2e.xmpp_user import PUBSUB, XmppUser, retrieve, subscribe
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = [pytest.mark.e2e, on_every_xmpp_server]

NODE = "storm"
KILLS = 3
AT_ONCE = 20
"""So many publications wait for their acknowledgement at any time."""
PATIENCE = 40.0

CREATE = (
    f"<pubsub xmlns='{PUBSUB}'><create node='{NODE}'/><configure>"
    "<x xmlns='jabber:x:data' type='submit'>"
    f"<field var='FORM_TYPE'><value>{PUBSUB}#node_config</value></field>"
    "<field var='pubsub#max_items'><value>max</value></field></x></configure></pubsub>"
)
ITEM = f".//{{{PUBSUB}}}item"
DIGEST = (
    f"<pubsub xmlns='{PUBSUB}'><options node='{NODE}' jid='{{jid}}'>"
    "<x xmlns='jabber:x:data' type='submit'>"
    f"<field var='FORM_TYPE'><value>{PUBSUB}#subscribe_options</value></field>"
    "<field var='pubsub#digest'><value>1</value></field>"
    "<field var='pubsub#digest_frequency'><value>1000</value></field></x></options></pubsub>"
)
NOTIFIED = f".//{{{PUBSUB}#event}}item"


class Listener:
    """A subscriber who stays connected, and what it was notified of."""

    def __init__(self, user: XmppUser) -> None:
        self.heard: dict[str, list[str]] = defaultdict(list)
        """The ids of the messages that told of an item, by its id."""
        self._user = user

    async def listen_until(self, item_id: str) -> None:
        while item_id not in self.heard:
            message = await self._user.messages.get()
            for item in message.xml.iterfind(NOTIFIED):
                assert item[0].text == item.get("id"), "the payload is another item's"
                self.heard[item.get("id", "")].append(message["id"])


class Publisher:
    """Publishes much at once, and remembers what was acknowledged."""

    def __init__(self, user: XmppUser) -> None:
        self.acknowledged: set[str] = set()
        self._user = user
        self._numbers = itertools.count(1)

    async def publish(self, item_id: str) -> None:
        item = f"<item id='{item_id}'><n xmlns='urn:x'>{item_id}</n></item>"
        content = f"<pubsub xmlns='{PUBSUB}'><publish node='{NODE}'>{item}</publish></pubsub>"
        await self._user.ask(COMPONENT, content, "set")
        self.acknowledged.add(item_id)

    @asynccontextmanager
    async def storm(self) -> AsyncIterator[None]:
        """Publish on and on as long as the context lasts."""
        publishing = [asyncio.create_task(self._publish_on()) for _ in range(AT_ONCE)]
        try:
            yield
        finally:
            for task in publishing:
                task.cancel()
            await asyncio.wait(publishing)

    async def has_acknowledged(self, more: int) -> None:
        enough = len(self.acknowledged) + more
        async with asyncio.timeout(PATIENCE):
            while len(self.acknowledged) < enough:
                await asyncio.sleep(0.01)

    async def _publish_on(self) -> None:
        with suppress(IqError, IqTimeout):  # the service is gone
            while True:
                await self.publish(f"item-{next(self._numbers)}")


@pytest.fixture
async def users(world: World) -> AsyncIterator[tuple[XmppUser, ...]]:
    """The administrator, and three users of whom one is the administrator elsewhere."""
    async with AsyncExitStack() as stack:
        yield tuple(
            [
                await stack.enter_async_context(XmppUser(world.xmpp, name))
                for name in (ADMIN, ADMIN, "user1", "user2")
            ]
        )


async def test_nothing_acknowledged_is_lost_when_the_service_is_killed(
    world: World, users: tuple[XmppUser, ...]
) -> None:
    admin, *subscribers = users
    publisher, listeners = Publisher(admin), [Listener(user) for user in subscribers]
    await admin.ask(COMPONENT, CREATE, "set")
    for user in subscribers:
        await user.ask(COMPONENT, subscribe(user.jid, NODE), "set")
    # The last gets what is published together, once a second.
    await subscribers[-1].ask(COMPONENT, DIGEST.format(jid=subscribers[-1].jid), "set")

    for _ in range(KILLS):
        async with publisher.storm():
            await publisher.has_acknowledged(100)
            await world.crash()
    await publisher.publish("last")
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(listener.listen_until("last") for listener in listeners))

    answer = await admin.ask(COMPONENT, retrieve(NODE))
    kept = {item.get("id") for item in answer.iterfind(ITEM)}
    assert publisher.acknowledged <= kept
    for listener in listeners:
        assert set(listener.heard) == kept
        assert all(len(set(message_ids)) == 1 for message_ids in listener.heard.values())
    told = [message_ids[0] for message_ids in listeners[0].heard.values()]
    assert len(set(told)) == len(told), "two items in messages of one id"
