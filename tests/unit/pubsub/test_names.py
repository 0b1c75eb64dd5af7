"""How names of nodes are written."""

from stringprep import in_table_a1, in_table_d1

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slixmpp.jid import JID, InvalidJID

from component.pubsub.configuration import DEFAULT
from component.pubsub.errors import NameNotPreparedError
from component.pubsub.names import is_prepared
from component.pubsub.service import Request
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN

pytestmark = pytest.mark.unit

AS_IT_IS = ["news", "http://jabber.org/protocol/tune", " a b ", "Neuigkeiten für alle", "новости",
            "חדשות", "新聞", "\u2603", "\U0001f4de"]  # fmt: skip

NOT_AS_IT_IS = {
    "a ligature": "of\ufb01ce",
    "full width": "\uff4eews",
    "not composed": "e\u0301",
    "a soft hyphen": "ne\u00adws",
    "a joiner": "news\u200d",
    "right to left by force": "\u202enews",
    "in two directions": "news \u05d7\u05d3\u05e9\u05d5\u05ea",
    "right to left, with a number last": "\u05d7\u05d3\u05e9 1",
    "private": "\ue000",
    "a control character": "news\x7f",
    "a line": "a\nb",
    "a blank that is none": "a\u00a0b",
    "a tag": "\U000e0041",
}


@pytest.mark.parametrize("name", AS_IT_IS)
def test_names_may_be_of_any_language(name: str) -> None:
    assert is_prepared(name)


@pytest.mark.parametrize("name", NOT_AS_IT_IS.values(), ids=NOT_AS_IT_IS)
def test_what_would_be_written_otherwise_is_no_name(name: str) -> None:
    """XEP-0060 §4.6.2."""
    service = News()
    before = service.contents()
    with pytest.raises(NameNotPreparedError):
        service.do(lambda pubsub: pubsub.create(Request(ADMIN, DOMAIN), name, DEFAULT))
    assert service.contents() == before


def has_one_meaning(character: str) -> bool:
    """Tell whether a character has not come, nor changed its direction, since stringprep."""
    return not in_table_a1(character) and not in_table_d1(character)


@given(st.text(st.characters(codec="utf-8").filter(has_one_meaning), min_size=1))
def test_it_is_what_addresses_are_held_to(name: str) -> None:
    """A resource of a JID is held to Resourceprep, too."""
    try:
        kept = JID(f"user@example.com/{name}").resource == name
    except InvalidJID:
        kept = False
    assert is_prepared(name) is kept
