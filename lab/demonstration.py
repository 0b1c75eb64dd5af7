"""One real call: an agent logs on by telephone, a customer calls and keys a code, they talk."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lab.service import COMMAND
from lab.sip import Phone, answering
from lab.sip.waiting import PATIENCE
from lab.stack import Stack
from lab.xmpp_server import HOST

AGENT, ACCOUNT = "1000", "user1"
CUSTOMER_CODE = "1111"
RING_SECONDS = 1.0
TALK_SECONDS = 2.0
SUBSCRIPTION_PATIENCE = 30.0


@asynccontextmanager
async def shown(stack: Stack) -> AsyncIterator[asyncio.Queue[str]]:
    """Run the reference software of the agent as long as the context lasts.

    What it prints is passed on to the terminal, and yielded line by line, from when it is
    subscribed. Raises `TimeoutError` if that does not come about.
    """
    lines: asyncio.Queue[str] = asyncio.Queue()
    software = await asyncio.create_subprocess_exec(
        *(COMMAND, "watch", AGENT, "--jid", f"{ACCOUNT}@{HOST}"),
        *("--host", "127.0.0.1", "--port", str(stack.ports.xmpp), "--plaintext"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"IVR_PUBSUB_WATCH_PASSWORD": stack.passwords[ACCOUNT]},
        start_new_session=True,  # Ctrl-C is for us alone; we end it below
    )
    subscribed = asyncio.Event()

    async def relay(output: asyncio.StreamReader) -> None:
        async for line in output:
            print(f"    {ACCOUNT} sees  {line.decode().rstrip()}", flush=True)
            lines.put_nowait(line.decode())

    async def relay_log(log: asyncio.StreamReader) -> None:
        async for line in log:
            print(line.decode(), end="", file=sys.stderr, flush=True)
            if b"following" in line:
                subscribed.set()

    assert software.stdout is not None
    assert software.stderr is not None
    relaying = [
        asyncio.create_task(relay(software.stdout)),
        asyncio.create_task(relay_log(software.stderr)),
    ]
    try:
        async with asyncio.timeout(SUBSCRIPTION_PATIENCE):
            await subscribed.wait()
        yield lines
    finally:
        if software.returncode is None:
            software.terminate()
        await asyncio.wait(relaying)
        await software.wait()


async def call(stack: Stack, lines: asyncio.Queue[str]) -> None:
    """Make the call. Raises `TimeoutError` or a `SipError` if anything is not as it should be."""
    server = ("127.0.0.1", stack.ports.sip)
    agent = Phone(AGENT, password=stack.passwords[AGENT], server=server)
    customer = Phone("5550100", server=server)
    async with agent, customer:
        agent.on_call = answering(after=RING_SECONDS)
        _tell(f"phone {AGENT} dials *56466* and logs on to the queue")
        await (await agent.dial("*56466*")).ended()
        _tell(f"a customer calls 0000, presses 1 and keys {CUSTOMER_CODE}")
        conversation = await customer.dial("0000")
        await conversation.answered()
        await conversation.send_digits("1")
        await conversation.send_digits(CUSTOMER_CODE)
        ringing = await agent.next_call()
        _tell(f"phone {AGENT} rings and displays {ringing.caller_name!r}")
        await ringing.answered()
        await asyncio.sleep(TALK_SECONDS)
        await ringing.hang_up()
        await conversation.ended()
        _tell("they have talked and hung up")
        async with asyncio.timeout(PATIENCE):
            while " ended " not in await lines.get():
                pass
        await (await agent.dial("*564633*")).ended()
        _tell(f"phone {AGENT} has dialled *564633* and is logged off")


def _tell(what: str) -> None:
    print(f"  {what}", flush=True)
