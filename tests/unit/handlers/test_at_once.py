"""Two who change different fields at the same time both get what they want."""

import asyncio

import pytest

from tests.unit.handlers.dialogue import Dialogue
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    SUBSCRIBE_OPTIONS,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import AGENT

pytestmark = pytest.mark.unit


@pytest.fixture
def dialogue(monkeypatch: pytest.MonkeyPatch) -> Dialogue:
    """Between two operations of a request there is time for those of others."""
    made = with_news()
    made.take_turns(monkeypatch)
    return made


async def test_of_a_node(dialogue: Dialogue) -> None:
    forms = (form(NODE_CONFIG, title="New"), form(NODE_CONFIG, description="Much"))
    contents = (f"<configure node='news'>{filled}</configure>" for filled in forms)
    await asyncio.gather(*(succeeds(dialogue, content, OWNER) for content in contents))
    config = dialogue.service.pubsub.nodes["news"].config
    assert (config.title, config.description) == ("New", "Much")


async def test_of_a_subscription(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT, "news")
    forms = (form(SUBSCRIBE_OPTIONS, deliver="0"), form(SUBSCRIBE_OPTIONS, include_body="1"))
    contents = (f"<options node='news' jid='{AGENT}'>{filled}</options>" for filled in forms)
    await asyncio.gather(*(succeeds(dialogue, content, sender=AGENT) for content in contents))
    (held,) = dialogue.service.pubsub.subscriptions.values()
    assert (held.deliver, held.include_body) == (False, True)
