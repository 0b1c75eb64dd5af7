import asyncio
from xml.etree import ElementTree as ET

import pytest

from component.markup import element
from component.xmpp.requests import Requests
from tests.unit.xmpp.wire import DOMAIN, FakeWire

pytestmark = pytest.mark.unit

SERVER = "example.com"


class Asking:
    """One request under way."""

    def __init__(self, patience: float = 20.0) -> None:
        self.wire = FakeWire()
        self.requests = Requests(self.wire, DOMAIN, patience)

    async def begin(self) -> asyncio.Task[ET.Element | None]:
        task = asyncio.create_task(self.requests.ask(SERVER, element("query")))
        await asyncio.sleep(0)
        return task

    def answer(self, type_: str = "result", sender: str = SERVER) -> bool:
        (asked,) = self.wire.stanzas()
        attributes = {"type": type_, "from": sender, "id": asked.get("id", "")}
        return self.requests.answered(ET.Element("iq", attributes))


async def test_a_request_is_answered_by_a_result() -> None:
    asking = Asking()
    task = await asking.begin()
    (asked,) = asking.wire.stanzas()
    assert (asked.get("type"), asked.get("from"), asked.get("to")) == ("get", DOMAIN, SERVER)
    assert asking.answer()
    answer = await task
    assert answer is not None
    assert answer.get("id") == asked.get("id")


async def test_an_error_is_no_result() -> None:
    asking = Asking()
    task = await asking.begin()
    assert asking.answer("error")
    assert await task is None


async def test_no_answer_is_no_result() -> None:
    task = await Asking(patience=0.001).begin()
    assert await task is None


@pytest.mark.parametrize(("type_", "sender"), [("result", "other.example.com"), ("get", SERVER)])
async def test_other_stanzas_are_no_answer(type_: str, sender: str) -> None:
    asking = Asking()
    task = await asking.begin()
    assert not asking.answer(type_, sender)
    assert asking.answer()
    await task


async def test_an_answer_counts_once() -> None:
    asking = Asking()
    task = await asking.begin()
    assert asking.answer()
    await task
    assert not asking.answer()
