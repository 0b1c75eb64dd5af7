import asyncio
import socket
import struct
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from component.telephony.agi import (
    LONGEST_LINE,
    MOST_AT_ONCE,
    MOST_LINES,
    AgiError,
    AgiHangupError,
    AgiRequest,
    AgiSession,
    FastAgiServer,
    quote,
)

pytestmark = pytest.mark.unit

OPENING = b"""agi_network: yes
agi_network_script: customer
agi_request: agi://127.0.0.1:4573/customer
agi_channel: PJSIP/caller-00000001
agi_uniqueid: 1795396909.412
agi_callerid: unknown
agi_arg_1: 1111
agi_arg_2: support

"""


class Open:
    """A transport."""

    def is_closing(self) -> bool:
        return False


class Writer:
    """Keeps what is written."""

    transport = Open()

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None:
        """Written already."""


class Asterisk(Writer):
    """Answers what is asked after the opening, when it has said all that it had to."""

    def __init__(self, reader: asyncio.StreamReader, before: bytes = b"") -> None:
        super().__init__()
        self._reader = reader
        self._before = before

    def write(self, data: bytes) -> None:
        super().write(data)
        asked = data.removeprefix(b"GET FULL VARIABLE ").removesuffix(b"\n")
        self._reader.feed_data(self._before + b"200 result=1 (" + asked + b")\n")


def opened(said: bytes, before: bytes = b"") -> AgiSession:
    """A session with Asterisk, which says `before` before it answers."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    reader.feed_data(said)
    return AgiSession(reader, cast(asyncio.StreamWriter, Asterisk(reader, before)))


def conversation(said: bytes) -> tuple[AgiSession, Writer]:
    """A session in which Asterisk says this and hangs up."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    reader.feed_data(said)
    reader.feed_eof()
    writer = Writer()
    return AgiSession(reader, cast(asyncio.StreamWriter, writer)), writer


async def test_the_opening_tells_script_channel_and_arguments() -> None:
    request = await opened(OPENING).opening()
    assert request == AgiRequest("customer", "1795396909.412", ("1111", "support"))
    assert [request.argument(number) for number in (1, 2, 3)] == ["1111", "support", ""]


async def test_an_argument_that_is_left_out_is_empty() -> None:
    session = opened(b"agi_network_script: logon\nagi_arg_2: support\n\n")
    assert (await session.opening()).arguments == ("", "support")


async def test_a_caller_who_has_hung_up_by_then_is_no_forger() -> None:
    assert (await opened(OPENING, b"HANGUP\n").opening()).script == "customer"


FORGED = {
    "another script": b"5\nagi_network_script: logoff\nagi_arg_1: PJSIP/1000\n",
    "another channel": b"5\nagi_uniqueid: 1795396909.1",
    "arguments": b"5\nagi_arg_1: PJSIP/1000\n",
    "arguments, and an end": b"5\nagi_arg_1: PJSIP/1000\n\n",
    "an end": b"5\n",
    "an end, and an answer": b"5\n\n200 result=1",
    "an end, and answers": b"5\n\nHANGUP\n200 result=1 (0)",
}
"""Numbers from which a caller says to call, and what they are to Asterisk's reader."""


@pytest.mark.parametrize("number", FORGED.values(), ids=FORGED.keys())
async def test_a_caller_writes_no_part_of_the_opening(number: bytes) -> None:
    forged = OPENING.replace(b"unknown\n", number + b"\n")
    assert forged != OPENING
    with pytest.raises(AgiError, match="forged"):
        await opened(forged).opening()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"", "closed"),
        (b"agi_network: yes\n", "closed"),
        (b"agi_network: yes", "closed"),
        (b"\n", "no script"),
        (b"GET / HTTP/1.1\r\n\r\n", "without a colon"),
        (b"x" * (2 * LONGEST_LINE) + b"\n", "longer than"),
        (b"".join(b"agi_%d: y\n" % n for n in range(MOST_LINES + 1)), "more than"),
    ],
)
async def test_an_opening_that_is_none_is_an_error(said: bytes, error: str) -> None:
    session, _ = conversation(said)
    with pytest.raises(AgiError, match=error):
        await session.opening()


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"\n", b":", b"agi_arg_1: x\n"])))
def test_no_opening_makes_it_fail_otherwise(pieces: list[bytes]) -> None:
    async def scenario() -> None:
        session, _ = conversation(b"".join(pieces))
        try:
            await session.opening()
        except AgiError:
            return

    asyncio.run(scenario())


async def test_setting_a_variable_waits_for_the_answer() -> None:
    session, writer = conversation(b"200 result=1\n")
    await session.set_variable("CUSTOMERSTATUS", "FOUND")
    assert writer.written == b'SET VARIABLE CUSTOMERSTATUS "FOUND"\n'


