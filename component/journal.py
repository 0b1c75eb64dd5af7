"""Logs what happens in the queues: one line for each fact, once it is committed."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from component.domain.commands import CallCustomer, Release, Ring
from component.domain.events import QueueChanged, QueueRemoved
from component.domain.model import Call, Leg
from component.domain.queue_log import NONE, LogEntry
from component.domain.state import State
from component.domain.words import TurnedAway
from component.ports import Clock, Committed, Observer
from component.pubsub.crowd import Refusal

log = structlog.get_logger(__name__)

WORDS = {
    "ENTERQUEUE": "caller entered",
    "CONNECT": "call answered",
    "RINGNOANSWER": "offer not taken",
    "RINGCANCELED": "offer withdrawn",
    "AGENTDUMP": "agent hung up before hearing the caller",
    "SYSCOMPAT": "talk refused by asterisk, caller waits again",
    "COMPLETEAGENT": "call ended by agent",
    "COMPLETECALLER": "call ended by caller",
    "BLINDTRANSFER": "call passed on",
    "ATTENDEDTRANSFER": "call passed on after consultation",
    "ABANDON": "caller gave up",
    "EXITWITHTIMEOUT": "caller sent on, waited too long",
    "EXITEMPTY": "caller sent on, nobody is there",
    "EXITWITHKEY": "caller sent on by a key",
    "WITHDRAW": "caller sent on",
    "CALLBACK": "caller is to be called back",
    "CALLBACKMISSED": "customer not reached",
    "CALLBACKTAKEN": "customer reached",
    "CALLBACKFAILED": "calling back given up",
    "ADDMEMBER": "agent logged on",
    "REMOVEMEMBER": "agent logged off",
    "PAUSE": "agent paused",
    "UNPAUSE": "agent unpaused",
    "PENALTY": "penalty changed",
}
"""What the entries of the queue log are called. One that is not among them keeps its name."""

SAID_OTHERWISE = frozenset({"CALLBACKCALL", "PAUSEALL", "UNPAUSEALL"})
"""What is going to be done says it, and for which agent; or what follows for each queue does."""

Context = dict[str, object]

SELDOM = timedelta(minutes=1)
"""Between two lines on the same limit, at least."""


class Journal:
    """`component.ports.Observer` by log."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._kept_out: Counter[Refusal] = Counter()
        """How often somebody was, as far as it is not logged yet."""
        self._said_at: dict[Refusal, datetime] = {}

    def committed(self, what: Committed) -> None:
        """Log what happened, and what is going to be done."""
        calls = {(call.logged_as, call.queue): call for call in what.changes.calls}
        for entry in (entry for _, entry in sorted(what.changes.queue_log.items()) if entry):
            if entry.event in SAID_OTHERWISE:
                continue
            call = calls.get((entry.callid, entry.queuename))
            log.info(WORDS.get(entry.event, entry.event.lower()), **_of_entry(entry, call))
        for command in what.commands:
            match command:
                case Ring(leg):
                    log.info("call offered", **self.about(leg.call_id, leg))
                case CallCustomer(call_id, extension=extension):
                    log.info("customer is called back", **self.about(call_id), agent=extension)
                case Release() if not self._was_let_in(command.call_id):
                    self._say_not_let_in(command)
        for refusal, count in what.refusals.items():
            self._say_kept_out(refusal, count)

    def _say_not_let_in(self, release: Release) -> None:
        """Log who gets no place. A queue that there is not is a mistake in the dialplan."""
        context = self.about(release.call_id) | {"channel": release.channel}
        if release.turned_away is not None:
            context |= {"queue": release.queue, "reason": release.turned_away.value}
        mistaken = release.turned_away is TurnedAway.NO_SUCH_QUEUE
        if mistaken and not release.queue:
            context["mend"] = "the dialplan is to say Stasis(app,queue,digits,priority)"
        say = log.warning if mistaken else log.info
        say("caller not let in", **context, status=release.status.value)

    def _say_kept_out(self, refusal: Refusal, count: int) -> None:
        """Log that a limit keeps strangers out; who comes again and again fills no log by that."""
        self._kept_out[refusal] += count
        now, (kind, limit) = self._clock.now(), refusal
        if refusal in self._said_at and now - self._said_at[refusal] < SELDOM:
            return
        self._said_at[refusal] = now
        times = self._kept_out.pop(refusal)
        log.warning("limit on strangers reached", kind=kind.value, limit=limit.value, times=times)

    def turned_away(self, queue: str) -> None:
        """A caller could not be held because of the database."""
        log.error("caller turned away, the database is away", queue=queue)

    def about(self, call_id: str, leg: Leg | None = None) -> Context:
        """Return what every line about a call, and about one of its legs, says."""
        context: Context = {"call_id": call_id}
        if (call := self._state.calls.get(call_id)) is None:
            return context
        offer = None if leg is None else call.offer_on(leg)
        agent = call.extension if offer is None else offer.extension
        return context | {"queue": call.queue} | ({"agent": agent} if agent else {})

    def _was_let_in(self, call_id: str) -> bool:
        call = self._state.calls.get(call_id)
        return call is not None and call.original_position > 0


class Observers:
    """Several observers as one, told in order."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def committed(self, what: Committed) -> None:
        """A transaction has succeeded."""
        for observer in self._observers:
            observer.committed(what)

    def turned_away(self, queue: str) -> None:
        """A caller could not be held because of the database."""
        for observer in self._observers:
            observer.turned_away(queue)


def subject(fact: object) -> Context:
    """Return what a fact is about, as far as it is not personal."""
    match fact:
        case QueueChanged(queue):
            return {"queue": queue.name}
        case QueueRemoved(name):
            return {"queue": name}
    leg = getattr(fact, "leg", None)
    names = ("call_id", "channel", "queue", "device", "extension")
    context: Context = {name: getattr(fact, name) for name in names if hasattr(fact, name)}
    return context | {"call_id": leg.call_id} if isinstance(leg, Leg) else context


def _of_entry(entry: LogEntry, call: Call | None) -> Context:
    context: Context = {"queue": entry.queuename}
    if call is not None:
        context["call_id"] = call.id
    if entry.callid != NONE:
        context["channel"] = entry.callid
    if entry.agent != NONE:
        context["agent"] = entry.agent
    if entry.person:
        context["person"] = entry.person
    if call is not None:
        context |= _of_call(entry.event, call)
    elif entry.event == "PAUSE" and entry.data[0]:
        context["reason"] = entry.data[0]
    return context


def _of_call(event: str, call: Call) -> Context:
    """Return who called, or how long it took; who calls is personal, see `component.logs`."""
    if event == "ENTERQUEUE":
        return {"caller": call.caller, "customer": call.customer, "digits": call.digits}
    return dict(_durations(event, call))


def _durations(event: str, call: Call) -> Iterator[tuple[str, float]]:
    waited_until = call.answered_at or call.ended_at
    if event not in ("RINGNOANSWER", "RINGCANCELED") and waited_until is not None:
        yield "waited", _seconds(call.entered_at, waited_until)
    if event.startswith("COMPLETE") and call.answered_at is not None and call.ended_at is not None:
        yield "talked", _seconds(call.answered_at, call.ended_at)


def _seconds(since: datetime, until: datetime) -> float:
    return round((until - since).total_seconds(), 3)
