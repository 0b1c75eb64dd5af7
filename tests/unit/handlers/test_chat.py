"""What people write to the service, and what they are answered."""

from xml.etree import ElementTree as ET

import pytest

from component.domain.words import MemberState
from component.handlers.chat import (
    ACCOUNTS,
    ANSWERS,
    MOST_CHARACTERS,
    REPEAT_SECONDS,
    WITHIN_SECONDS,
    Guard,
)
from component.ports import StoreUnavailableError
from tests.unit.handlers.dialogue import Dialogue, Refusal, canonical, refusal
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, EXTENSION, STRANGER

pytestmark = pytest.mark.unit

UNREAD = Refusal("cancel", "service-unavailable")


@pytest.fixture
def dialogue() -> Dialogue:
    return Dialogue()


async def write(
    dialogue: Dialogue,
    body: str,
    *,
    sender: str = f"{AGENT}/r",
    to: str = DOMAIN,
    attributes: str = "type='chat'",
    beside: str = "",
) -> str | None:
    return await dialogue.say(
        f"<message {attributes} id='m1' from='{sender}' to='{to}'>"
        f"<body>{body}</body>{beside}</message>"
    )


async def answered(dialogue: Dialogue, body: str, sender: str = f"{AGENT}/r") -> str | None:
    reply = await write(dialogue, body, sender=sender)
    assert reply is not None
    return ET.fromstring(reply).findtext("body")


def state(dialogue: Dialogue) -> MemberState:
    return dialogue.engine.state.members["support", "1000"].state


async def test_an_agent_works_by_message(dialogue: Dialogue) -> None:
    assert await answered(dialogue, "log on") == "1000 is logged on."
    assert await answered(dialogue, "pause lunch") == "1000 is paused: lunch."
    assert state(dialogue) is MemberState.PAUSED
    assert await answered(dialogue, "resume") == "1000 is no longer paused."
    assert await answered(dialogue, "log off") == "1000 is logged off."
    assert await answered(dialogue, "log off support") == "That extension is not logged on."


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("log on agent 1000", "1000 is logged on."),
        ("change queue support timeout 30", "support: timeout is 30."),
        ("change extension 1000 PJSIP/9", "1000 is PJSIP/9 of user1@example.com."),
        ("change member support 1000 2", "1000 has penalty 2 in support."),
        ("change customer 1111 New Name & Co", "Customer 1111 is changed."),
        ("remove member support 1000", "1000 may log on to support no more."),
        ("remove extension 9", "Extension: there is no 9; there is 1000, 2000, 3000."),
        ("remove queue", "Queue: this has to be filled in. Write: remove queue QUEUE"),
    ],
)
async def test_an_administrator_changes_and_removes_by_message(
    dialogue: Dialogue, said: str, answer: str
) -> None:
    said = said.replace("&", "&amp;")
    told = await answered(dialogue, said, f"{ADMIN}/r")
    assert told is not None
    assert told.startswith(answer)


async def test_the_answer_is_in_the_same_conversation(dialogue: Dialogue) -> None:
    reply = await write(dialogue, "log on", to=EXTENSION, beside="<thread>t1</thread>")
    assert reply is not None
    assert canonical(reply) == canonical(
        f"""
        <message type='chat' id='m1' xml:lang='en' from='{EXTENSION}' to='{AGENT}/r'>
          <body>1000 is logged on.</body><thread>t1</thread>
        </message>
        """
    )
    normal = await write(dialogue, "status", attributes="")
    assert normal is not None
    assert ET.fromstring(normal).get("type") is None


async def test_an_argument_that_cannot_be_used_is_explained(dialogue: Dialogue) -> None:
    answer = await answered(dialogue, "log on sales")
    assert answer == "Queue: there is no sales; there is support. Write: log on [QUEUE]"


async def test_what_is_written_stays_text(dialogue: Dialogue) -> None:
    await answered(dialogue, "log on")
    assert await answered(dialogue, "pause &lt;b/&gt; &amp; c") == "1000 is paused: <b/> & c."


