"""The reference software against a real XMPP server: Prosody's own publish-subscribe service."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from component.call_event import CallEvent
from component.domain.words import CallState
from component.subscriber import RefusedError
from lab.ports import PortBlock
from tests.contract.subscriber.calls import ANSWERED, ENDED, ENTERED, OFFERED, call
from tests.contract.subscriber.pubsub_server import SERVICE_AWAY, Prosody, Publisher
from tests.contract.subscriber.watched import PATIENCE, Log, Watched, refusal
from tests.line import Line

pytestmark = pytest.mark.contract


async def test_a_call_is_shown_with_all_that_is_known(
    prosody: Prosody, publisher: Publisher
) -> None:
    async with Watched(prosody.port) as watched:
        await publisher.publish(ANSWERED)
        await watched.has_shown(("answered", "c1"))
    assert watched.events == [
        CallEvent(
            state="answered", call_id="c1", revision=2, queue="support", extension="1000",
            caller_number="4711", caller_name="Alice",
            customer_code="1111", customer_name="Company 1",
            customer_attributes={"contract": "gold"}, digits="1111", waiting=3.0,
            entered=ENTERED, offered=ENTERED + timedelta(seconds=3),
            answered=ENTERED + timedelta(seconds=6), ended=None,
        )
    ]  # fmt: skip


async def test_an_unknown_customer_is_empty(prosody: Prosody, publisher: Publisher) -> None:
    async with Watched(prosody.port) as watched:
        await publisher.publish(replace(OFFERED, customer=None, digits=""))
        await watched.has_shown(("offered", "c1"))
    assert (watched.events[0].customer_code, watched.events[0].customer_attributes) == ("", {})


async def test_a_call_is_followed_to_its_end(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        for stage in (OFFERED, ANSWERED, ENDED):
            await publisher.publish(stage)
        await watched.has_shown(("offered", "c1"), ("answered", "c1"), ("ended", "c1"))


async def test_an_offer_that_is_retracted_is_withdrawn(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        await publisher.publish(OFFERED)
        await publisher.retract("c1")
        await watched.has_shown(("offered", "c1"), ("withdrawn", "c1"))
    assert watched.events[1].caller_number == "4711"


async def test_an_offer_is_withdrawn_when_the_node_is_emptied(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        await publisher.publish(OFFERED)
        await publisher.purge()
        await watched.has_shown(("offered", "c1"), ("withdrawn", "c1"))


async def test_a_call_that_ended_is_not_withdrawn(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        await publisher.publish(ENDED)
        await publisher.retract("c1")
        await publisher.publish(call("c2"))
        await watched.has_shown(("ended", "c1"), ("offered", "c2"))


async def test_a_call_can_be_offered_again(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        await publisher.publish(OFFERED)
        await publisher.retract("c1")
        await publisher.publish(replace(OFFERED, revision=5))
        await watched.has_shown(("offered", "c1"), ("withdrawn", "c1"), ("offered", "c1"))


async def test_nothing_is_shown_twice_and_nothing_old(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        for stage in (ANSWERED, ANSWERED, OFFERED):
            await publisher.publish(stage)
        await publisher.publish(call("c2"))
        await watched.has_shown(("answered", "c1"), ("offered", "c2"))


async def test_calls_under_way_are_shown_at_the_start(
    prosody: Prosody, publisher: Publisher
) -> None:
    await publisher.publish(call("ended before", CallState.ENDED, 3))
    await publisher.publish(call("under way"))
    async with Watched(prosody.port) as watched:
        await watched.has_shown(("offered", "under way"))


async def test_calls_that_ended_before_are_shown_if_asked_for(
    prosody: Prosody, publisher: Publisher
) -> None:
    await publisher.publish(call("under way"))
    await publisher.publish(replace(call("before", CallState.ENDED, 3), ended_at=ENTERED))
    async with Watched(prosody.port, history=True) as watched:
        await watched.has_shown(("ended", "before"), ("offered", "under way"))


async def test_what_was_missed_is_shown_after_a_reconnect(
    line: Line, publisher: Publisher, log: Log
) -> None:
    await publisher.publish(call("still open"))
    await publisher.publish(call("ends meanwhile"))
    async with Watched(line.port) as watched:
        await log.says("following")
        line.cut()
        await log.says("not connected")
        await publisher.publish(call("ends meanwhile", CallState.ENDED, 3))
        await publisher.publish(call("comes meanwhile", CallState.ANSWERED, 2))
        line.mend()
        await watched.has_shown(
            ("offered", "still open"), ("offered", "ends meanwhile"),
            ("answered", "comes meanwhile"), ("ended", "ends meanwhile"),
        )  # fmt: skip
        await log.says("following")
        await publisher.publish(call("comes then"))
        await watched.has_shown(
            ("offered", "still open"), ("offered", "ends meanwhile"),
            ("answered", "comes meanwhile"), ("ended", "ends meanwhile"), ("offered", "comes then"),
        )  # fmt: skip


async def test_an_offer_withdrawn_meanwhile_is_withdrawn_after_a_reconnect(
    line: Line, publisher: Publisher, log: Log
) -> None:
    await publisher.publish(OFFERED)
    async with Watched(line.port) as watched:
        await log.says("following")
        line.cut()
        await log.says("not connected")
        await publisher.retract("c1")
        line.mend()
        await watched.has_shown(("offered", "c1"), ("withdrawn", "c1"))


async def test_a_server_that_restarts_is_found_again(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    await publisher.publish(OFFERED)
    async with Watched(prosody.port) as watched:
        await log.says("following")
        await prosody.process.kill()
        await log.says("the connection is lost")
        await log.says("the server cannot be reached")
        await prosody.start()
        await log.says("following")
        async with Publisher(prosody.port) as again:
            await again.publish(ANSWERED)
        await watched.has_shown(("offered", "c1"), ("answered", "c1"))


async def test_a_server_that_hangs_is_noticed(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port, keepalive=1.0) as watched:
        await log.says("following")
        prosody.process.freeze()
        await log.says("not connected")
        await log.says("not connected")  # the port accepts connections, and nothing follows
        prosody.process.thaw()
        await log.says("following")
        await publisher.publish(OFFERED)
        await watched.has_shown(("offered", "c1"))


async def test_silence_is_no_reason_to_reconnect(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port, keepalive=1.0) as watched:
        await log.says("following")
        await asyncio.sleep(3.0)  # three times the silence after which the connection is tested
        await publisher.publish(OFFERED)
        await watched.has_shown(("offered", "c1"))
    assert log.messages.empty()


async def test_a_service_that_is_away_is_waited_for_without_leaving(
    prosody: Prosody, log: Log
) -> None:
    async with Watched(prosody.port, service=SERVICE_AWAY):
        await log.says("remote-server-timeout")
        await log.says("remote-server-timeout")
    assert prosody.log.read_text().count("Authenticated as user1") == 1


async def test_a_service_that_does_not_exist_is_final(prosody: Prosody) -> None:
    assert "not-allowed" in await refusal(prosody.port, service="elsewhere.example.org")


async def test_calls_of_other_extensions_are_not_shown(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    await publisher.create("ext2000")
    async with (
        Watched(prosody.port, extension="2000") as other,
        Watched(prosody.port) as watched,
    ):
        await log.says("following")
        await log.says("following")
        await publisher.publish(call("theirs"), "ext2000")
        await other.has_shown(("offered", "theirs"))
        await publisher.publish(call("ours"))
        await watched.has_shown(("offered", "ours"))


@pytest.mark.parametrize("payload", ["{}", "[]", "nonsense", '{"id": "c0", "caller": null}'])
async def test_what_cannot_be_read_is_passed_over(
    prosody: Prosody, publisher: Publisher, log: Log, payload: str
) -> None:
    async with Watched(prosody.port) as watched:
        await log.says("following")
        json = f'<json xmlns="urn:xmpp:json:0">{payload}</json>'
        await publisher.publish_xml("c0", f'<call xmlns="urn:ivr-pubsub:call:1">{json}</call>')
        await log.says("cannot read item c0")
        await publisher.publish(OFFERED)
        await watched.has_shown(("offered", "c1"))


async def test_a_wrong_password_is_final(prosody: Prosody) -> None:
    assert "password" in await refusal(prosody.port, password="wrong")


async def test_an_unknown_extension_is_final(prosody: Prosody, publisher: Publisher) -> None:
    assert "ext4000 at ivr.example.com: item-not-found" in await refusal(
        prosody.port, extension="4000"
    )


async def test_the_end_of_the_node_is_final(
    prosody: Prosody, publisher: Publisher, log: Log
) -> None:
    async with Watched(prosody.port, keepalive=1.0) as watched:
        await log.says("following")
        await publisher.delete()
        with pytest.raises(RefusedError, match="item-not-found"):
            await asyncio.wait_for(watched._task, PATIENCE)


async def test_a_server_without_encryption_is_not_trusted(prosody: Prosody, log: Log) -> None:
    assert "cannot log in" in await refusal(prosody.port, plaintext=False)


class TestEncrypted:
    @pytest.fixture
    async def prosody(self, tmp_path: Path, ports: PortBlock) -> AsyncIterator[Prosody]:
        prosody = Prosody(tmp_path, ports.take(), encrypted=True)
        prosody.install()
        await prosody.start()
        yield prosody
        await prosody.process.stop()

    async def test_a_trusted_certificate_is_accepted(
        self, prosody: Prosody, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(prosody.certificate))
        why = await refusal(prosody.port, plaintext=False)
        assert "item-not-found" in why  # logged in, to a service without nodes

    async def test_an_unknown_certificate_is_not_trusted(self, prosody: Prosody, log: Log) -> None:
        async with Watched(prosody.port, plaintext=False):
            await log.says("the connection is lost")
