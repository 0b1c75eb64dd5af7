import pytest

from tests.unit.handlers.dialogue import Dialogue, Refusal
from tests.unit.handlers.requests import (
    PUBSUB,
    fails,
    form,
    succeeds,
    with_news,
)
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN

pytestmark = pytest.mark.unit


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


async def test_publishing_items_with_and_without_ids(dialogue: Dialogue) -> None:
    dialogue.service.subscribe(AGENT, "news")
    await dialogue.expect(
        f"""
        <iq type='set' id='p1' from='{ADMIN}/r' to='{DOMAIN}'>
          <pubsub xmlns='{PUBSUB}'>
            <publish node='news'>
              <item id='a'><x:entry xmlns:x='urn:x' x:y='1'><x:t>&lt;</x:t> tail</x:entry></item>
              <item><entry xmlns='urn:x'/></item>
            </publish>
          </pubsub>
        </iq>
        """,
        f"""
        <iq type='result' id='p1' from='{DOMAIN}' to='{ADMIN}/r'>
          <pubsub xmlns='{PUBSUB}'>
            <publish node='news'><item id='a'/><item id='new-subid'/></publish>
          </pubsub>
        </iq>
        """,
    )
    (stored, _) = dialogue.service.pubsub.items.values()
    assert stored.payload == (
        "<entry xmlns='urn:x' xmlns:a0='urn:x' a0:y='1'><t>&lt;</t> tail</entry>"
    )
    assert len(dialogue.service.told) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<publish node='news'/>", ("bad-request", "item-required")),
        ("<publish node='news'><item id='a'/></publish>", ("bad-request", "payload-required")),
        (
            "<publish node='news'><item><a xmlns='x'/><b xmlns='x'/></item></publish>",
            ("bad-request", "invalid-payload"),
        ),
        (
            f"<publish node='news'><item><a>{'x' * 70_000}</a></item></publish>",
            ("not-acceptable", "payload-too-big"),
        ),
        ("<publish><item><a/></item></publish>", ("bad-request", "nodeid-required")),
        ("<retract node='news'/>", ("bad-request", "item-required")),
        ("<retract node='news'><item/></retract>", ("bad-request", "item-required")),
        ("<retract node='news' notify='x'><item id='a'/></retract>", ("bad-request", None)),
    ],
)
async def test_items_are_refused_with_the_reason(
    dialogue: Dialogue, content: str, expected: tuple[str, str | None]
) -> None:
    found = await fails(dialogue, content)
    assert (found.type, (found.condition, found.pubsub)) == ("modify", expected)


@pytest.mark.parametrize("wrong", [{"max_items": "7"}, {"access_model": "roster"}, {"x": "1"}])
async def test_the_node_must_be_as_publish_options_say(
    dialogue: Dialogue, wrong: dict[str, str]
) -> None:
    publish = "<publish node='news'><item id='a'><x/></item></publish>"

    def options(fields: dict[str, str]) -> str:
        return f"<publish-options>{form(f'{PUBSUB}#publish-options', **fields)}</publish-options>"

    await succeeds(dialogue, publish + options({"max_items": "20", "persist_items": "true"}))
    found = await fails(dialogue, publish + options(wrong))
    assert found == Refusal("cancel", "conflict", "precondition-not-met")


async def test_retracting(dialogue: Dialogue) -> None:
    await succeeds(dialogue, "<publish node='news'><item id='a'><x/></item></publish>")
    retract = "<retract node='news' notify='true'><item id='a'/></retract>"
    assert await fails(dialogue, retract, sender=AGENT) == Refusal("auth", "forbidden")
    await succeeds(dialogue, retract)
    assert await fails(dialogue, retract) == Refusal("cancel", "item-not-found")
