"""What is asked of each service, and what is published: some 400 bytes about a call."""

from lab.bench_pubsub.wire import Request

PUBSUB = "http://jabber.org/protocol/pubsub"
EVENT = f"{PUBSUB}#event"

PAYLOAD = (
    "<call xmlns='urn:ivr-pubsub:call:1' id='c-1764079200.17' revision='3' state='offered'"
    " queue='support' extension='1000' entered='2026-01-01T09:00:00.000Z'"
    " offered='2026-01-01T09:00:01.250Z' waiting='1.3'>"
    "<caller number='+4915112345678' name='Company 1'/>"
    "<customer id='1' code='1111' name='Company 1'><attribute name='contract'>gold</attribute>"
    "</customer><digits>1111</digits></call>"
)


def publish(node: str, item_id: str = "current") -> Request:
    """Return the request to publish an item."""
    item = f"<item id='{item_id}'>{PAYLOAD}</item>"
    return "set", f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'>{item}</publish></pubsub>"


def create(node: str) -> Request:
    """Return the request to create a node that is configured as it is by default."""
    return "set", f"<pubsub xmlns='{PUBSUB}'><create node='{node}'/></pubsub>"


def subscribe(node: str, jid: str) -> Request:
    """Return the request to subscribe a JID."""
    return "set", f"<pubsub xmlns='{PUBSUB}'><subscribe node='{node}' jid='{jid}'/></pubsub>"


def unsubscribe(node: str, jid: str) -> Request:
    """Return the request to end its subscription."""
    return "set", f"<pubsub xmlns='{PUBSUB}'><unsubscribe node='{node}' jid='{jid}'/></pubsub>"


def items(node: str) -> Request:
    """Return the request for the items of a node."""
    return "get", f"<pubsub xmlns='{PUBSUB}'><items node='{node}'/></pubsub>"


def notification(sender: str, to: str, node: str) -> str:
    """Return a message as a subscriber gets it."""
    event = f"<items node='{node}'><item id='current'>{PAYLOAD}</item></items>"
    return (
        f"<message type='headline' id='1764079200000000' from='{sender}' to='{to}'>"
        f"<event xmlns='{EVENT}'>{event}</event></message>"
    )


PING: Request = ("get", "<ping xmlns='urn:xmpp:ping'/>")
"""XEP-0199."""
