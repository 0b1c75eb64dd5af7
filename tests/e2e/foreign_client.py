"""An agent's software written with xmpppy, a library that the project itself does not use.

A program of its own: the library blocks. It logs in, subscribes to the calls of extension 1000 at
both addresses where there are any, logs the agent on by ad-hoc command, prints a line when that is
done, and then a line of JSON for each item that it is notified of.

    python -m tests.e2e.foreign_client PORT PASSWORD
"""

import json
import sys

import xmpp

COMMANDS = "http://jabber.org/protocol/commands"
DATA = "jabber:x:data"
PUBSUB = "http://jabber.org/protocol/pubsub"
LOG_ON = "urn:ivr-pubsub:command:1:log-on"
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
    log_on(client)
    print("logged on", flush=True)
    while client.Process(1) is not None:
        pass


def log_on(client: xmpp.Client) -> None:
    """Choose a queue in the form of a command, and send it (XEP-0050)."""
    command = xmpp.Iq("set", to="ivr.example.com")
    command.addChild("command", {"node": LOG_ON, "action": "execute"}, namespace=COMMANDS)
    begun = client.SendAndWaitForResponse(command).getTag("command", namespace=COMMANDS)
    form = xmpp.DataForm(node=begun.getTag("x", namespace=DATA))
    form.setType("submit")
    form.setField("queue").setValue("support")
    command = xmpp.Iq("set", to="ivr.example.com")
    session = {"node": LOG_ON, "sessionid": begun.getAttr("sessionid"), "action": "complete"}
    command.addChild("command", session, [form], COMMANDS)
    done = client.SendAndWaitForResponse(command).getTag("command", namespace=COMMANDS)
    assert done.getAttr("status") == "completed", f"cannot log on: {done}"


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
