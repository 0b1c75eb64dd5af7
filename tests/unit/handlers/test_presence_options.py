"""Subscription options that depend on presence, as forms."""

import pytest

from tests.unit.handlers.dialogue import Dialogue, Refusal
from tests.unit.handlers.requests import (
    SUBSCRIBE_OPTIONS,
    answer,
    fails,
    filled,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import AGENT, DOMAIN

pytestmark = pytest.mark.unit


def subscribe(fields: str) -> str:
    written = form(SUBSCRIBE_OPTIONS).replace("</x>", f"{fields}</x>")
    return f"<subscribe node='news' jid='{AGENT}'/><options>{written}</options>"


def field(var: str, *values: str) -> str:
    written = "".join(f"<value>{value}</value>" for value in values)
    return f"<field var='pubsub#{var}'>{written}</field>"


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


async def options(dialogue: Dialogue) -> str:
    return await answer(dialogue, "get", f"<options node='news' jid='{AGENT}'/>", sender=AGENT)


async def test_presence_is_chosen_and_shown(dialogue: Dialogue) -> None:
    await succeeds(dialogue, subscribe(field("show-values", "online", "chat")), sender=AGENT)
    (held,) = dialogue.service.pubsub.subscriptions.values()
    assert held.show_values == {"online", "chat"}
    told = await options(dialogue)
    assert "<value>chat</value><value>online</value></field>" in told


async def test_there_is_no_other_presence(dialogue: Dialogue) -> None:
    found = await fails(dialogue, subscribe(field("show-values", "gone fishing")), sender=AGENT)
    assert found == Refusal("modify", "bad-request", "invalid-options")


async def test_a_subscription_until_offline_is_for_those_online(dialogue: Dialogue) -> None:
    wanted = subscribe(field("expire", "presence"))
    found = await fails(dialogue, wanted, sender=AGENT)
    assert found == Refusal("modify", "bad-request", "invalid-options")

    await dialogue.say(f"<presence from='{AGENT}/desk' to='{DOMAIN}'/>")
    await succeeds(dialogue, wanted, sender=AGENT)
    assert filled(await options(dialogue))["pubsub#expire"] == "presence"
    await dialogue.say(f"<presence type='unavailable' from='{AGENT}/desk' to='{DOMAIN}'/>")
    assert not dialogue.service.pubsub.subscriptions
