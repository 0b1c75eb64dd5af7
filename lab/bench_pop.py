"""`make bench-pop`: how long it takes from the last digit to the agent's screen and phone.

Calls are made one after another, through the whole system: SIP, IVR, FastAGI, PostgreSQL, ARI,
Prosody. The time counts from the arrival of the customer's code in the service. Three agents take
turns; who is rung must be the one least recently on a call, and each call must be shown exactly
once in each state.
"""

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from component.call_event import CallEvent
from component.subscriber import Subscriber
from lab.asterisk import PHONES
from lab.sip import IncomingCall, Phone
from lab.stack import Stack
from lab.xmpp_server import HOST, USERS

CALLS = 100
PATIENCE = 10.0


class Agent:
    """A phone, and the software beside it, with the moments at which each was told of a call."""

    def __init__(self, stack: Stack, extension: str, user: str) -> None:
        self.extension = extension
        self.phone = Phone(
            extension, password=stack.passwords[extension], server=("127.0.0.1", stack.ports.sip)
        )
        self.shown: list[tuple[float, CallEvent]] = []
        self._subscriber = Subscriber(
            f"{user}@{HOST}",
            stack.passwords[user],
            extension=extension,
            host="127.0.0.1",
            port=stack.ports.xmpp,
            plaintext=True,
        )

    async def follow(self) -> None:
        """Note what is shown, for ever."""
        async for event in self._subscriber.events():
            self.shown.append((time.time(), event))


async def main(calls: int) -> None:
    """Measure, and print the figures. Raises `AssertionError` if a call went astray."""
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    offset = time.time() - time.monotonic()
    async with AsyncExitStack() as running:
        directory = running.enter_context(tempfile.TemporaryDirectory(prefix="ivr"))
        stack = await running.enter_async_context(Stack(Path(directory)))
        agents = [Agent(stack, *pair) for pair in zip(PHONES, USERS, strict=True)]
        followers = [asyncio.create_task(agent.follow()) for agent in agents]
        await asyncio.sleep(1)
        for agent in agents:
            await running.enter_async_context(agent.phone)
            await (await agent.phone.dial("*56466*")).ended(PATIENCE)
        caller = Phone("5550100", server=("127.0.0.1", stack.ports.sip))
        await running.enter_async_context(caller)
        rung = [await one_call(caller, agents) for _ in range(calls)]
        await asyncio.sleep(1)
        for follower in followers:
            follower.cancel()
        keyed = [_arrival(line) for line in stack.service.logged("customer looked up")]
    check_order(agents, [extension for extension, _ in rung])
    pops = check_shown(agents, calls)
    invited = [call.times["invite"] + offset for _, call in rung]
    report("last digit → notification at the subscriber", _differences(keyed, pops))
    report("last digit → INVITE at the agent's phone", _differences(keyed, invited))
    early = sum(pop <= invite for pop, invite in zip(pops, invited, strict=True))
    print(f"{calls} calls, none lost, none doubled, order least recent;")
    print(f"the notification was there before the INVITE in {early} of them")


async def one_call(caller: Phone, agents: Sequence[Agent]) -> tuple[str, IncomingCall]:
    """Make a call and let it be answered and hung up; return who was rung."""
    call = await caller.dial("0000")
    await call.answered(PATIENCE)
    await call.send_digits("1")
    await call.send_digits("1111")
    waiting = {asyncio.create_task(a.phone.next_call(PATIENCE)): a.extension for a in agents}
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    [first] = done
    taken = first.result()
    await taken.answered(PATIENCE)
    await taken.hang_up()
    await call.ended(PATIENCE)
    await asyncio.sleep(0.05)  # the agent's software may lag behind the phone
    return waiting[first], taken


def check_order(agents: Sequence[Agent], rung: Sequence[str]) -> None:
    """See that the agents took turns: whose last call ended longest ago is the next."""
    turn = [agent.extension for agent in agents]
    expected = [turn[number % len(turn)] for number in range(len(rung))]
    assert list(rung) == expected, f"not in the order of least recent: {rung}"


def check_shown(agents: Sequence[Agent], calls: int) -> list[float]:
    """See that each call was shown once in each state; return when they popped up, in order."""
    shown = [event for agent in agents for _, event in agent.shown]
    for state in ("offered", "answered", "ended"):
        ids = [event.call_id for event in shown if event.state == state]
        assert len(ids) == len(set(ids)) == calls, f"{len(ids)} of {calls} calls shown as {state}"
    assert len(shown) == 3 * calls, "something else was shown, too"
    return sorted(at for agent in agents for at, event in agent.shown if event.state == "offered")


def report(what: str, seconds: Sequence[float]) -> None:
    """Print the median and the 99th percentile."""
    p99 = statistics.quantiles(seconds, n=100)[98]
    median = statistics.median(seconds)
    print(f"{what:45} p50 {median * 1000:6.1f} ms   p99 {p99 * 1000:6.1f} ms")


def _arrival(line: dict[str, object]) -> float:
    """Return when a look-up began, from the line that was logged when it ended."""
    ended = datetime.fromisoformat(str(line["timestamp"])).timestamp()
    return ended - float(str(line["seconds"]))


def _differences(begins: Sequence[float], ends: Sequence[float]) -> list[float]:
    return [end - begin for begin, end in zip(begins, ends, strict=True)]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS))
