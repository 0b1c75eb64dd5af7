"""What happens in the queues, as app_queue's `queue_log` tells it.

Events and fields are those that queue statistics software knows; see "Queue Logs" in Asterisk's
documentation. What app_queue has no word for begins with CALLBACK. A person who is logged on at an
extension is named by number, every other agent by extension; a call is named by the id of the
caller's channel, log-on and log-off by that of the channel on which the code was dialled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from component.domain.asterisk_ids import leg_channel, talk_bridge
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallbackTimedOut,
    CallerLeft,
    Event,
    ExitFound,
    LogOff,
    LogOn,
    NumberLookedUp,
    Withdraw,
)
from component.domain.kept_place import Callback
from component.domain.model import Call, Member
from component.domain.words import CallState, LegEnd, Outcome

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
    Outcome.UNREACHED: "CALLBACKFAILED",
    Outcome.EXPIRED: "CALLBACKFAILED",
    Outcome.DECLINED: "CALLBACKFAILED",
}

_TAKEN = {CallState.CONNECTING: "AGENTDUMP", CallState.ANSWERED: "SYSCOMPAT"}
"""Where a call is that an agent took, and what it is called that nothing came of that."""

_TRANSFERS = (BlindTransfer, NumberLookedUp, AttendedTransfer)

_CALLERS_WILL = frozenset({Outcome.ABANDONED, Outcome.EXITWITHKEY})
"""Ends by which a caller, and nobody else, stops the phone that rings."""


@dataclass(frozen=True, slots=True)
class InAllQueues:
    """An agent is paused, or comes back, in all queues at once. What changes in each follows."""

    extension: str
    paused: bool
    reason: str = ""


Change = CallChange | MemberChange | InAllQueues


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One row of `queue_log`."""

    time: datetime
    callid: str
    queuename: str
    agent: str
    """The extension."""
    event: str
    data: tuple[str, ...] = ()
    """data1, data2, ... What they mean depends on the event."""
    person: str = ""
    """By number who is logged on there; empty for the extension's own agent."""


def entries(changes: Iterable[Change], event: Event, now: datetime) -> Iterator[LogEntry]:
    """Yield what one fact leads to, from the changes it made, in their order."""
    for change in changes:
        if isinstance(change, InAllQueues):
            name = "PAUSEALL" if change.paused else "UNPAUSEALL"
            yield LogEntry(now, NONE, NONE, change.extension, name, (change.reason,))
            continue
        old, new = change
        if isinstance(new, Call) and not isinstance(old, Member):
            if old is not None and _is_taken_over(old, new):
                yield from _taken_over(old, new, now)
                continue
            if old is not None and old.queue != new.queue:
                yield from _moved(old, new, now)
            yield from _of_call(old, new, event, now)
        elif isinstance(old, Member) and not isinstance(new, Call):
            yield from _of_member(old, new or replace(old, logged_on_at=None), event, now)


def _of_call(old: Call | None, new: Call, event: Event, now: datetime) -> Iterator[LogEntry]:
    if old is None:
        if new.original_position:
            data = ("", new.caller.number, str(new.original_position))  # the first is a URL
            yield LogEntry(now, new.logged_as, new.queue, NONE, "ENTERQUEUE", data)
        return
    if old.state is CallState.ENDED:
        return  # something is noted of a call whose end was told
    if new.callback is not None:
        yield from _of_callback(old, new, new.callback, event, now)
    if old.direct:  # what becomes of a call that was passed on is not told, but its coming back is
        if new.state is CallState.WAITING:
            data = ("", new.caller.number, str(new.original_position))
            yield LogEntry(now, new.logged_as, new.queue, NONE, "ENTERQUEUE", data)
        return
    agent = new.extension or NONE
    if old.state is CallState.OFFERED and new.state not in _TAKEN:
        yield from _not_taken(old, new, now)
    if old.state in _TAKEN and new.state is CallState.WAITING:
        yield LogEntry(now, new.logged_as, new.queue, old.extension or NONE, _TAKEN[old.state])
    if old.is_waiting and new.state is CallState.ANSWERED:
        [taken] = new.offers
        rang = _seconds(taken.offered_at, taken.answered_at or now)
        data = (_seconds(new.entered_at, now), leg_channel(taken.leg), rang)
        yield LogEntry(now, new.logged_as, new.queue, agent, "CONNECT", data)
    if isinstance(event, _TRANSFERS) and old.state is CallState.ANSWERED:
        yield _transferred(old, event, now)
    elif new.state is CallState.ENDED and old.state is CallState.ANSWERED:
        name = "COMPLETECALLER" if isinstance(event, CallerLeft) else "COMPLETEAGENT"
        yield _completed(name, new, now)
    elif new.state is CallState.ENDED and new.outcome in _EXITS:
        # Whoever had answered, and did not hear the caller yet, is named.
        agent = old.extension or NONE if old.state is CallState.CONNECTING else NONE
        exit_ = _exit(new, event, now)
        yield LogEntry(now, new.logged_as, new.queue, agent, _EXITS[new.outcome], exit_)


def _completed(name: str, call: Call, now: datetime) -> LogEntry:
    held = _seconds(call.entered_at, call.answered_at or now)
    data = (held, _seconds(call.answered_at, now), str(call.original_position))
    return LogEntry(now, call.logged_as, call.queue, call.extension or NONE, name, data)


