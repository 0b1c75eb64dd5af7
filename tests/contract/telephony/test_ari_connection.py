"""Staying connected to a real Asterisk, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from component.domain.events import AsteriskLost, CallerEntered, DeviceStateChanged
from component.domain.words import DeviceState
from component.telephony import connection
from component.telephony.asterisk import Asterisk
from component.telephony.client import AriClient
from component.telephony.connection import EVENTS, AriConnection
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER
from lab.asterisk import Asterisk as Pbx
from tests.contract.telephony.exchange import (
    DEVICES,
    Exchange,
    add_support,
    nothing_to_show,
    until,
    url_of,
)

pytestmark = pytest.mark.contract


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait as long as a busy Asterisk would like."""
    monkeypatch.setattr(connection, "LAST_RETRY_SECONDS", 1.0)
    monkeypatch.setattr(connection, "VACANCY_SECONDS", 0.2)
    monkeypatch.setattr(connection, "PULSE_SECONDS", 1.0)


async def takes_calls(exchange: Exchange) -> None:
    exchange.events.clear()
    call, _ = await exchange.caller_waits()
    await call.hang_up()


async def start_again(pbx: Pbx) -> None:
    await pbx.start()
    await add_support(pbx)


async def test_it_says_which_asterisk_it_is_connected_to(exchange: Exchange) -> None:
    assert exchange.asterisk.state.detail.startswith("connected to Asterisk ")


@pytest.mark.parametrize(("over_socket", "way"), [(True, "event socket"), (False, "HTTP")])
async def test_it_says_which_way_requests_go(pbx: Pbx, over_socket: bool, way: str) -> None:
    with capture_logs() as logs:
        async with Exchange(pbx, over_socket=over_socket):
            pass
    [connected] = [entry for entry in logs if entry["event"] == "asterisk connected"]
    assert connected["requests_over"] == way


async def test_changes_of_the_agents_devices_are_reported_once(exchange: Exchange) -> None:
    agent = await exchange.agent("1000")
    registered = await exchange.hears(DeviceStateChanged)
    assert registered == DeviceStateChanged("PJSIP/1000", DeviceState.NOT_INUSE)
    await agent.unregister()
    unregistered = await exchange.hears(DeviceStateChanged)
    assert unregistered == DeviceStateChanged("PJSIP/1000", DeviceState.UNAVAILABLE)


async def test_a_device_that_asterisk_cannot_be_asked_about_keeps_nobody_from_calls(
    exchange: Exchange,
) -> None:
    exchange.devices = ("PJSIP/2000,4000", *DEVICES)
    await exchange.restart()
    exchange.events.clear()
    agent = await exchange.agent("1000")
    assert (await exchange.hears(DeviceStateChanged)).device == "PJSIP/1000"
    await agent.unregister()


async def test_after_a_reconnect_with_callers_inside_they_are_still_reported_once(
    exchange: Exchange,
) -> None:
    await exchange.caller_waits()  # who keeps the application, and so its subscriptions, alive
    await exchange.restart()
    exchange.events.clear()
    agent = await exchange.agent("1000")
    await agent.unregister()
    await exchange.hears(DeviceStateChanged)
    await exchange.hears(DeviceStateChanged)
    await exchange.asterisk_answers()
    assert not any(isinstance(event, DeviceStateChanged) for event in exchange.events)


async def test_a_connection_that_lives_long_is_not_given_up(exchange: Exchange) -> None:
    await asyncio.sleep(5)  # some pulses
    assert exchange.asterisk.state.up
    assert len(exchange.snapshots) == 1


async def test_asterisk_stopped_and_started_again(exchange: Exchange, pbx: Pbx) -> None:
    await pbx.stop()
    await exchange.hears(AsteriskLost)
    assert not exchange.asterisk.state.up
    assert "asterisk.url" in exchange.asterisk.state.detail
    await start_again(pbx)
    await exchange.is_up()
    await takes_calls(exchange)
    assert len(exchange.snapshots) == 2


async def test_asterisk_crashed_and_started_again(exchange: Exchange, pbx: Pbx) -> None:
    await pbx.process.kill()
    await exchange.hears(AsteriskLost)
    await start_again(pbx)
    await exchange.is_up()
    await takes_calls(exchange)


async def test_asterisk_frozen_is_noticed_and_used_again_once_it_goes_on(
    exchange: Exchange, pbx: Pbx
) -> None:
    pbx.process.freeze()
    try:
        await exchange.hears(AsteriskLost, within=30)
        assert not exchange.asterisk.state.up
    finally:
        pbx.process.thaw()
    await exchange.is_up()
    await takes_calls(exchange)


async def test_asterisk_that_forgets_us_is_noticed(exchange: Exchange, pbx: Pbx) -> None:
    """The socket lives on, but nothing comes any more: only the pulse tells."""
    await exchange.ari.allow_events("ivr", ["StasisStart"])  # no pulse, in place of no events
    await exchange.hears(AsteriskLost, within=30)
    await exchange.is_up()
    await takes_calls(exchange)


