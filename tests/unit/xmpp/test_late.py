import pytest

from component.ports import Outgoing
from component.xmpp.late import late

pytestmark = pytest.mark.unit


def test_what_is_late_says_when_it_was_made() -> None:
    made = 1_767_258_000_250_000  # 2026-01-01 09:00:00.25, in microseconds
    message = Outgoing(made, "ext1000@ivr.example.com", ("a@example.com",), "headline", "<x/>")
    assert late(message).body == (
        "<x/><delay xmlns='urn:xmpp:delay' from='ext1000@ivr.example.com'"
        " stamp='2026-01-01T09:00:00.250000Z'/>"
    )
    assert late(message).seq == made, "who has it already knows it by its id"


def test_what_was_no_news_when_it_was_made_says_when_it_was() -> None:
    """XEP-0203 §2: one and only one delay."""
    earlier = "<delay xmlns='urn:xmpp:delay' from='ivr.example.com' stamp='2025-12-31T09:00:00Z'/>"
    message = Outgoing(1, "ivr.example.com", ("a@example.com",), "headline", f"<event/>{earlier}")
    assert late(message) == message


def test_a_delay_in_what_was_published_is_the_publishers() -> None:
    payload = "<delay xmlns='urn:xmpp:delay' stamp='2025-12-31T09:00:00Z'/>"
    event = f"<event><items><item>{payload}<event></event></item></items></event>"
    message = Outgoing(1, "ivr.example.com", ("a@example.com",), "headline", event)
    assert late(message).body.removeprefix(event).startswith("<delay ")