@pytest.mark.parametrize(
    "said",
    [
        b"HANGUP\n200 result=1\n",
        b"100-part\n100 Trying...\n200 result=1 (x)\r\n",
    ],
)
async def test_lines_that_answer_nothing_are_passed_over(said: bytes) -> None:
    session, _ = conversation(said.replace(b"100 Trying...\n", b""))
    await session.set_variable("A", "b")


@pytest.mark.parametrize(
    "said",
    [
        b"510 Invalid or unknown command\n",
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
        b"520-Invalid command syntax.\nUsage: ...\n520 End of proper usage.\n",
        b"nonsense\n" * (MOST_LINES + 1),
    ],
)
async def test_a_refused_command_is_an_error(said: bytes) -> None:
    session, _ = conversation(said)
    with pytest.raises(AgiError):
        await session.set_variable("A", "b")


async def test_a_connection_that_ends_before_the_answer_is_a_hang_up() -> None:
    session, _ = conversation(b"HANGUP\n")
    with pytest.raises(AgiHangupError):
        await session.set_variable("A", "b")


@pytest.mark.parametrize("name", ["", "A B", 'A"', "A\nEXEC System", "A=1"])
async def test_only_names_of_variables_are_let_through(name: str) -> None:
    session, writer = conversation(b"200 result=1\n")
    with pytest.raises(ValueError, match="not the name"):
        await session.set_variable(name, "b")
    assert writer.written == b""


def words_that_asterisk_reads(command: str) -> list[str]:
    """Split a command as `parse_args` of Asterisk's res_agi.c does."""
    words: list[str] = []
    word, quoted, escaped, whitespace = "", False, False, True
    for character in command:
        if escaped:
            word, escaped, whitespace = word + character, False, False
        elif character == "\\":
            escaped = True
        elif character == '"':
            if not quoted and whitespace:
                whitespace = False
            quoted = not quoted
        elif character in " \t" and not quoted:
            if not whitespace:
                words.append(word)
                word, whitespace = "", True
        else:
            word, whitespace = word + character, False
    return words if whitespace else [*words, word]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_value_is_one_word_to_asterisk(value: str) -> None:
    line = f"SET VARIABLE NAME {quote(value)}"
    assert "\n" not in line
    verb, noun, name, read = words_that_asterisk_reads(line)
    assert (verb, noun, name) == ("SET", "VARIABLE", "NAME")
    assert [c if c >= " " and c != "\x7f" else " " for c in value] == list(read)


@given(st.text(st.characters()))
async def test_any_value_can_be_sent(value: str) -> None:
    session, writer = conversation(b"200 result=1\n")
    await session.set_variable("NAME", value)
    assert writer.written.count(b"\n") == 1


@pytest.mark.parametrize("after", ["the opening", "a while"])
async def test_a_connection_that_is_cut_is_a_hang_up(after: str) -> None:
    """Whoever cuts it writes no traceback into the log."""
    was_cut = asyncio.Event()

    async def script(session: AgiSession, _: AgiRequest) -> None:
        if after == "a while":
            await was_cut.wait()
            await asyncio.sleep(0.1)  # the loop has noticed by then
        while True:
            await session.set_variable("A", "b")

    with capture_logs() as logs:
        async with FastAgiServer(
            "127.0.0.1", 0, {"customer": script}, script_deadline=20
        ) as server:
            with socket.create_connection(("127.0.0.1", server.port)) as caller:
                caller.sendall(OPENING)
                await asyncio.sleep(0.1)
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            was_cut.set()
            async with asyncio.timeout(20):
                while "agi session ended early" not in [entry["event"] for entry in logs]:
                    await asyncio.sleep(0.01)

    assert not [entry for entry in logs if entry["log_level"] == "error"]


async def test_who_comes_when_there_are_too_many_is_turned_away() -> None:
    """Whoever can reach the port must not use up what the service has for all else."""

    async def script(session: AgiSession, _: AgiRequest) -> None:
        await session.set_variable("A", "b")

    with capture_logs() as logs:
        async with (
            FastAgiServer("127.0.0.1", 0, {"customer": script}, script_deadline=60) as server,
            asyncio.timeout(20),
        ):
            address = "127.0.0.1", server.port
            silent = [await asyncio.open_connection(*address) for _ in range(MOST_AT_ONCE)]
            for _ in range(3):
                late, writer = await asyncio.open_connection(*address)
                assert await late.read() == b""
                writer.close()

            _, leaving = silent.pop()
            leaving.close()
            await leaving.wait_closed()
            served = b""
            while not served:
                reader, writer = await asyncio.open_connection(*address)
                writer.write(OPENING)
                served = await reader.readline()
                writer.close()
            assert served.startswith(b"GET FULL VARIABLE")
            for _, writer in silent:
                writer.close()

    said = [entry for entry in logs if entry["event"] == "too many agi sessions at once"]
    assert [(entry["most"], entry["turned_away"]) for entry in said] == [(MOST_AT_ONCE, 1)]