async def test_asterisk_that_is_started_only_later(pbx: Pbx) -> None:
    await pbx.stop()
    http = AriHttpClient(url_of(pbx), ARI_USER, pbx.settings.ari_password, timeout=5)
    up = asyncio.Event()
    attempts = 0

    class Counting(AriClient):
        async def load(self) -> None:
            nonlocal attempts
            attempts += 1
            await super().load()

    async def connected() -> None:
        up.set()

    line = AriConnection(
        Counting(http, url_of(pbx)),
        "ivr",
        on_event=lambda _: None,
        on_connected=connected,
        on_lost=lambda: None,
        devices=lambda: DEVICES,
    )
    running = asyncio.create_task(line.run())
    try:
        await until(lambda: attempts >= 2)
        await start_again(pbx)
        await asyncio.wait_for(up.wait(), 30)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await http.close()


async def test_a_wrong_password_is_told_and_tried_again(pbx: Pbx) -> None:
    http = AriHttpClient(url_of(pbx), ARI_USER, "not the password", timeout=5)
    asterisk = Asterisk(
        AriClient(http, url_of(pbx)),
        "ivr",
        directory=NobodyKnown(),
        lookup_deadline=1,
        submit=lambda _: None,
        reconcile=no_strangers,
        acted_until=lambda: datetime.now(UTC),
        devices=lambda: DEVICES,
        shown=nothing_to_show,
    )
    with capture_logs() as logs:
        running = asyncio.create_task(asterisk.run())
        await until(lambda: len(logs) >= 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asterisk.close()
    assert not asterisk.state.up
    assert "401" in asterisk.state.detail
    assert "asterisk.password" in asterisk.state.detail
    assert "not the password" not in str(logs) + asterisk.state.detail


class NobodyKnown:
    async def customer(self, code: str, number: str = "") -> None:
        return None


async def no_strangers(snapshot: object) -> tuple[()]:
    return ()


async def test_only_events_that_are_needed_are_sent(exchange: Exchange, pbx: Pbx) -> None:
    [application] = await applications(exchange)
    assert application["events_allowed"] == [{"type": type_} for type_ in EVENTS]
    assert application["events_disallowed"] == []


async def applications(exchange: Exchange) -> list[dict[str, Any]]:
    listed = await exchange.ari._call("applications", "list")
    assert isinstance(listed, list)
    return listed


@pytest.fixture
async def raw_events(pbx: Pbx) -> AsyncIterator[list[str]]:
    """The types of all events that come while the application is served, unfiltered by us."""
    http = AriHttpClient(url_of(pbx), ARI_USER, pbx.settings.ari_password, timeout=5)
    types: list[str] = []
    up = asyncio.Event()

    async def connected() -> None:
        up.set()

    line = AriConnection(
        AriClient(http, url_of(pbx)),
        "raw",
        on_event=lambda event: types.append(str(event["type"])),
        on_connected=connected,
        on_lost=lambda: None,
        devices=lambda: DEVICES,
    )
    running = asyncio.create_task(line.run())
    await asyncio.wait_for(up.wait(), 30)
    yield types
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await http.close()


async def test_the_filter_filters(raw_events: list[str], exchange: Exchange, pbx: Pbx) -> None:
    await pbx.cli("channel originate Local/7000@from-callers application Stasis raw,support")
    await until(lambda: "StasisStart" in raw_events)
    for channel in await exchange.channels():
        await exchange.ari.set_variable(channel, "NOISE", "1")  # which makes a ChannelVarset
    await pbx.cli("channel request hangup all")
    await until(lambda: "StasisEnd" in raw_events)
    assert set(raw_events) <= set(EVENTS)


@pytest.fixture
async def second(pbx: Pbx) -> Exchange:
    """Another instance of us, with the same application."""
    return Exchange(pbx)


async def test_of_two_instances_the_later_one_has_the_calls(
    exchange: Exchange, second: Exchange
) -> None:
    with capture_logs() as logs:
        async with second:
            await exchange.hears(AsteriskLost)
            assert "taken over" in exchange.asterisk.state.detail
            await takes_calls(second)
            assert second.asterisk.state.up
            assert not exchange.asterisk.state.up
            assert not any(isinstance(event, CallerEntered) for event in exchange.events)
        await exchange.is_up()  # the place is free again
    await takes_calls(exchange)
    assert "critical" in {entry["log_level"] for entry in logs}


async def test_an_instance_that_is_told_to_takes_the_calls_back(
    exchange: Exchange, second: Exchange
) -> None:
    async with second:
        await exchange.hears(AsteriskLost)
        exchange.asterisk.reclaim()
        await exchange.is_up()
        await second.hears(AsteriskLost)
        await takes_calls(exchange)


async def test_reconnecting_while_devices_change_never_blocks_asterisk(
    exchange: Exchange,
) -> None:
    """Subscribed to all devices at once, one in a few of these ends in a deadlock of Asterisk."""
    exchange.devices = ("Stasis:busy",)  # a device whose state is set by ARI
    flood = asyncio.create_task(change_for_ever(exchange, "Stasis:busy"))
    for _ in range(20):
        await exchange.restart()
        await exchange.hears(DeviceStateChanged)
    flood.cancel()
    await asyncio.gather(flood, return_exceptions=True)
    await takes_calls(exchange)


async def change_for_ever(exchange: Exchange, device: str) -> None:
    while True:
        for state in ("INUSE", "NOT_INUSE"):
            await exchange.ari._call("deviceStates", "update", deviceName=device, deviceState=state)
