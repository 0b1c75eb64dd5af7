import pytest

from component.handlers.notify import event_markup
from component.pubsub.model import (
    Item,
    ItemPublished,
    ItemRetracted,
    NodeDeleted,
    NodeEvent,
    Notification,
    Subscription,
    SubscriptionEnded,
)
from tests.unit.handlers.dialogue import canonical
from tests.unit.pubsub.provisioned import AGENT, DOMAIN, NOW

pytestmark = pytest.mark.unit

ITEM = Item("ext1000", "call-1", "<call xmlns='urn:x' n='&lt;'/>", DOMAIN, NOW, 1)
SUBSCRIPTION = Subscription("ext1000", DOMAIN, AGENT, "sub-1", NOW)


@pytest.mark.parametrize(
    ("event", "content"),
    [
        (
            ItemPublished(ITEM),
            """
            <items node='ext1000'>
              <item id='call-1'><call xmlns='urn:x' n='&lt;'/></item>
            </items>
            """,
        ),
        (ItemRetracted("call-1"), "<items node='ext1000'><retract id='call-1'/></items>"),
        (
            SubscriptionEnded(SUBSCRIPTION),
            """
            <subscription node='ext1000' jid='user1@example.com' subid='sub-1'
                          subscription='none'/>
            """,
        ),
        (NodeDeleted(), "<delete node='ext1000'/>"),
    ],
    ids=["published", "retracted", "subscription ended", "node deleted"],
)
def test_subscribers_are_told(event: NodeEvent, content: str) -> None:
    notification = Notification("ext1000", DOMAIN, (AGENT,), event)
    expected = f"<event xmlns='http://jabber.org/protocol/pubsub#event'>{content}</event>"
    assert canonical(event_markup(notification)) == canonical(expected)
