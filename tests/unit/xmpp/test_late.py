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
