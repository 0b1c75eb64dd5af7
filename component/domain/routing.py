"""Offering calls to agents, withdrawing offers, and ending calls.

Each function changes the state and returns what is to be done about it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

from component.domain import (
    announcements,
    connecting,
    hands,
    hold_times,
    leaving,
    returning,
    sticky,
    why,
)
from component.domain.choice import ChosenBy
from component.domain.commands import (
    Announce,
    AnswerTransfer,
    Command,
    HangUpLeg,
    HideCall,
    ShowCall,
    WakeAt,
)
from component.domain.events import (
    ConnectDue,
    RetryDue,
    WaitTimedOut,
)
from component.domain.model import Call, Leg, Member, Offer, Transfer, WayOut
from component.domain.queue import AutoPause, MessageTo, Queue
from component.domain.queue_log import InAllQueues
from component.domain.reserving import call_back, note_turn, reserve
from component.domain.ringing import ring
from component.domain.state import State
from component.domain.strategies import STRATEGIES
from component.domain.terms import Need
from component.domain.transitions import (
    CALL_TRANSITIONS,
    MEMBER_TRANSITIONS,
    CallMove,
    MemberMove,
    advance,
)
from component.domain.words import CallState, MemberState, OfferEnd, Outcome, QueueStatus

AUTOPAUSE_REASON = "Auto-Pause"
"""As app_queue has it."""

DECLINED = frozenset({OfferEnd.NO_ANSWER, OfferEnd.BUSY, OfferEnd.REJECTED})
"""How an agent whose phone rang does not take a call; `autopause` makes no difference."""


def route(state: State, queue: str, now: datetime, rng: Random) -> list[Command]:
    """Serve the callers of a queue, those who entered first, with the agents who are free."""
    if not state.asterisk_up or queue not in state.queues:
        return []
    commands = leave_if_empty(state, queue, now)
    for call in state.waiting(queue):
        if not state.candidates.any(queue):
            break
        commands += _seek(state, call, now, rng)
    return commands


def route_all(state: State, queues: Iterable[str], now: datetime, rng: Random) -> list[Command]:
    """Serve the callers of several queues: by weight, then by who waits for the longest time."""
    commands: list[Command] = []
    for queue in sorted(queues, key=lambda queue: _urgency(state, queue, now)):
        commands += route(state, queue, now, rng)
    return commands


def route_to_another(state: State, extension: str, now: datetime, rng: Random) -> list[Command]:
    """Serve the callers of an agent's queues, now that the agent is on a call and may have more."""
    if not state.agents[extension].may_have_another:
        return []
    return route_all(state, state.queues_of(extension), now, rng)


def join_refusal(state: State, queue: Queue, need: Need, now: datetime) -> QueueStatus | None:
    """Return why a caller may not enter a queue now, None if one may."""
    if queue.closed_until is not None and now < queue.closed_until:
        return QueueStatus.JOINEMPTY
    if queue.joinempty and not state.presence.anyone(queue.name, queue.joinempty, need):
        there = state.anyone_logged_on(queue.name)
        return QueueStatus.JOINUNAVAIL if there else QueueStatus.JOINEMPTY
    if queue.maxlen and state.callers(queue.name) >= queue.maxlen:
        return QueueStatus.FULL
    return None


def leave_if_empty(state: State, name: str, now: datetime) -> list[Command]:
    """Give the callers back who wait in a queue that is empty. A phone that rings, rings on.

    Who is to be called back is on no line, and can wait for somebody to log on.
    """
    queue = state.queues[name]
    if not state.asterisk_up or not queue.leavewhenempty:
        return []
    if state.presence.anyone(name, queue.leavewhenempty) and not state.anyone_limited(name):
        return []
    there = state.anyone_logged_on(name)
    status = QueueStatus.LEAVEUNAVAIL if there else QueueStatus.LEAVEEMPTY
    return [
        command
        for call in state.waiting(name)
        if not call.is_kept
        and not state.presence.anyone(name, queue.leavewhenempty, call.terms.need)
        for command in release(state, call, status, now)
    ]


