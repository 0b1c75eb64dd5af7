"""The configuration file read anew while the service runs."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from component import config
from component.config import Config, keys
from component.operations.changes import OpenQueue, Reload
from component.operations.model import RefusedError
from component.reloading import AT_RUN_TIME, LiveBooks, Reloader, differences
from lab.paths import PROJECT
from tests.small_centre import Notebook

pytestmark = pytest.mark.unit

PAGE = (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")

Sections = dict[str, dict[str, Any]]


def settings(**changed: dict[str, Any]) -> Config:
    sections: Sections = {
        "xmpp": {"domain": "ivr.example.com", "secret": "hush"},
        "asterisk": {"username": "ivr", "password": "hush"},
    }
    for section, values in changed.items():
        sections[section] = sections.get(section, {}) | values
    return config.from_mapping(sections)


class Running:
    """A service that takes a configuration over, and the file that it is read from."""

    def __init__(self) -> None:
        self.file: Callable[[], Config] = settings
        self.in_force: list[Config] = []
        self.refusal: Exception | None = None
        self.reload = Reloader(settings(), self.read, self.take_over)

    def read(self) -> Config:
        return self.file()

    async def take_over(self, wanted: Config) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.in_force.append(wanted)


@pytest.fixture
def running() -> Running:
    return Running()


async def test_what_did_not_change_is_not_taken_over(running: Running) -> None:
    assert await running.reload() == "The file has nothing new."
    assert running.in_force == []


async def test_what_can_change_does_and_the_rest_is_named(running: Running) -> None:
    running.file = lambda: settings(
        log={"level": "debug"}, http={"port": 9}, xmpp={"secret": "new", "admins": ["a@b.c"]}
    )
    said = await running.reload()
    assert said == (
        "Taken over from the file: [xmpp] admins, [log] level."
        " Not before a restart: [xmpp] secret, [http] port."
    )
    (taken,) = running.in_force
    assert taken == settings(log={"level": "debug"}, xmpp={"admins": ["a@b.c"]})
    again = await running.reload()
    assert again == "Not before a restart: [xmpp] secret, [http] port."


async def test_a_file_that_is_wrong_changes_nothing(running: Running) -> None:
    running.file = lambda: settings(log={"level": "loud"})
    with pytest.raises(RefusedError, match=r"\[log\] level: must be 'debug'") as refused:
        await running.reload()
    assert "\n" not in str(refused.value)
    assert running.in_force == []


async def test_what_could_not_be_taken_over_is_tried_again(running: Running) -> None:
    running.file = lambda: settings(log={"level": "debug"})
    running.refusal = RefusedError("No.")
    with pytest.raises(RefusedError):
        await running.reload()
    running.refusal = None
    assert await running.reload() == "Taken over from the file: [log] level."


async def test_the_database_is_read_after_the_file_and_not_if_that_is_wrong(
    running: Running,
) -> None:
    notebook = Notebook()
    books = LiveBooks(notebook, running.reload)
    assert await books.write(OpenQueue("support")) == ""
    assert await books.write(Reload()) == "The file has nothing new."
    running.file = lambda: settings(log={"level": "loud"})
    with pytest.raises(RefusedError):
        await books.write(Reload())
    assert notebook.written == [OpenQueue("support"), Reload()]


def test_no_secret_is_told() -> None:
    changed = differences(settings(), settings(xmpp={"secret": "whisper"}))
    assert list(changed) == [("xmpp", "secret")]


def test_every_key_that_is_taken_over_exists_and_the_documentation_names_them() -> None:
    known = {(section, key) for section in Config.model_fields for key in keys(section)}
    assert known >= AT_RUN_TIME
    (paragraph,) = re.findall(r"without a\s+restart:(.*?)\n\n", PAGE, re.DOTALL)
    named = re.findall(r"`\[(\w+)\]((?: \w+,?)+)`", paragraph)
    assert {
        (section, key.strip(",")) for section, some in named for key in some.split()
    } == AT_RUN_TIME
