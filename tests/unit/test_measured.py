import asyncio
import time
from collections.abc import Collection, Sequence
from xml.etree import ElementTree as ET

import pytest

from component.domain.model import Call, Customer
from component.markup import Markup
from component.measured import MeasuredAnswerer, MeasuredDirectory, MeasuredStore, measure_lag
from component.metrics import Metrics
from component.ports import Changes, Stored, StoreRefusedError, StoreUnavailableError
from component.pubsub.model import Item

pytestmark = pytest.mark.unit

RESULT = Markup("<iq type='result' id='1'/>")
ERROR = Markup("<iq type='error' id='1'><error type='cancel'/></iq>")


ODD = Markup("""<iq type='result' id="> type='error'"/>""")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


class Server:
    """A database and a dispatcher that do as they are told."""

    def __init__(self, *, fails: Exception | None = None, reply: Markup | None = None) -> None:
        self._fails = fails
        self._reply = reply

    async def load(self) -> Stored:
        return Stored()

    async def read_items(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        return []

    async def last_ended(self, channels: Collection[str]) -> list[Call]:
        return []

    async def commit(self, changes: Changes) -> None:
        if self._fails:
            raise self._fails

    async def customer(self, code: str, number: str = "") -> Customer | None:
        if self._fails:
            raise self._fails
        return Customer(1, code, "Company 1") if code == "1111" else None

    async def answer(self, stanza: ET.Element) -> Markup | None:
        return self._reply

    def decline(self, stanza: ET.Element) -> Markup | None:
        return self._reply


def stanza(name: str, type_: str) -> ET.Element:
    return ET.Element(f"{{jabber:component:accept}}{name}", {"type": type_, "from": "a@b"})


@pytest.mark.parametrize(("code", "result"), [("1111", "found"), ("9999", "unknown")])
async def test_lookups_are_counted_by_result(metrics: Metrics, code: str, result: str) -> None:
    await MeasuredDirectory(Server(), metrics).customer(code)

    read = metrics.registry.get_sample_value
    assert read("ivr_customer_lookups_total", {"result": result}) == 1
    assert read("ivr_customer_lookup_seconds_count", {"result": result}) == 1


async def test_a_lookup_that_fails_is_counted_and_fails(metrics: Metrics) -> None:
    with pytest.raises(StoreUnavailableError):
        await MeasuredDirectory(Server(fails=StoreUnavailableError()), metrics).customer("1111")

    read = metrics.registry.get_sample_value
    assert read("ivr_customer_lookups_total", {"result": "timeout"}) == 1
    assert read("ivr_customer_lookup_seconds_count", {"result": "timeout"}) == 1


@pytest.mark.parametrize(
    ("error", "word"),
    [(StoreUnavailableError("away"), "no_answer"), (StoreRefusedError("no"), "refused")],
)
async def test_a_commit_that_fails_is_counted_and_fails(
    metrics: Metrics, error: Exception, word: str
) -> None:
    store = MeasuredStore(Server(fails=error), metrics)
    with pytest.raises(type(error)):
        await store.commit(Changes())

    assert metrics.registry.get_sample_value("ivr_engine_commit_errors_total", {"error": word}) == 1


@pytest.mark.parametrize(("reply", "refused"), [(RESULT, 0), (ERROR, 1), (ODD, 0)])
async def test_requests_are_timed_and_refusals_counted(
    metrics: Metrics, reply: Markup, refused: int
) -> None:
    answered = await MeasuredAnswerer(Server(reply=reply), metrics).answer(stanza("iq", "get"))

    assert answered == reply
    assert metrics.registry.get_sample_value("ivr_xmpp_request_seconds_count") == 1
    assert metrics.registry.get_sample_value("ivr_xmpp_requests_refused_total") == refused


async def test_what_needs_no_answer_is_no_request(metrics: Metrics) -> None:
    await MeasuredAnswerer(Server(), metrics).answer(stanza("iq", "result"))

    assert metrics.registry.get_sample_value("ivr_xmpp_request_seconds_count") == 0
    assert metrics.registry.get_sample_value("ivr_xmpp_requests_unanswered_total") == 0


async def test_a_request_that_cannot_be_answered_is_counted(metrics: Metrics) -> None:
    await MeasuredAnswerer(Server(), metrics).answer(stanza("iq", "get"))

    assert metrics.registry.get_sample_value("ivr_xmpp_requests_unanswered_total") == 1


async def test_a_message_that_comes_back_is_counted(metrics: Metrics) -> None:
    await MeasuredAnswerer(Server(), metrics).answer(stanza("message", "error"))

    assert metrics.registry.get_sample_value("ivr_bounced_messages_total") == 1


def test_a_request_that_is_declined_is_counted(metrics: Metrics) -> None:
    declined = MeasuredAnswerer(Server(reply=ERROR), metrics).decline(stanza("iq", "get"))

    assert declined == ERROR
    assert metrics.registry.get_sample_value("ivr_xmpp_requests_declined_total") == 1


def test_what_cannot_be_declined_is_not_counted_as_such(metrics: Metrics) -> None:
    assert MeasuredAnswerer(Server(), metrics).decline(stanza("iq", "result")) is None

    assert metrics.registry.get_sample_value("ivr_xmpp_requests_declined_total") == 0


async def test_an_event_loop_that_is_held_up_lags() -> None:
    lags: list[float] = []
    measuring = asyncio.create_task(measure_lag(lags.append))
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - this is what holds it up
    await asyncio.sleep(0.05)
    measuring.cancel()

    assert max(lags) > 0.2