def all_tried(state: State, call: Call) -> bool:
    """Tell whether everybody who may be offered this call was tried already."""
    line = state.candidates.of(call.queue, call.terms.need)
    return all(extension in call.tried for extension in line)


def withdraw(
    state: State, call: Call, offer: Offer, reason: OfferEnd, now: datetime
) -> list[Command]:
    """Take the call back from an agent who did not take it.

    It rings on where else it rings; if it does nowhere, it waits in its old place, if not for too
    long already. The agent stays reserved until the leg is gone.
    """
    hidden = replace(call, revision=call.revision + 1)
    others = tuple(other for other in call.offers if other != offer)
    move = CallMove.DROP_OFFER if others else CallMove.WITHDRAW
    withdrawn = replace(
        hidden,
        state=advance(CALL_TRANSITIONS, call.state, move),
        offers=others,
        tried=call.tried | {offer.extension},
        answered_at=None,
    )
    if call.direct:
        place = state.position(call)
        withdrawn = replace(withdrawn, direct=False, original_position=place)
    state.calls.put(call.id, withdrawn)
    if reason in DECLINED and not call.direct:
        _autopause(state, call.queue, offer.extension, now)
    hidden_from = HideCall(offer.extension, hidden, reason)
    let_go: list[Command] = [*let_go_of_who_passed_on(state, call)]
    if call.state in (CallState.CONNECTING, CallState.ANSWERED):
        let_go = [WakeAt(state.waits_until(withdrawn), WaitTimedOut(call.id))]
    return [hidden_from, *let_go, *announcements.inform(state, withdrawn, now)]


def answer(state: State, call: Call, taken: Offer, now: datetime) -> list[Command]:
    """Let the first who answered have the call; the other phones stop ringing."""
    others = tuple(offer for offer in call.offers if offer != taken)
    elsewhere = _drop_offers(call, others, OfferEnd.ANSWERED_ELSEWHERE)
    queue = state.queues.get(call.queue)
    call = replace(call, offers=(replace(taken, answered_at=now),))
    if queue is not None and queue.memberdelay and not call.direct:
        connecting = advance(CALL_TRANSITIONS, call.state, CallMove.TAKE)
        state.calls.put(call.id, replace(call, state=connecting))
        connected: list[Command] = [WakeAt(now + queue.memberdelay, ConnectDue(taken.leg))]
    else:
        connected = connect(state, call, now)
    return [
        *connected,
        *conclude_transfer(state, call),
        *elsewhere,
    ]


def connect(state: State, call: Call, now: datetime) -> list[Command]:
    """Let caller and agent talk. Only now is it a call that the agent had."""
    [taken] = call.offers
    state.agents.put(taken.extension, hands.answer(state.agents[taken.extension]))
    answered = replace(
        call,
        state=advance(CALL_TRANSITIONS, call.state, CallMove.ANSWER),
        answered_at=now,
        revision=call.revision + 1,
    )
    state.calls.put(call.id, answered)
    held = state.holdtimes.get(call.queue) or ()
    state.holdtimes.put(call.queue, hold_times.counted(held, call, now))
    shown = ShowCall(taken.extension, answered)
    return [*announcements.hush(state, call), *connecting.talk(answered), shown]


def abandon(state: State, call: Call, now: datetime) -> list[Command]:
    """End a call whose caller is gone before talking to anyone."""
    commands = _drop_legs(state, call, OfferEnd.CALLER_LEFT)
    end(state, call, Outcome.ABANDONED, now)
    return commands


def release(
    state: State, call: Call, status: QueueStatus, now: datetime, info: str = ""
) -> list[Command]:
    """Give up on a call: its caller goes back to the dialplan."""
    return give_up(state, call, Outcome(status.lower()), leaving.back(status, info), now)


