"""A phone's audio, on real sockets."""

import pytest

from lab.sip.media import Media
from lab.sip.rtp import Packet, Source
from lab.sip.udp import PHONE_PORTS

pytestmark = pytest.mark.contract


async def test_what_came_before_the_end_of_a_call_is_heard() -> None:
    ours, theirs = (PHONE_PORTS.open("127.0.0.1") for _ in range(2))
    media, source = Media(ours, lambda: None), Source()
    for word in (b"good", b"bye"):
        theirs.send(source.pack(Packet(0, 0, word)), (ours.host, ours.port))
    media.close()
    theirs.close()
    assert media.heard == b"goodbye"
