"""What somebody writes down who watches a call centre: of people, of their seats, of callers."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from component.domain.model import Agent, Call, Leg, Member
from component.domain.queue import EmptyCondition, Queue
from component.domain.terms import ANYBODY, Need
from component.domain.words import CallState, DeviceState
from tests.unit.domain import reference

OF_PHONES = {
    DeviceState.INUSE: EmptyCondition.INUSE,
    DeviceState.BUSY: EmptyCondition.INUSE,
    DeviceState.ONHOLD: EmptyCondition.INUSE,
    DeviceState.RINGINUSE: EmptyCondition.INUSE,
    DeviceState.RINGING: EmptyCondition.RINGING,
    DeviceState.UNAVAILABLE: EmptyCondition.UNAVAILABLE,
    DeviceState.INVALID: EmptyCondition.INVALID,
    DeviceState.UNKNOWN: EmptyCondition.UNKNOWN,
}
"""For what an agent may count as not there, by the state of the phone."""


class Entry:
    """What is written of somebody. It stays as it is; when something happens another is written."""

    def changed(self, **changes: object) -> Self:
        """Return the entry with what is new: as `replace` does, in a quarter of the time."""
        new = object.__new__(type(self))
        vars(new).update(vars(self), **changes)
        assert len(vars(new)) == len(vars(self)), f"no entry has all of {sorted(changes)}"
        return new


@dataclass(frozen=True)
class Person(Entry):
    """An agent."""

    device: DeviceState
    leg: Leg | None = None
    queue: str | None = None
    """The queue that the leg or the paperwork is for."""
    on_call: bool = False
    wrap_up_until: datetime | None = None
    last_call: datetime | None = None
    french: int = 0
    """How good the agent's French is."""
    number: str | None = None
    """Who came to this desk; None is the one whose desk it is."""
    max_calls: int = 1
    others: tuple[tuple[Leg, str], ...] = ()
    """The calls that the agent is on besides that of the leg, and their queues."""
    paperwork: tuple[str, datetime] | None = None
    """What is to be done once no call is left: for which queue, and until when."""
    wants_calls: bool = True
    """Whether the agent has not said that nobody is to disturb."""
    phone: str = ""
    """The device that is rung."""
    leaving: bool = False
    """Whether the extension is no more: the agent goes once no call is left."""

    @property
    def talks(self) -> tuple[tuple[Leg, str], ...]:
        """The calls that the agent is on, in the order in which they were offered."""
        if not self.on_call:
            return self.others
        assert self.leg is not None, "whoever talks has a leg"
        assert self.queue is not None, "whoever talks does so for a queue"
        return (*self.others, (self.leg, self.queue))

    @property
    def legs(self) -> frozenset[Leg]:
        """All that the agent has in hand."""
        others = frozenset(leg for leg, _ in self.others)
        return others if self.leg is None else others | {self.leg}

    @property
    def may_have_another(self) -> bool:
        """Whether there is room for a call besides those that the agent is on."""
        return self.on_call and not self.leaving and len(self.legs) < self.max_calls

    @classmethod
    def of(cls, agent: Agent) -> "Person":
        """Return what the store says of an agent."""
        return cls(
            agent.device_state,
            agent.leg,
            agent.queue,
            agent.state == "on call",
            agent.wrap_up_until,
            agent.last_call,
            agent.skills.get("french", 0),
            None if agent.person is None else agent.person.number,
            agent.max_calls,
            tuple((talk.leg, talk.queue) for talk in agent.others),
            None if agent.deferred is None else (agent.deferred.queue, agent.deferred.until),
            not agent.do_not_disturb,
            agent.device,
            agent.leaving,
        )

    def is_free(self, queue: Queue) -> bool:
        """Tell whether nothing keeps the agent from a call of this queue."""
        phone = self.device.is_there if queue.ringinuse else self.device.can_ring
        has_room = queue.ringinuse and self.may_have_another
        is_idle = self.wrap_up_until is None and (self.leg is None or has_room)
        return phone and self.wants_calls and is_idle


@dataclass(frozen=True)
class Seat(Entry):
    """An agent's place in a queue."""

    penalty: int
    since: datetime | None
    order: int
    paused: bool
    calls: int
    reason: str = ""
    """Why paused."""
    made: int = 0
    """Tells a membership from an earlier one of the same agent."""

    @classmethod
    def of(cls, member: Member) -> "Seat":
        """Return what the store says of a member."""
        return cls(
            member.penalty,
            member.logged_on_at,
            member.logon_order,
            member.paused_at is not None,
            member.calls_taken,
            member.pause_reason,
            member.made,
        )

    def counts_as_there(self, person: Person, excuses: frozenset[EmptyCondition]) -> bool:
        """Tell whether who sits here keeps a queue from being empty."""
        if self.since is None:
            return False
        found = {OF_PHONES.get(person.device)}
        if self.paused:
            found.add(EmptyCondition.PAUSED)
        if not person.wants_calls:
            found.add(EmptyCondition.INUSE)
        if person.leg is not None:
            found.add(EmptyCondition.INUSE if person.on_call else EmptyCondition.RINGING)
        if person.wrap_up_until is not None:
            found.add(EmptyCondition.WRAPUP)
        return found.isdisjoint(excuses)

    def taken_by(self, extension: str, person: Person) -> reference.Person:
        """Return the agent as the naive strategies see one who is logged on."""
        assert self.since is not None, "nobody sits here"
        talked = person.last_call
        return reference.Person(
            extension,
            self.penalty,
            on=True,
            logged_on=(self.since.timestamp(), self.order),
            last_call=None if talked is None else talked.timestamp(),
            calls=self.calls,
            in_hand=len(person.legs),
        )