def give_up(
    state: State, call: Call, outcome: Outcome, way_out: WayOut, now: datetime
) -> list[Command]:
    """End a call that nobody answered, and all that is under way for it."""
    in_time = outcome is not Outcome.TIMEOUT
    commands = _drop_legs(state, call, OfferEnd.CALLER_LEFT if in_time else OfferEnd.TIMEOUT)
    ended = end(state, replace(call, way_out=way_out), outcome, now)
    return [*commands, *announcements.hush(state, call), *leaving.let_go(ended)]


def complete(state: State, call: Call, way_out: WayOut | None, now: datetime) -> list[Command]:
    """End a call that was answered, whoever hung up."""
    [taken] = call.offers
    sticky.remember(state, call, taken.extension, now)
    over = replace(call, revision=call.revision + 1, way_out=way_out)
    ended = end(state, over, Outcome.COMPLETED, now)
    return [ShowCall(taken.extension, ended), *leaving.let_go(ended)]


def hand_over(
    state: State, call: Call, way_out: WayOut, now: datetime, *, attended: bool
) -> list[Command]:
    """End a call that was answered, whose caller goes on to somebody who is no agent."""
    [taken] = call.offers
    sticky.remember(state, call, taken.extension, now)
    passed_on = replace(
        call,
        transfers=(*call.transfers, Transfer(taken.extension, now, attended)),
        revision=call.revision + 1,
        way_out=way_out,
    )
    ended = end(state, passed_on, Outcome.TRANSFERRED, now)
    return [
        ShowCall(taken.extension, ended),
        connecting.part(call),
        HangUpLeg(taken.leg),
        *leaving.let_go(ended),
    ]


def hand_back(state: State, call: Call, now: datetime) -> list[Command]:
    """End a call whose agent hung up; the caller may wish to go on in the dialplan."""
    goes_on = call.terms.continues
    way_out = leaving.back(QueueStatus.CONTINUE) if goes_on else leaving.HANG_UP
    return complete(state, call, way_out, now)


def pause(state: State, member: Member, reason: str, now: datetime) -> None:
    """Let a member be offered nothing by this queue; one who is paused gets the new reason."""
    advance(MEMBER_TRANSITIONS, member.state, MemberMove.PAUSE)
    since = member.paused_at or now
    paused = replace(member, paused_at=since, pause_reason=reason)
    state.members.put((member.queue, member.extension), paused)


def _autopause(state: State, name: str, extension: str, now: datetime) -> None:
    autopause = state.queues[name].autopause
    if autopause is AutoPause.NO:
        return
    queues = list(state.queues_of(extension)) if autopause is AutoPause.ALL else [name]
    members = [state.members.get((queue, extension)) for queue in queues]
    ready = [m for m in members if m is not None and m.state is MemberState.READY]
    if ready and autopause is AutoPause.ALL:
        state.note(InAllQueues(extension, paused=True, reason=AUTOPAUSE_REASON))
    for member in ready:
        pause(state, member, AUTOPAUSE_REASON, now)


def _urgency(state: State, queue: str, now: datetime) -> tuple[int, datetime, str]:
    return (-state.queues[queue].weight, state.first_waiting(queue) or now, queue)


def _seek(state: State, call: Call, now: datetime, rng: Random) -> list[Command]:
    if state.draining and call.state is CallState.AWAY:
        return []  # to call the customer would be a new call
    strategy = STRATEGIES[state.queues[call.queue].strategy]
    line, turn = state.candidates.of(call.queue, call.terms.need), state.turns.get(call.queue)
    preferred = sticky.preferred(state, call)
    if preferred is not None:
        if line.position(preferred) is not None:
            return _offer(state, call, [preferred], ChosenBy.STICKY, now)
        if sticky.is_awaited(state, call, preferred, now):
            return []
    chosen = strategy.choose(line, call.tried, turn, rng)
    if chosen:
        return _offer(state, call, chosen, ChosenBy.STRATEGY, now)
    if call.retry_at is not None or not call.tried:
        return []  # or nobody is there who may be offered this call
    at = now + state.queues[call.queue].retry
    state.calls.put(call.id, replace(call, retry_at=at))
    return [WakeAt(at, RetryDue(call.id, at))]


