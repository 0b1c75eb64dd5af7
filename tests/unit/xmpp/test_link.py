import pytest

from component.xmpp.link import XmppLink, longest_wait
from component.xmpp.session import Place, Timings

pytestmark = pytest.mark.unit

TIMINGS = Timings(first_retry=0.5, longest_retry=15.0, refused_retry=30.0)


def test_the_wait_doubles_up_to_the_longest() -> None:
    waits = [longest_wait(TIMINGS, failures, refused=False) for failures in range(1, 8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_it_stays_there_for_ever() -> None:
    assert longest_wait(TIMINGS, 1_000_000, refused=False) == 15.0


def test_what_somebody_has_to_mend_is_not_tried_often() -> None:
    assert longest_wait(TIMINGS, 1, refused=True) == 30.0


def test_what_is_sent_while_disconnected_is_left_to_be_sent_later() -> None:
    link = XmppLink(Place("ivr.example.com", "127.0.0.1", 5347, "secret"))
    link.send([])
    assert (link.up, link.detail) == (False, "not connected yet")


def test_the_secret_is_not_shown() -> None:
    assert "hush" not in repr(Place("ivr.example.com", "127.0.0.1", 5347, "hush"))