@dataclass(frozen=True)
class Kept(Entry):
    """That a caller is not on the line and is to be called back."""

    asked_at: datetime
    calls: int = 0
    calling: bool = False
    again_at: datetime | None = None
    called_at: datetime | None = None
    reached: bool = False
    """The customer took the call, and has pressed no key yet."""

    @classmethod
    def of(cls, call: Call) -> "Kept | None":
        """Return what the store says of a call."""
        callback = call.callback
        if callback is None or not call.is_kept:
            return None
        calling = call.state is CallState.CALLING
        reached = callback.reached_at is not None
        return cls(
            callback.asked_at,
            callback.calls,
            calling,
            callback.again_at,
            callback.called_at,
            reached,
        )


def within(need: Need, penalty: int) -> bool:
    """Tell whether a penalty is within the limits that a caller brings along."""
    return penalty >= need.min_penalty and (need.max_penalty is None or penalty <= need.max_penalty)


@dataclass(frozen=True)
class Caller(Entry):
    """A call that has not ended."""

    queue: str
    channel: str
    place: tuple[int, datetime, str]
    """The smallest of a queue is served first."""
    offered_to: frozenset[str] = frozenset()
    """Whose phones ring, or who answered."""
    answered: bool = False
    tried: frozenset[str] = frozenset()
    passed_to: str | None = None
    """To whom an agent passed the call on, past the queue."""
    need: Need = ANYBODY
    customer: int | None = None
    kept: Kept | None = None
    until: datetime | None = None
    """When the caller goes back to the dialplan, if not the queue says so."""
    timeout: timedelta | None = None
    """How long the dialplan lets the caller wait, in any queue."""
    retry_at: datetime | None = None
    """When those who were tried may be tried again, if that is set."""
    number: str = ""
    """From where the caller calls."""
    came_on: str = ""
    """The channel on which the caller entered, by which the log names the call."""
    came_as: int = 0
    """The how many-th in the line the caller was on entering the queue."""
    rung_at: datetime | None = None
    """Since when the phones ring, or when they began to."""
    taken: tuple[str, datetime, Leg] | None = None
    """Who answered, when, and on which leg."""
    heard_at: datetime | None = None
    """Since when the two talk."""
    passed_by: str | None = None
    """Which agent passed the call on last, if one did."""
    passed_at: datetime | None = None
    rings_for: timedelta | None = field(default=None, compare=False)
    """How long the phones ring at most, as the queue had it when they began; not stored."""
    rings_at_most: timedelta | None = field(default=None, compare=False)
    """The longest that the queue has had phones ring since: after a gap by what it says then."""
    rings_anew: bool = field(default=False, compare=False)
    """Whether who is rung was being asked still when it was loaded: since when the phone rings for
    the caller is not known then."""

    @property
    def waits(self) -> bool:
        """Whether it is for an agent only that the caller waits."""
        if self.kept is not None:
            return not (self.channel or self.kept.calling or self.kept.again_at)
        return not self.offered_to and not self.answered

    def without_skills(self) -> Need:
        """Return the need of a caller who has waited long enough for skills."""
        return replace(self.need, skills=frozenset())

    @property
    def is_in_line(self) -> bool:
        """Whether the caller has a place in the line, at a phone that rings or not."""
        return not self.answered and self.passed_to is None

    def accepts(self, seat: Seat, person: Person) -> bool:
        """Tell whether an agent is within the limits, and good enough."""
        if self.need is ANYBODY:
            return True
        skills = self.need.skills
        is_within = within(self.need, seat.penalty)
        return is_within and all(person.french >= level for _, level in skills)

    @classmethod
    def of(cls, call: Call) -> "Caller":
        """Return what the store says of a call."""
        return cls(
            call.queue,
            call.channel,
            (-call.priority, call.entered_at, call.id),
            frozenset(offer.extension for offer in call.offers),
            call.state is CallState.ANSWERED,
            call.tried,
            call.extension if call.direct else None,
            call.terms.need,
            None if call.customer is None else call.customer.id,
            Kept.of(call),
            call.wait_until,
            call.terms.timeout,
            call.retry_at,
            call.caller.number,
            call.logged_as,
            call.original_position,
            call.offers[0].offered_at if call.offers else None,
            _taken(call),
            call.answered_at,
            call.transfers[-1].extension if call.transfers else None,
            call.transfers[-1].at if call.transfers else None,
            rings_anew=any(offer.ends_consultation for offer in call.offers),
        )


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A call that is over for us, whose caller an agent passed on, and who may come again."""

    call_id: str
    by: str
    at: datetime | None
    customer: int | None
    number: str
    """From where the caller called; who was called back has ours."""

    @classmethod
    def of(cls, call: Call) -> "PassedOn":
        """Return what the store says of a call."""
        customer = None if call.customer is None else call.customer.id
        last = call.transfers[-1]
        return cls(call.id, last.extension, last.at, customer, call.caller.number)


def _taken(call: Call) -> tuple[str, datetime, Leg] | None:
    offer = call.offers[0] if call.offers else None
    if offer is None or offer.answered_at is None:
        return None
    return offer.extension, offer.answered_at, offer.leg
