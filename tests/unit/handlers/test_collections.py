"""There are leaf nodes only: whoever asks for a collection (XEP-0248) is told so."""

from xml.etree import ElementTree as ET

import pytest

from tests.unit.handlers.dialogue import Dialogue, Refusal, refusal
from tests.unit.handlers.requests import (
    NODE_CONFIG,
    OWNER,
    PUBSUB,
    answer,
    fails,
    filled,
    form,
    succeeds,
    with_news,
)

pytestmark = pytest.mark.unit

UNSUPPORTED = Refusal("cancel", "feature-not-implemented", "unsupported", "collections")


@pytest.fixture
def dialogue() -> Dialogue:
    return with_news()


def configured(**fields: str) -> str:
    return f"<configure>{form(NODE_CONFIG, **fields)}</configure>"


@pytest.mark.parametrize(
    ("content", "namespace"),
    [
        (f"<create node='c'/>{configured(node_type='collection')}", PUBSUB),
        (f"<create node='c'/>{configured(collection='top')}", PUBSUB),
        ("<create node='c' type='collection'/>", PUBSUB),
        (
            f"<configure node='news'>{form(NODE_CONFIG, node_type='collection')}</configure>",
            OWNER,
        ),
        (f"<configure node='news'>{form(NODE_CONFIG, children='a')}</configure>", OWNER),
        (f"<configure node='news'>{form(NODE_CONFIG, children_max='9')}</configure>", OWNER),
        ("<collection node='c'><associate node='news'/></collection>", OWNER),
        ("<collection node='c'><disassociate node='news'/></collection>", OWNER),
        (
            "<publish node='news'><item><x/></item></publish><publish-options>"
            f"{form(f'{PUBSUB}#publish-options', collection='top')}</publish-options>",
            PUBSUB,
        ),
    ],
)
async def test_nobody_gets_a_collection(dialogue: Dialogue, content: str, namespace: str) -> None:
    assert await fails(dialogue, content, namespace) == UNSUPPORTED


@pytest.mark.parametrize(
    "asked",
    [
        f"<default>{form(NODE_CONFIG, node_type='collection')}</default>",
        "<default type='collection'/>",
    ],
)
async def test_collections_have_no_default(dialogue: Dialogue, asked: str) -> None:
    assert refusal(await answer(dialogue, "get", asked, OWNER)) == UNSUPPORTED


@pytest.mark.parametrize("type_", ["leaf", None])
async def test_leaves_have_and_it_says_so_to_who_asks(
    dialogue: Dialogue, type_: str | None
) -> None:
    asked = f"<default type='{type_}'/>" if type_ else "<default/>"
    reply = await answer(dialogue, "get", asked, OWNER)
    assert filled(reply)["pubsub#node_type"] == "leaf"
    assert ET.fromstring(reply)[0][0].get("type") == type_


async def test_a_leaf_may_be_asked_for_by_name(dialogue: Dialogue) -> None:
    await succeeds(dialogue, f"<create node='blog'/>{configured(node_type='leaf')}")
    values = filled(await answer(dialogue, "get", "<configure node='blog'/>", OWNER))
    assert values["pubsub#node_type"] == "leaf"
    strange = f"<create node='x'/>{configured(node_type='tree')}"
    assert await fails(dialogue, strange) == Refusal("modify", "not-acceptable")
