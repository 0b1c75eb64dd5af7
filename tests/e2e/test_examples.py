"""The documentation's examples of subscribers, run as they stand there, with a real call."""

import re
import shutil
import sys
from asyncio.subprocess import Process
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lab.paths import PROJECT
from lab.sip import OutgoingCall, ringing_only
from lab.xmpp_server import XmppServerSettings
from tests.contract.xmpp.client import Client
from tests.e2e.world import World
from tests.examples import EXAMPLES, NODE, line, running
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = [pytest.mark.e2e, on_every_xmpp_server]

SUBSCRIBER_PAGE = PROJECT / "docs" / "subscriber.md"
COPIED = ("subscriber.py", "call_event.py", "mended_slixmpp.py", "stream_parser.py")
ARGUMENTS = ("user1@example.com", "1000")


async def shown(world: World, process: Process) -> list[str]:
    """Return what the program writes about a call that rings, and that the caller ends."""
    await world.until(lambda: world.is_subscribed("1000"), "the example is subscribed")
    phone = await world.agent("1000")
    phone.on_call = ringing_only()
    call = await world.call_support("1111")
    first = await line(process)
    await call.hang_up()
    return [first, await line(process)]


def password(settings: XmppServerSettings) -> dict[str, str]:
    return {"XMPP_PASSWORD": settings.passwords["user1"]}


async def test_python_copied_as_it_says(world: World, tmp_path: Path) -> None:
    for name in COPIED:
        text = (PROJECT / "component" / name).read_text()
        (tmp_path / name).write_text(re.sub(r"(?m)^from component\.", "from ", text))
    shutil.copy(EXAMPLES / "show_calls.py", tmp_path)
    settings = world.xmpp.settings
    environment = password(settings) | {"XMPP_SERVER": f"127.0.0.1:{settings.c2s_port}"}

    async with running(
        [sys.executable, "show_calls.py", *ARGUMENTS], tmp_path, environment
    ) as process:
        assert await shown(world, process) == [
            "offered Company 1 5550100",
            "withdrawn Company 1 5550100",
        ]


async def test_javascript(world: World, javascript: Path) -> None:
    settings = world.xmpp.settings
    service = {"XMPP_SERVICE": f"xmpp://127.0.0.1:{settings.c2s_port}"}
    command = [str(NODE), "show_calls.mjs", *ARGUMENTS]

    async with running(command, javascript, password(settings) | service) as process:
        [offered, withdrawn] = await shown(world, process)

    assert offered == "offered Company 1 5550100"
    assert withdrawn.startswith("withdrawn ")


class Dialogue:
    """What is said over the wire, and what happens between."""

    def __init__(self, world: World, client: Client) -> None:
        self._world = world
        self._client = client
        self._answer: ET.Element | None = None
        self._call: OutgoingCall | None = None
        self._told = 0

    async def say(self, stanza: str) -> None:
        if stanza.startswith("<iq"):
            self._answer = await self._client.ask(re.sub(' id="[^"]*"', "", stanza, count=1))
        else:
            self._client.say(stanza)

    async def hears(self, expected: ET.Element) -> ET.Element:
        """Return what came where something like `expected` should have."""
        if expected.tag == "iq":
            assert self._answer is not None
            expected.attrib.pop("id")
            return self._answer
        if self._call is None:
            self._call = await self._world.call_support("1111")
        else:
            await self._call.hang_up()
        self._told += 1
        await self._world.until(self._all_was_told, "all notifications have come")
        return self._notifications()[-1]

    async def _all_was_told(self) -> bool:
        return len(self._notifications()) == self._told

    def _notifications(self) -> list[ET.Element]:
        """Return what the page is about; the chat message to who is logged on is not."""
        return [message for message in self._client.heard if message.get("type") == "headline"]


def differences(expected: ET.Element, found: ET.Element, path: str = "") -> list[str]:
    """Tell what is not as expected; `…` stands for anything, what is not mentioned too."""
    here = f"{path}/{expected.tag}"
    if _of_the_stream(expected.tag) != _of_the_stream(found.tag):
        return [f"{here} is {found.tag}"]
    told = [
        f"{here} has {name}={found.get(name)}"
        for name, value in expected.items()
        if found.get(name) is None or value not in ("…", found.get(name))
    ]
    text, said = ((element.text or "").strip() for element in (expected, found))
    if text == "…":
        return told
    if text != said:
        told.append(f"{here} says {said}")
    if len(expected) != len(found):
        return [*told, f"{here} contains {[child.tag for child in found]}"]
    for one, other in zip(expected, found, strict=True):
        told += differences(one, other, here)
    return told


def _of_the_stream(tag: str) -> str:
    """Return a name with its namespace; that of the stream is not written on the page."""
    return tag if tag.startswith("{") else f"{{jabber:client}}{tag}"


async def test_raw_xml(world: World) -> None:
    page = SUBSCRIBER_PAGE.read_text()
    blocks = re.findall(r'```xml title="you (send|receive)"\n(.*?)\n```', page, re.DOTALL)
    assert len(blocks) == 9
    phone = await world.agent("1000")
    phone.on_call = ringing_only()

    async with Client(world.xmpp.settings) as client:
        dialogue = Dialogue(world, client)
        for direction, stanza in blocks:
            if direction == "send":
                await dialogue.say(stanza)
                continue
            expected = ET.fromstring(stanza)
            assert differences(expected, await dialogue.hears(expected)) == []
