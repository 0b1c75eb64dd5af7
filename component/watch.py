"""`ivr-pubsub watch`: what the reference software shows, for people or for scripts."""

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime

from component.call_event import CallEvent
from component.subscriber import Subscriber

Show = Callable[[CallEvent], None]


async def watch(subscriber: Subscriber, show: Show) -> None:
    """Show what happens until SIGINT or SIGTERM. Raises `RefusedError`."""
    following = asyncio.create_task(_follow(subscriber, show))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, following.cancel)
    await asyncio.wait([following])
    if not following.cancelled():
        following.result()


async def _follow(subscriber: Subscriber, show: Show) -> None:
    async with aclosing(subscriber.events()) as events:
        async for event in events:
            show(event)


def as_line(event: CallEvent) -> str:
    """Return an event in a line for people; the time is local."""
    times = {"offered": event.offered, "answered": event.answered, "ended": event.ended}
    at = times.get(event.state) or datetime.now(UTC)
    customer = f"{event.customer_name} ({event.customer_code})"
    who = customer if event.customer_code else "unknown customer"
    caller = " ".join(filter(None, (event.caller_number or "unknown number", event.caller_name)))
    since = f"{event.queue}, waited {event.waiting:.0f} s"
    return f"{at.astimezone():%H:%M:%S}  {event.state:9}  {who}, calling from {caller}  [{since}]"


def as_json(event: CallEvent) -> str:
    """Return an event in a line for scripts: the fields of `CallEvent`, and when it arrived."""
    fields = asdict(event) | {"received": datetime.now(UTC)}
    return json.dumps(fields, ensure_ascii=False, default=datetime.isoformat)
