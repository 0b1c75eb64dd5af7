"""What happens in the queues, as app_queue's `queue_log` tells it.

Events and fields are those that queue statistics software knows; see "Queue Logs" in Asterisk's
documentation. An agent is named by extension, a call by the id of the caller's channel.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerLeft,
    Event,
    ExitFound,
    Withdraw,
)
from component.domain.model import Call, CallState, Member, Outcome

NONE = "NONE"
"""No call, or no agent."""

CallChange = tuple[Call | None, Call | None]
MemberChange = tuple[Member | None, Member | None]
"""What a record was, and what it is now."""

_EXITS = {
    Outcome.ABANDONED: "ABANDON",
    Outcome.TIMEOUT: "EXITWITHTIMEOUT",
    Outcome.LEAVEEMPTY: "EXITEMPTY",
    Outcome.LEAVEUNAVAIL: "EXITEMPTY",
    Outcome.EXITWITHKEY: "EXITWITHKEY",
    Outcome.WITHDRAW: "WITHDRAW",
}

_TAKEN = (CallState.CONNECTING, CallState.ANSWERED)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One row of `queue_log`."""

    time: datetime
    callid: str
    queuename: str
    agent: str
    event: str
    data: tuple[str, ...] = ()
    """data1, data2, ... What they mean depends on the event."""


def entries(
    changes: Iterable[CallChange | MemberChange], event: Event, now: datetime
) -> Iterator[LogEntry]:
    """Yield what one fact leads to, from the changes it made, in their order."""
    for old, new in changes:
        if isinstance(new, Call) and not isinstance(old, Member):
            yield from _of_call(old, new, event, now)
        elif isinstance(old, Member) and not isinstance(new, Call):
            yield from _of_member(old, new or replace(old, logged_on_at=None), now)


def _of_call(old: Call | None, new: Call, event: Event, now: datetime) -> Iterator[LogEntry]:
    if old is None:
        if new.original_position:
            data = ("", new.caller.number, str(new.original_position))  # the first is a URL
            yield LogEntry(now, new.channel, new.queue, NONE, "ENTERQUEUE", data)
        return
    if old.state is CallState.ENDED:
        return  # something is noted of a call whose end was told
    if old.direct:  # what becomes of a call that was passed on is not told, but its coming back is
        if new.state is CallState.WAITING:
            data = ("", new.caller.number, str(new.original_position))
            yield LogEntry(now, new.channel, new.queue, NONE, "ENTERQUEUE", data)
        return
    agent = new.extension or NONE
    if old.state is CallState.OFFERED and new.state not in _TAKEN:
        yield from _not_taken(old, new, now)
    if old.state is CallState.CONNECTING and new.state is CallState.WAITING:
        yield LogEntry(now, new.channel, new.queue, old.extension or NONE, "AGENTDUMP")
    if old.is_waiting and new.state is CallState.ANSWERED:
        [taken] = new.offers
        rang = _seconds(taken.offered_at, taken.answered_at or now)
        data = (_seconds(new.entered_at, now), str(taken.leg), rang)
        yield LogEntry(now, new.channel, new.queue, agent, "CONNECT", data)
    if isinstance(event, BlindTransfer | AttendedTransfer) and old.state is CallState.ANSWERED:
        yield _transferred(old, event, now)
    elif new.state is CallState.ENDED and old.state is CallState.ANSWERED:
        name = "COMPLETECALLER" if isinstance(event, CallerLeft) else "COMPLETEAGENT"
        held = _seconds(new.entered_at, new.answered_at or now)
        data = (held, _seconds(new.answered_at, now), str(new.original_position))
        yield LogEntry(now, new.channel, new.queue, agent, name, data)
    elif new.state is CallState.ENDED and new.outcome in _EXITS:
        yield LogEntry(
            now, new.channel, new.queue, NONE, _EXITS[new.outcome], _exit(new, event, now)
        )


def _exit(call: Call, event: Event, now: datetime) -> tuple[str, ...]:
    data = (str(call.position), str(call.original_position), _seconds(call.entered_at, now))
    match event:
        case ExitFound(digit=key):
            return (key, *data)
        case Withdraw(info=info):
            return (*data, info)
        case _:
            return data


def _transferred(old: Call, event: BlindTransfer | AttendedTransfer, now: datetime) -> LogEntry:
    held = _seconds(old.entered_at, old.answered_at or now)
    times = (held, _seconds(old.answered_at, now), str(old.original_position))
    if isinstance(event, BlindTransfer):
        name, how = "BLINDTRANSFER", (event.number, event.context)
    else:
        name, how = "ATTENDEDTRANSFER", ("BRIDGE", old.id)
    agent = old.extension or NONE
    return LogEntry(now, old.channel, old.queue, agent, name, (*how, *times))


def _not_taken(old: Call, new: Call, now: datetime) -> Iterator[LogEntry]:
    """Yield who did not take the call; of those who were not quick enough nothing is told."""
    name = "RINGCANCELED" if new.outcome is Outcome.ABANDONED else "RINGNOANSWER"
    for offer in old.offers:
        if offer not in new.offers:
            milliseconds = (now - offer.offered_at) // timedelta(milliseconds=1)
            data = (str(milliseconds),)
            yield LogEntry(now, new.channel, new.queue, offer.extension, name, data)


def _of_member(old: Member, new: Member, now: datetime) -> Iterator[LogEntry]:
    def entry(event: str, *data: str) -> LogEntry:
        return LogEntry(now, NONE, new.queue, new.extension, event, data)

    if new.logged_on_at is None:
        if old.logged_on_at is not None:
            yield entry("REMOVEMEMBER")
        return
    if old.logged_on_at is None:
        yield entry("ADDMEMBER")
    if new.penalty != old.penalty:
        yield entry("PENALTY", str(new.penalty))
    paused = (new.paused_at, new.pause_reason)
    if new.paused_at is not None and paused != (old.paused_at, old.pause_reason):
        yield entry("PAUSE", new.pause_reason)
    elif new.paused_at is None and old.paused_at is not None:
        yield entry("UNPAUSE")


def _seconds(since: datetime | None, now: datetime) -> str:
    """Return whole seconds, which is what queue_log has."""
    return str(int(_since(since, now).total_seconds()))


def _since(moment: datetime | None, now: datetime) -> timedelta:
    return timedelta(0) if moment is None else now - moment
