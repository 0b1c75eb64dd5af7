"""What software does that is online, and who is notified for it, in a test's hand."""

from dataclasses import replace

from component.pubsub.audience import CALLS, Resource
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.provisioned import AGENT, EXTENSION, NOW, Provisioned

DESK = Resource(f"{AGENT}/desk")
WANTS_CALLS = replace(DESK, wants=frozenset({CALLS}))


def arrive(service: Provisioned, resource: Resource, address: str = EXTENSION) -> None:
    service.do(lambda pubsub: pubsub.arrive(address, resource))


def leave(service: Provisioned, jid: str, address: str = EXTENSION) -> None:
    service.do(lambda pubsub: pubsub.leave(address, jid))


def subscribe(
    service: Provisioned,
    jid: str,
    options: Options | None = None,
    address: str = EXTENSION,
    node: str = "ext1000",
) -> None:
    request = Request(jid, address, node)
    service.do(lambda pubsub: pubsub.subscribe(request, jid, "sub-1", NOW, options))
    service.told.clear()


def subscribers(service: Provisioned) -> list[str]:
    return sorted(s.jid for s in service.pubsub.subscriptions.values())


def notified(service: Provisioned) -> list[str]:
    """Publish a call; return who is notified."""
    service.told.clear()
    service.publish("call-2")
    return [jid for notification in service.told for jid in notification.recipients]