def _offer(
    state: State, call: Call, extensions: Sequence[str], by: ChosenBy, now: datetime
) -> list[Command]:
    """Choose and reserve in one step: nobody else is offered to these agents meanwhile.

    Who is not on the line is called first.
    """
    queue = state.queues[call.queue]
    if call.state is CallState.AWAY:
        return call_back(state, call, extensions[0], by, now)
    offers = tuple(
        Offer(extension, Leg(call.id, attempt), now)
        for attempt, extension in enumerate(extensions, start=call.attempt + 1)
    )
    why.note(state, call, offers, by, now)
    offered = replace(
        call,
        state=advance(CALL_TRANSITIONS, call.state, CallMove.OFFER),
        offers=offers,
        attempt=call.attempt + len(offers),
        retry_at=None,
        dialogue=None,
        revision=call.revision + 1,
    )
    state.calls.put(call.id, offered)
    for offer in offers:
        reserve(state, queue, offer.extension, offer.leg)
        note_turn(state, queue, offer.extension)
    shown = [ShowCall(offer.extension, offered) for offer in offers]
    told = message(queue, offered, extensions, MessageTo.AGENT)
    return [*shown, *told, *(c for offer in offers for c in ring(state, queue, offered, offer))]


def message(queue: Queue, call: Call, to: Iterable[str], kind: MessageTo) -> list[Command]:
    """Tell agents by message of a call, if that is the kind of message that the queue sends."""
    extensions = tuple(to) if queue.message_to is kind else ()
    return [Announce(call, extensions, queue.message_personal)] if extensions else []


def _drop_offers(call: Call, offers: Sequence[Offer], reason: OfferEnd) -> list[Command]:
    """Stop the ringing of a call that is over, or that somebody else has."""
    if not offers or not call.is_waiting:
        return []
    hidden = replace(call, offers=tuple(offers), revision=call.revision + 1)
    elsewhere = reason is OfferEnd.ANSWERED_ELSEWHERE
    return [
        *(HideCall(offer.extension, hidden, reason) for offer in offers),
        *(HangUpLeg(offer.leg, answered_elsewhere=elsewhere) for offer in offers),
    ]


def _drop_legs(state: State, call: Call, reason: OfferEnd) -> list[Command]:
    """Take down all legs of a call that nobody answered, or nobody but who passed it on."""
    return [*_drop_offers(call, call.offers, reason), *conclude_transfer(state, call)]


def conclude_transfer(state: State, call: Call) -> list[Command]:
    """Let go of the agent who passed the call on as if all was done: if he has asked somebody, his
    phone ends that call then, too."""
    let_go = let_go_of_who_passed_on(state, call)
    return [*(AnswerTransfer(command.leg, accepted=True) for command in let_go), *let_go]


def let_go_of_who_passed_on(state: State, call: Call) -> list[HangUpLeg]:
    """Take down the leg of the agent who passed the call on, if it is still there."""
    agent = state.agents.get(call.transfers[-1].extension) if call.direct else None
    legs = () if agent is None else agent.legs
    return [HangUpLeg(leg) for leg in legs if leg.call_id == call.id]


def end(state: State, call: Call, outcome: Outcome, now: datetime) -> Call:
    """Let a call be over."""
    sticky.remember_who_passed_on(state, call)
    ended = replace(
        call,
        offers=call.offers if call.state is CallState.ANSWERED else (),
        position=0 if call.state is CallState.ANSWERED else state.position(call),
        state=advance(CALL_TRANSITIONS, call.state, CallMove.END),
        outcome=outcome,
        ended_at=now,
    )
    state.calls.put(call.id, ended)
    returning.remember(state, ended, now)
    return ended