async def test_who_has_nothing_to_ask_for_gets_a_refusal(dialogue: Dialogue) -> None:
    for sender, to in (
        (STRANGER, DOMAIN),
        (STRANGER, EXTENSION),
        ("user2@example.com", EXTENSION),
        (DOMAIN, DOMAIN),
    ):
        reply = await write(dialogue, "help", sender=sender, to=to)
        assert reply is not None
        assert refusal(reply) == UNREAD


@pytest.mark.parametrize("type_", ["error", "headline"])
async def test_messages_that_no_person_wrote_are_not_answered(
    dialogue: Dialogue, type_: str
) -> None:
    assert await write(dialogue, "log on", attributes=f"type='{type_}'") is None
    assert state(dialogue) is MemberState.LOGGED_OFF


async def test_what_is_said_in_a_room_is_not_done(dialogue: Dialogue) -> None:
    reply = await write(dialogue, "log on", attributes="type='groupchat'")
    assert reply is not None
    assert refusal(reply) == UNREAD
    assert state(dialogue) is MemberState.LOGGED_OFF


async def test_what_an_extension_says_is_not_what_the_message_says(dialogue: Dialogue) -> None:
    beside = "<body xmlns='urn:other'>log on</body>"
    assert await write(dialogue, "", beside=beside) is None
    assert state(dialogue) is MemberState.LOGGED_OFF


async def test_what_was_written_long_ago_is_not_done(dialogue: Dialogue) -> None:
    delay = "<delay xmlns='urn:xmpp:delay' stamp='2025-12-31T09:00:00Z'/>"
    assert await write(dialogue, "log on", beside=delay) is None
    assert state(dialogue) is MemberState.LOGGED_OFF


async def test_that_somebody_is_writing_is_not_answered(dialogue: Dialogue) -> None:
    composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
    assert await dialogue.say(
        f"<message type='chat' from='{AGENT}/r' to='{DOMAIN}'>{composing}</message>"
    ) is None  # fmt: skip


async def test_a_repetition_is_done_and_answered_once(dialogue: Dialogue) -> None:
    assert await write(dialogue, "log on") is not None
    assert await write(dialogue, "log on") is None


async def test_an_echo_is_not_answered(dialogue: Dialogue) -> None:
    answer = await answered(dialogue, "hello")
    assert answer is not None
    assert await write(dialogue, answer) is None


async def test_too_long_a_message_is_not_read(dialogue: Dialogue) -> None:
    long = "pause " + "x" * MOST_CHARACTERS
    assert await answered(dialogue, long) == "That is too long for me."


async def test_while_the_database_is_away_one_is_asked_to_come_again(dialogue: Dialogue) -> None:
    dialogue.engine.failure = StoreUnavailableError("away")
    reply = await write(dialogue, "log on")
    assert reply is not None
    assert refusal(reply) == Refusal("wait", "resource-constraint")


async def test_help_is_by_role(dialogue: Dialogue) -> None:
    agent = await answered(dialogue, "help")
    admin = await answered(dialogue, "help", sender=f"{ADMIN}/r")
    assert agent is not None
    assert admin is not None
    assert "log on [QUEUE]" in agent
    assert "log on [QUEUE]" not in admin


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_same_words_count_again_after_a_while(clock: Clock) -> None:
    guard = Guard(clock)
    assert guard.admits("a@x/r", "status")
    assert not guard.admits("a@x/r", "status")
    assert guard.admits("a@x/other", "status")
    clock.now = REPEAT_SECONDS
    assert guard.admits("a@x/other", "status")


def test_a_program_that_always_has_something_new_to_say_is_cut_off(clock: Clock) -> None:
    guard = Guard(clock)
    assert all(guard.admits("bot@x/r", str(number)) for number in range(ANSWERS))
    assert not guard.admits("bot@x/r", "more")
    assert guard.admits("a@x/r", "others are not concerned")
    clock.now = WITHIN_SECONDS
    assert guard.admits("bot@x/r", "more")


def test_who_is_forgotten_while_the_answer_is_on_its_way_is_answered_all_the_same(
    clock: Clock,
) -> None:
    guard = Guard(clock)
    assert guard.admits("a@x/r", "status")
    assert all(guard.admits(f"{number}@x/r", "status") for number in range(ACCOUNTS))
    guard.answered("a@x", "answer")
    assert guard.admits("a@x/r", "answer")