def _of_callback(
    old: Call, new: Call, callback: Callback, event: Event, now: datetime
) -> Iterator[LogEntry]:
    """Yield what app_queue does not know: that a caller is to be called back, and is."""

    def entry(name: str, *data: str) -> LogEntry:
        return LogEntry(now, new.logged_as, new.queue, NONE, name, data)

    was, calls = old.state, str(callback.calls)
    if was is CallState.WAITING and new.state is CallState.AWAY:
        yield entry("CALLBACK", callback.number, _seconds(new.entered_at, now))
    elif was is CallState.AWAY and new.state is CallState.CALLING:
        yield entry("CALLBACKCALL", calls)
    elif was is CallState.CALLING and new.state is CallState.AWAY and old.callback is not None:
        tried = _seconds(old.callback.called_at, now)
        yield entry("CALLBACKMISSED", _why_missed(old.callback, event), calls, tried)
    elif was is CallState.CALLING and new.state in (CallState.WAITING, CallState.OFFERED):
        yield entry("CALLBACKTAKEN", calls, _seconds(callback.asked_at, now))


def _why_missed(callback: Callback, event: Event) -> str:
    if callback.reached_at is not None:
        return "unconfirmed"
    if isinstance(event, CallbackTimedOut):
        return LegEnd.NO_ANSWER
    return event.reason if isinstance(event, CallerLeft) else LegEnd.UNAVAILABLE


def _exit(call: Call, event: Event, now: datetime) -> tuple[str, ...]:
    data = (str(call.position), str(call.original_position), _seconds(call.entered_at, now))
    if call.outcome is not None and _EXITS[call.outcome] == "CALLBACKFAILED":
        return (call.outcome, *data)
    match event:
        case ExitFound(keys=keys):
            return (keys, *data)
        case Withdraw(info=info):
            return (*data, info)
        case _:
            return data


def _moved(old: Call, new: Call, now: datetime) -> Iterator[LogEntry]:
    """Yield that a caller left one queue and entered another; app_queue knows no such thing."""
    waited = _seconds(old.entered_at, now)
    place, entered = str(new.position), str(old.original_position)
    left = (place, entered, waited, f"moved to {new.queue}")
    yield LogEntry(now, new.logged_as, old.queue, NONE, "WITHDRAW", left)
    data = ("", new.caller.number, str(new.original_position))
    yield LogEntry(now, new.logged_as, new.queue, NONE, "ENTERQUEUE", data)


def _is_taken_over(old: Call, new: Call) -> bool:
    """Tell whether a call goes on with another caller."""
    both = old.channel and new.channel and old.channel != new.channel
    return bool(both) and new.state is not CallState.ENDED


def _taken_over(old: Call, new: Call, now: datetime) -> Iterator[LogEntry]:
    """Yield that the phone of an agent, who asked in the queue, has left its place to a caller."""
    if new.state is CallState.ANSWERED:
        if new.direct and not old.direct:  # else it is over for the log, or goes on there, too
            yield _completed("COMPLETECALLER", old, now)
        return
    if old.direct:
        return
    waited, entered = _seconds(old.entered_at, now), str(old.original_position)
    left = (str(new.position), entered, waited, f"taken over by {new.logged_as}")
    yield LogEntry(now, old.logged_as, old.queue, NONE, "WITHDRAW", left)
    data = ("", new.caller.number, entered)
    yield LogEntry(now, new.logged_as, new.queue, NONE, "ENTERQUEUE", data)


def _transferred(
    old: Call, event: BlindTransfer | NumberLookedUp | AttendedTransfer, now: datetime
) -> LogEntry:
    held = _seconds(old.entered_at, old.answered_at or now)
    times = (held, _seconds(old.answered_at, now), str(old.original_position))
    if not isinstance(event, AttendedTransfer):
        name, how = "BLINDTRANSFER", (event.number, event.context)
    else:
        name, how = "ATTENDEDTRANSFER", ("BRIDGE", talk_bridge(old.leg, old.channel))
    agent = old.extension or NONE
    return LogEntry(now, old.logged_as, old.queue, agent, name, (*how, *times))


def _not_taken(old: Call, new: Call, now: datetime) -> Iterator[LogEntry]:
    """Yield who did not take the call; of those who were not quick enough nothing is told."""
    name = "RINGCANCELED" if new.outcome in _CALLERS_WILL else "RINGNOANSWER"
    for offer in old.offers:
        if offer not in new.offers:
            milliseconds = (now - offer.offered_at) // timedelta(milliseconds=1)
            data = (str(milliseconds),)
            yield LogEntry(now, new.logged_as, new.queue, offer.extension, name, data)


def _of_member(old: Member, new: Member, fact: Event, now: datetime) -> Iterator[LogEntry]:
    def entry(event: str, *data: str, callid: str = NONE) -> LogEntry:
        return LogEntry(now, callid, new.queue, new.extension, event, data)

    asked_on = (fact.dialled_on if isinstance(fact, LogOn | LogOff) else "") or NONE

    if new.logged_on_at is None:
        if old.logged_on_at is not None:
            yield entry("REMOVEMEMBER", callid=asked_on)
        return
    if old.logged_on_at is None:
        yield entry("ADDMEMBER", callid=asked_on)
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
