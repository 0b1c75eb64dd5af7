"""An agent's software written with xmpppy, a library that the project itself does not use.

A program of its own: the library blocks. It logs in, subscribes to the calls of extension 1000 at
both addresses where there are any, prints a line when that is done, and then a line of JSON for
each item that it is notified of.

    python -m tests.e2e.foreign_client PORT PASSWORD
"""

import json
import sys

import xmpp

PUBSUB = "http://jabber.org/protocol/pubsub"
USER, HOST, RESOURCE = "user1", "example.com", "foreign"
SUBSCRIPTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("ivr.example.com", {"node": "ext1000"}),
    ("ext1000@ivr.example.com", {}),
)


def main(port: int, password: str) -> None:
    client = xmpp.Client(HOST, debug=[])
    assert client.connect(("127.0.0.1", port), secure=0, use_srv=False), "cannot connect"
    assert client.auth(USER, password, RESOURCE), "cannot log in"
    client.RegisterHandler("message", show)
    client.sendInitPresence(requestRoster=0)
    for address, node in SUBSCRIPTIONS:
        request = xmpp.Iq("set", to=address)
        pubsub = request.addChild("pubsub", namespace=PUBSUB)
        pubsub.addChild("subscribe", node | {"jid": f"{USER}@{HOST}"})
        answer = client.SendAndWaitForResponse(request)
        assert xmpp.isResultNode(answer), f"cannot subscribe at {address}: {answer}"
    print("subscribed", flush=True)
    while client.Process(1) is not None:
        pass


def show(_: xmpp.Client, message: xmpp.Message) -> None:
    event = message.getTag("event", namespace=f"{PUBSUB}#event")
    if event is None:
        return
    items = event.getTag("items")
    for item in items.getTags("item"):
        call = item.getTag("call", namespace="urn:ivr-pubsub:call:1")
        shown = {
            "from": str(message.getFrom()),
            "node": items.getAttr("node"),
            "item": item.getAttr("id"),
            "state": call.getAttr("state"),
            "call": json.loads(call.getTagData("json")),
        }
        print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
