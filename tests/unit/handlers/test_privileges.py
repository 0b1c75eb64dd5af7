"""What a server tells us that we may do."""

import pytest
from structlog.testing import capture_logs

from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.pubsub.provisioned import DOMAIN

pytestmark = pytest.mark.unit

PRIVILEGE = (
    "<privilege xmlns='urn:xmpp:privilege:{}'><perm access='roster' type='none'/>"
    "<perm access='presence' type='managed_entity'/></privilege>"
)
DELEGATION = (
    "<delegation xmlns='urn:xmpp:delegation:{}'><delegated namespace='urn:x'/></delegation>"
)


def message(content: str, sender: str = "example.com") -> str:
    return f"<message from='{sender}' to='{DOMAIN}'>{content}</message>"


@pytest.mark.parametrize("version", [1, 2])
async def test_what_a_server_grants_is_noted(dialogue: Dialogue, version: int) -> None:
    with capture_logs() as logs:
        assert await dialogue.say(message(PRIVILEGE.format(version))) is None
        assert await dialogue.say(message(DELEGATION.format(version))) is None
    assert [entry.get("privileges") for entry in logs] == [
        {"roster": "none", "presence": "managed_entity"},
        None,
    ]
    assert logs[1]["namespaces"] == ["urn:x"]


@pytest.mark.parametrize("sender", ["eve@example.com", "eve@example.com/desk", "example.com/x"])
async def test_a_user_has_nothing_to_grant(dialogue: Dialogue, sender: str) -> None:
    reply = await dialogue.say(message(PRIVILEGE.format(1), sender))
    assert reply is not None
    assert refusal(reply) == Refusal("cancel", "service-unavailable")


@pytest.mark.parametrize("version", [1, 2])
async def test_what_is_delegated_is_not_taken(dialogue: Dialogue, version: int) -> None:
    """XEP-0355 §4.3: the server passes the error on, as if we were not there."""
    namespace = f"urn:xmpp:delegation:{version}"
    forwarded = (
        f"<delegation xmlns='{namespace}'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<iq xmlns='jabber:client' type='get' id='p' from='user1@example.com/r'>"
        "<query xmlns='urn:x'/></iq></forwarded></delegation>"
    )
    assert await dialogue.ask("set", forwarded) == Refusal("cancel", "service-unavailable")
    nested = (
        "<query xmlns='http://jabber.org/protocol/disco#info'"
        f" node='{namespace}::http://jabber.org/protocol/pubsub'/>"
    )
    assert await dialogue.ask("get", nested) == Refusal("cancel", "item-not-found")
