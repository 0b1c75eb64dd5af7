"""A node whose subscribers want digests, in a test's hand."""

from datetime import timedelta
from typing import Any

from component.pubsub.model import ItemsPublished, NodeEvent, Notification
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import ANN, News
from tests.unit.pubsub.provisioned import NOW

SECOND = timedelta(seconds=1)
EVERY = 10 * SECOND
DIGEST = Options(digest=EVERY)


def news(*jids: str, **config: Any) -> News:
    """A node that keeps many items; these JIDs are subscribed to digests."""
    service = News(max_items=200, **config)
    for jid in jids:
        subscribe(service, jid)
    return service


def subscribe(service: News, jid: str, options: Options = DIGEST, subid: str = "") -> None:
    request = service.request(jid)
    subid = subid or f"of-{jid}"
    service.do(lambda pubsub: pubsub.subscribe(request, jid, subid, NOW, options))


def change(service: News, jid: str, options: Options) -> None:
    request = service.request(jid)
    service.do(lambda pubsub: pubsub.set_options(request, jid, None, options, NOW))


def pass_(service: News, time: timedelta) -> None:
    service.do(lambda pubsub: pubsub.expire(NOW + time))


def ids(event: NodeEvent) -> list[str | None]:
    assert isinstance(event, ItemsPublished)
    return [held.item_id for held in event.items]


def notified(service: News, jid: str = ANN) -> list[Notification]:
    return [n for n in service.told if jid in n.recipients]
