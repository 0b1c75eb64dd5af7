import pytest
from hypothesis import given
from hypothesis import strategies as st

from component.domain.asterisk_ids import earlier_bridge, leg_channel, talk_bridge
from component.domain.model import Leg
from component.telephony.names import announcement, announcement_of, customer_of, is_of_talk, leg_of

pytestmark = pytest.mark.unit

call_ids = st.text(min_size=1)


@given(call_ids, st.integers(1, 999_999_999))
def test_a_leg_can_be_read_off_its_channel(call_id: str, attempt: int) -> None:
    leg = Leg(call_id, attempt)
    assert leg_of(leg_channel(leg)) == leg


@given(call_ids, st.integers(1, 999_999_999))
def test_a_call_can_be_read_off_the_channel_to_its_customer(call_id: str, number: int) -> None:
    channel = f"ivrcallback-{call_id}.{number}"
    assert customer_of(channel) == call_id
    assert leg_of(channel) is None


@pytest.mark.parametrize(
    "channel", ["1767323045.1", "ivr-c1.2", "ivrcallback-c1", "ivrcallback-.1"]
)
def test_no_other_channel_is_to_a_customer(channel: str) -> None:
    assert customer_of(channel) is None


@given(call_ids, st.integers(1, 999_999_999))
def test_a_bridge_of_a_talk_is_known_by_its_name_and_by_an_earlier_one(
    call_id: str, attempt: int
) -> None:
    bridge = talk_bridge(Leg(call_id, attempt), "1767323045.1")
    assert is_of_talk(bridge)
    assert is_of_talk(earlier_bridge(call_id))
    assert leg_of(bridge) is None


def test_no_two_talks_are_in_bridges_of_the_same_name() -> None:
    """A request to take down that of the talk before may be carried out late."""
    first, second = Leg("c1", 1), Leg("c1", 2)
    talks = [(first, "caller"), (second, "caller"), (first, "who took the place of the caller")]
    assert len({talk_bridge(leg, channel) for leg, channel in talks}) == 3


def test_an_announcement_can_be_read_off_its_playback() -> None:
    assert announcement_of(announcement("c1", 3)) == ("c1", 3)
    assert announcement_of("2f9c") is None


@given(st.text())
def test_no_two_channels_are_taken_for_the_same_leg(channel: str) -> None:
    leg = leg_of(channel)
    assert leg is None or leg_channel(leg) == channel


@pytest.mark.parametrize(
    "channel",
    [
        "1795396909.412",
        "",
        "ivr-",
        "ivr-abc",
        "ivr-abc.",
        "ivr-abc.0",
        "ivr-abc.01",
        "ivr-.1",
        "abc.1",
    ],
)
def test_other_channels_are_no_legs(channel: str) -> None:
    assert leg_of(channel) is None


@pytest.mark.parametrize("bridge", ["", "ivr-", "ivrtalk-", "2f9c", "conference-ivr-1"])
def test_other_bridges_are_of_no_talk(bridge: str) -> None:
    assert not is_of_talk(bridge)
