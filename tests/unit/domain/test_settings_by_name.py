"""The settings of a queue one by one, as people read and write them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from component.domain.presence import STRICT
from component.domain.queue import AutoPause, Queue, StrategyName
from component.domain.settings_by_name import SETTINGS, Setting, Value

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
QUEUE = Queue("support", timeout=15 * SECOND, retry=5 * SECOND, max_wait=60 * SECOND)


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_what_is_shown_can_be_set(setting: Setting) -> None:
    setting.read(setting.now(QUEUE))


@pytest.mark.parametrize(
    ("name", "written", "stored"),
    [
        ("timeout", "30", 30.0),
        ("timeout", "0.5", 0.5),
        ("weight", "-3", -3),
        ("ringinuse", "yes", True),
        ("strategy", "ringall", "ringall"),
        ("autopause", "all", "all"),
        ("joinempty", "paused, invalid", "paused,invalid"),
        ("leavewhenempty", "strict", "strict"),
        ("periodic_announce", "first, second", "first,second"),
        ("musicclass", "", ""),
        ("callback_max_age", "3600", 3600.0),
    ],
)
def test_what_people_write_is_stored_as_the_store_has_it(
    name: str, written: str, stored: Value
) -> None:
    read = SETTINGS[name].read(written)
    assert read == stored
    assert type(read) is type(stored)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("timeout", ""),
        ("timeout", "-1"),
        ("timeout", "1e3"),
        ("timeout", "nan"),
        ("timeout", "."),
        ("timeout", "٣"),
        ("timeout", "1" * 10),
        ("maxlen", "1.5"),
        ("maxlen", "1" * 10),
        ("ringinuse", "true"),
        ("strategy", "dice"),
        ("strategy", ""),
        ("joinempty", "sometimes"),
        ("joinempty", ""),
    ],
)
def test_what_is_no_value_is_refused_in_words(name: str, written: str) -> None:
    with pytest.raises(ValueError, match=r"^takes "):
        SETTINGS[name].read(written)


def test_they_are_shown_as_they_are() -> None:
    queue = replace(
        QUEUE,
        timeout=1.5 * SECOND,
        strategy=StrategyName.RINGALL,
        autopause=AutoPause.ALL,
        ringinuse=True,
        joinempty=STRICT,
        leavewhenempty=frozenset(),
        periodic_announce=("first", "second"),
    )
    shown = {setting.name: setting.now(queue) for setting in SETTINGS.values()}
    assert shown["timeout"] == "1.5"
    assert (shown["strategy"], shown["autopause"], shown["ringinuse"]) == ("ringall", "all", "yes")
    assert shown["joinempty"] == "invalid,paused,penalty,unavailable"
    assert shown["leavewhenempty"] == "no"
    assert shown["periodic_announce"] == "first,second"
    assert shown["callback_numbers"] == "_ZXXX.,_0ZXXX."
