"""What the call centre consists of. Records are frozen; a change is a new record.

Times are aware UTC datetimes.
"""

from dataclasses import dataclass, field
from datetime import datetime

from component.domain.kept_place import Asked, Callback, Dialogue
from component.domain.terms import USUAL, Terms
from component.domain.words import (
    AgentState,
    CallState,
    DeviceState,
    MemberState,
    Outcome,
    QueueStatus,
)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is calling, as the database knows it."""

    id: int
    code: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """What the telephone network says about who is calling."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """A call's channel to an agent's phone: the `attempt`-th that this call made."""

    call_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.call_id}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class Spoke:
    """Who spoke with a customer last, and until when."""

    customer: int
    extension: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """A call ringing at one agent, or answered there."""

    extension: str
    leg: Leg
    offered_at: datetime
    answered_at: datetime | None = None
    """When the phone was answered."""
    peer: str = ""
    """As in `component.domain.commands.Ring`, which may have to be given again after a gap."""
    instead_of: str = ""
    """The same; empty once that channel is down."""

    @property
    def ends_consultation(self) -> bool:
        """Whether the agent who passes the call on has a second call there, which this one ends."""
        return bool(self.peer or self.instead_of)


@dataclass(frozen=True, slots=True)
class Transfer:
    """An agent who had answered a call passed it on."""

    extension: str
    """Who passed it on."""
    at: datetime
    attended: bool
    """The two had talked before."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who logs on at whichever extension is free."""

    number: str
    jid: str
    """The XMPP account, a bare JID."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A call that an agent is on, and the queue that it is of."""

    leg: Leg
    queue: str


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The time that an agent has to himself after a call of a queue."""

    queue: str
    until: datetime


DND_PREFIX = "Custom:DND"


def dnd_device(device: str) -> str:
    """Name the device of the dialplan's own that is in use while no calls are wanted at another.

    `Custom:DND1000` for `PJSIP/1000`: of the channel that dials, the dialplan knows the endpoint.
    """
    return DND_PREFIX + device.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Agent:
    """A person at an extension.

    One who may have several calls has the newest foremost: `state`, `leg` and `queue` tell of it.
    Which of them is on hold the phone knows alone. `component.domain.hands` says what becomes of
    them.
    """

    extension: str
    device: str
    """What Asterisk rings, for example `PJSIP/1000`; empty if that is not known any more."""
    jid: str
    """The linked XMPP account, a bare JID; empty if there is none."""
    device_state: DeviceState = DeviceState.UNKNOWN
    do_not_disturb: bool = False
    """Whether `dnd_device` says that no call is wanted."""
    state: AgentState = AgentState.AVAILABLE
    leg: Leg | None = None
    """The leg of the call in hand; None when available and in wrap-up."""
    queue: str | None = None
    """The queue whose call the leg or the wrap-up belongs to; None exactly when available."""
    wrap_up_until: datetime | None = None
    """When the wrap-up is over; None exactly when not in wrap-up."""
    last_call: datetime | None = None
    """When the last connected call ended."""
    calls_taken: int = 0
    leaving: bool = False
    """The extension is no more: the agent goes when the call that is going on is over."""
    skills: dict[str, int] = field(default_factory=dict)
    """What the agent can do, and how well: the greater the level, the better."""
    person: Person | None = None
    """Who is logged on here; None is the extension's own agent."""
    max_calls: int = 1
    """How many calls the agent may have at once."""
    others: tuple[Talk, ...] = ()
    """The calls that the agent is on besides the foremost, which may just ring."""
    deferred: WrapUp | None = None
    """The wrap-up of a call that is over, from which another call keeps the agent."""

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices whose states tell whether the agent can be rung."""
        return (self.device, dnd_device(self.device)) if self.device else ()

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs that the agent has in hand."""
        foremost = () if self.leg is None else (self.leg,)
        return (*(talk.leg for talk in self.others), *foremost)

    @property
    def talks(self) -> tuple[Talk, ...]:
        """The calls that the agent is on; one that rings is none."""
        if self.state is not AgentState.ON_CALL or self.leg is None or self.queue is None:
            return self.others
        return (*self.others, Talk(self.leg, self.queue))

    @property
    def may_have_another(self) -> bool:
        """Whether the agent is on a call, and may be offered one more."""
        is_on_call = self.state is AgentState.ON_CALL and not self.leaving
        return is_on_call and len(self.others) + 1 < self.max_calls

    @property
    def account(self) -> str:
        """The XMPP account of who is here: it sees the calls."""
        return self.jid if self.person is None else self.person.jid


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's place in one queue."""

    queue: str
    extension: str
    penalty: int = 0
    logged_on_at: datetime | None = None
    logon_order: int = 0
    """Grows with each log-on to any queue; breaks ties between members."""
    paused_at: datetime | None = None
    """Since when no calls of this queue are offered; None when not paused."""
    pause_reason: str = ""
    calls_taken: int = 0
    """Connected calls of this queue."""
    made: int = 0
    """Tells it from one that was there before, and was removed."""

    @property
    def state(self) -> MemberState:
        """Where the agent stands with regard to this queue."""
        if self.logged_on_at is None:
            return MemberState.LOGGED_OFF
        return MemberState.READY if self.paused_at is None else MemberState.PAUSED


