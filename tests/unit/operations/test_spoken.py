"""What people write in a chat, and how they are understood."""

import pytest

from component.operations.catalogue import OPERATIONS
from component.operations.model import Answer, Role, Table
from component.operations.spoken import MOST_ROWS, Understood, help_text, told, understand, usage
from tests.unit.operations.front_desk import SUPERVISOR, FrontDesk

pytestmark = pytest.mark.unit

AGENTS = [operation for operation in OPERATIONS.values() if operation.role is Role.AGENT]


@pytest.mark.parametrize(
    ("said", "name", "given"),
    [
        ("log on", "log-on", {}),
        ("LOGON", "log-on", {}),
        ("  log   on  support ", "log-on", {"queue": "support"}),
        ("log off", "log-off", {}),
        ("pause", "pause", {}),
        ("pause lunch, back at 2", "pause", {"reason": "lunch, back at 2"}),
        ("Pause Lunch", "pause", {"reason": "Lunch"}),
        ("resume", "resume", {}),
        ("extend wrap-up 10", "extend-wrap-up", {"minutes": "10"}),
        ("extend 10", "extend-wrap-up", {"minutes": "10"}),
        ("status", "my-state", {}),
    ],
)
def test_words_are_understood(said: str, name: str, given: dict[str, str]) -> None:
    assert understand(said, AGENTS) == Understood(OPERATIONS[name], given)


@pytest.mark.parametrize(
    ("said", "name", "given"),
    [
        ('change queue "night shift" timeout 20', "change-queue",
         {"queue": "night shift", "setting": "timeout", "value": "20"}),
        ("change queue “night shift” timeout 20", "change-queue",
         {"queue": "night shift", "setting": "timeout", "value": "20"}),
        ('add queue "night shift"', "add-queue", {"name": "night shift"}),
        ("close night shift", "close-queue", {"queue": "night shift"}),
        ('close "night shift"', "close-queue", {"queue": "night shift"}),
        ('pause agent 1000 "back at two", she said', "pause-agent",
         {"agent": "1000", "reason": '"back at two", she said'}),
    ],
)  # fmt: skip
def test_what_is_quoted_is_one_word(said: str, name: str, given: dict[str, str]) -> None:
    assert understand(said, list(OPERATIONS.values())) == Understood(OPERATIONS[name], given)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("pasue", "pause"), ("log of", "log off"), ("halp", "help"), ("statsu please", "status")],
)
def test_who_misspells_is_told_what_might_be_meant(said: str, meant: str) -> None:
    answer = understand(said, AGENTS)
    assert isinstance(answer, str)
    assert f"Did you mean: {meant}?" in answer


def test_nonsense_is_not_understood() -> None:
    answer = understand("xyzzy", AGENTS)
    assert answer == "I do not understand that. Write help to see what there is."


def test_what_is_too_much_is_not_passed_over() -> None:
    assert understand("status now", AGENTS) == "status is all that you need to write."


def test_help_names_what_one_may_ask_for() -> None:
    text = help_text(AGENTS)
    assert understand("help", AGENTS) == understand("?", AGENTS) == text
    for operation in AGENTS:
        assert f"\n{usage(operation)}: {operation.title}\n" in text
    assert "\npause [REASON]: Pause\n" in text


def test_nothing_is_understood_that_one_may_not_ask_for() -> None:
    assert isinstance(understand("pause", []), str)


def test_a_table_is_told_in_lines() -> None:
    table = Table(("queue", "waiting", "longest_wait"), (("support", 2, None), ("sales", 0, "")))
    answer = told(Answer("2 queues.", table))
    assert answer == "2 queues.\nsupport: Waiting 2\nsales: Waiting 0"


async def test_a_chat_has_room_for_what_matters_at_a_glance(desk: FrontDesk) -> None:
    await desk.ask("log-on")
    desk.after(75)
    assert told(await desk.ask("agents", SUPERVISOR)).splitlines() == [
        "Logged on: 1. Logged off: 1.",
        "1000: State free, For 1:15, Queues support, Calls 0",
        "2000: State logged off, Calls 0",
    ]


def test_a_long_table_is_cut() -> None:
    table = Table(("name",), tuple((str(number),) for number in range(MOST_ROWS + 3)))
    assert told(Answer("Many.", table)).splitlines()[-1] == "… and 3 more"