@dataclass(frozen=True, slots=True)
class Turn:
    """Who was offered the last call of a queue that goes round in a circle."""

    queue: str
    extension: str
    logon_order: int
    """As it was then: who logs on anew takes another place in the circle."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said to a caller who waits."""

    number: int = 0
    """How many announcements were made."""
    speaking: bool = False
    """The last one is being played."""
    position: int = 0
    """The place in the line that was said last; 0 before."""
    position_at: datetime | None = None
    periodic: int = 0
    """How many of the announcements were periodic ones."""
    periodic_at: datetime | None = None
    """The last one, or when announcing began; None while nobody looks whether one is due."""


NOTHING = Told()


@dataclass(frozen=True, slots=True)
class WayOut:
    """How a caller is to leave when the call is over. All empty: he is hung up."""

    status: QueueStatus | None = None
    """The caller goes back to the dialplan with this QUEUESTATUS."""
    info: str = ""
    context: str = ""
    number: str = ""
    """The caller goes to this number, in that context."""
    peer: str = ""
    """The caller is connected with whose channel Asterisk calls so."""


@dataclass(frozen=True, slots=True)
class Call:
    """A caller's stay in one queue, from entering it to its end."""

    id: str
    queue: str
    channel: str
    """The caller's, or that to a customer who is called back; empty while there is none."""
    caller: Caller
    entered_at: datetime
    digits: str = ""
    """What the caller keyed: as customer code, and since."""
    customer: Customer | None = None
    state: CallState = CallState.WAITING
    offers: tuple[Offer, ...] = ()
    """Where the call rings; once it is answered, the one offer that was taken."""
    attempt: int = 0
    """How many legs this call has made so far."""
    tried: frozenset[str] = frozenset()
    """Extensions that did not take this call since the last round of trying began."""
    retry_at: datetime | None = None
    """When all who were tried may be tried again; None while no pause before that runs."""
    revision: int = 0
    """Grows with everything published about this call."""
    answered_at: datetime | None = None
    """When the agent began to hear the caller."""
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    way_out: WayOut | None = None
    """How the caller was to leave when the call was over; None for one who had left by himself."""
    priority: int = 0
    """Callers of a higher priority are served first (QUEUE_PRIO)."""
    original_position: int = 0
    """The place in the line on entering it, from 1; 0 for one who was not let in."""
    position: int = 0
    """The place in the line on leaving it unserved; 0 before."""
    told: Told = NOTHING
    transfers: tuple[Transfer, ...] = ()
    """How the call came from one agent to another, the first transfer first. It may have come
    through the dialplan, and from one queue to another."""
    direct: bool = False
    """It is with whom an agent passed it on to, past the queue."""
    wait_until: datetime | None = None
    """When the caller has waited long enough, if not the queue's `max_wait` after entering."""
    terms: Terms = USUAL
    dialogue: Dialogue | None = None
    callback: Callback | None = None
    asked_before: tuple[Asked, ...] = ()
    """That the caller asked to be called back, before an agent passed the call on."""
    keys: str = ""
    """What the caller keyed last that may begin an extension of the queue's context."""

    @property
    def logged_as(self) -> str:
        """By what channel `queue_log` names the call: the one that entered the queue."""
        return self.channel if self.callback is None else self.callback.asked_on

    @property
    def asked(self) -> tuple[Asked, ...]:
        """All that the caller asked for, to be called back, whatever came of it."""
        if self.callback is None:
            return self.asked_before
        number, at = self.callback.number, self.callback.asked_at
        return (*self.asked_before, Asked(self.id, number, self.caller.number, at))

    @property
    def is_kept(self) -> bool:
        """Whether the caller is not on the line and keeps the place."""
        return self.state in (CallState.AWAY, CallState.CALLING)

    @property
    def may_be_served(self) -> bool:
        """Whether it waits for an agent only, and for no time to pass."""
        if self.state is CallState.AWAY and self.callback is not None:
            return not self.channel and self.callback.again_at is None
        return self.state is CallState.WAITING

    @property
    def is_waiting(self) -> bool:
        """Whether the caller talks to nobody yet, though a phone may ring or be answered."""
        return self.state in (CallState.WAITING, CallState.OFFERED, CallState.CONNECTING)

    @property
    def has_waited(self) -> bool:
        """Whether an agent had the call already since its caller entered the queue."""
        return bool(self.transfers) and self.transfers[-1].at > self.entered_at

    @property
    def is_taken_over(self) -> bool:
        """Whether the agent had answered somebody whose place the caller took later."""
        if self.answered_at is None or not self.transfers:
            return False
        return self.transfers[-1].at > self.answered_at

    @property
    def extension(self) -> str | None:
        """The agent who answered; before, the one whose phone was the last to begin to ring."""
        return self.offers[-1].extension if self.offers else None

    @property
    def leg(self) -> Leg:
        """The leg that was answered; before, the one that was made last."""
        return self.offers[-1].leg if self.offers else Leg(self.id, self.attempt)

    def offered_at(self, extension: str | None) -> datetime | None:
        """Return since when it rings at an agent's phone, or when it began to; else None."""
        return next((o.offered_at for o in self.offers if o.extension == extension), None)

    def offer_on(self, leg: Leg) -> Offer | None:
        """Return the offer that rings, or was answered, over a leg."""
        return next((offer for offer in self.offers if offer.leg == leg), None)
