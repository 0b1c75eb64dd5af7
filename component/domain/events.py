"""Facts that enter the engine. Each is stepped once, in the order of arrival."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from component.domain.model import Call, Caller, Customer, Leg, Person
from component.domain.queue import Queue
from component.domain.terms import USUAL, Terms
from component.domain.words import DeviceState, LegEnd, Place


@dataclass(frozen=True, slots=True)
class CallerEntered:
    """A caller's channel was handed to us (Stasis) to wait in a queue."""

    call_id: str
    queue: str
    channel: str
    caller: Caller
    digits: str = ""
    customer: Customer | None = None
    priority: int = 0
    terms: Terms = USUAL


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """A caller's channel is no longer ours: it hung up, or the dialplan has it again."""

    channel: str
    reason: LegEnd = LegEnd.HUNG_UP
    """Of a customer who was called back: what became of it."""
    call_id: str = ""
    """The call in which the channel was missed: the caller may have come again since. Empty where
    Asterisk tells: it does so in order."""


@dataclass(frozen=True, slots=True)
class CallerReplaced:
    """A phone that called us for somebody has passed him on to where it had come.

    Asterisk has put his channel in the place of the phone's, of which it tells next that it left.
    """

    channel: str
    by: str
    """The channel that is there now."""
    caller: Caller
    """Without a number if Asterisk does not know it yet."""
    unsettled: bool = False
    """Whether what there is in Asterisk is yet to be compared: the other one may have come while
    nobody listened, and whoever is there is found."""


@dataclass(frozen=True, slots=True)
class NotLetGo:
    """A caller whose call is over is still there, and was to leave."""

    call: Call


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The agent took the call."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg to the agent is gone, or could not be made."""

    leg: Leg
    reason: LegEnd


@dataclass(frozen=True, slots=True)
class PhoneGone:
    """The phone that is to ring over a leg is not there any more; maybe it is another agent's by
    now, or nobody's."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class BlindTransfer:
    """The agent passes the call on to a number, without having asked anybody there."""

    leg: Leg
    number: str
    context: str
    """Where the dialplan has the numbers that the agent can dial."""
    consult: str = ""
    """Asterisk's id of the channel on which the agent calls that number already, without having
    got an answer. Empty: there is none."""


@dataclass(frozen=True, slots=True)
class NumberLookedUp:
    """Whether there is the number that is no agent's and that an agent passes the call on to."""

    leg: Leg
    number: str
    context: str
    exists: bool


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Asterisk refused to connect caller and agent, who both are there."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class AttendedTransfer:
    """The agent passes the call on to somebody with whom he talks in a second call."""

    leg: Leg
    device: str
    """The phone of who is to take the call."""
    peer: str
    """Asterisk's name of the channel to that phone."""
    consult: str = ""
    """Asterisk's id of the channel on which the agent is in the second call, if that is known."""


@dataclass(frozen=True, slots=True)
class ConsultOver:
    """The second call of an agent who passes the call on without waiting for an answer there was
    taken down: the caller rings there in its stead, over this leg."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class RingTimedOut:
    """The phone rang for as long as the queue lets it."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The pause before members are tried again is over."""

    call_id: str
    at: datetime
    """When that pause was to end. Another one may have begun since."""


@dataclass(frozen=True, slots=True)
class WaitTimedOut:
    """The caller waited for as long as the queue allows."""

    call_id: str


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A caller pressed a key, in the queue or while talking."""

    channel: str
    digit: str


@dataclass(frozen=True, slots=True)
class ExitFound:
    """The keys that a caller pressed last are an extension of the queue's context."""

    call_id: str
    keys: str
    context: str
    """Where that is so; the context may be another one by now, or the caller in another queue."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Somebody wants a caller to leave the queue: named by call id or by channel."""

    call_id: str
    info: str = ""
    """For the dialplan, which knows why."""


@dataclass(frozen=True, slots=True)
class MoveCaller:
    """Somebody wants a caller to wait in another place, or in another queue."""

    call_id: str
    queue: str | None = None
    """None is the one where the caller waits."""
    place: Place | int = Place.KEEP
    """A number is a priority."""


@dataclass(frozen=True, slots=True)
class SkillsWaived:
    """The caller waited long enough for somebody with the skills that are asked for."""

    call_id: str


@dataclass(frozen=True, slots=True)
class StickyOver:
    """The caller waited long enough for the agent who knows the customer."""

    call_id: str


@dataclass(frozen=True, slots=True)
class ConnectDue:
    """The silence that an agent hears before the caller is over."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class AnnouncementDue:
    """It is time to look whether something is to be said to a caller."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """An announcement is over, or could not be made."""

    call_id: str
    number: int


@dataclass(frozen=True, slots=True)
class CustomerAnswered:
    """A customer who is called back took the call."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class CallbackTimedOut:
    """The customer's phone rang for long enough, or who took the call has pressed no key."""

    channel: str


@dataclass(frozen=True, slots=True)
class CallbackDue:
    """A customer who could not be reached may be called again."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CallbackExpired:
    """The caller asked to be called back so long ago that it is of no use any more."""

    call_id: str


@dataclass(frozen=True, slots=True)
class LogOn:
    """The agent at `device` wants calls: of this queue, or of all that he is a member of (None)."""

    device: str
    queue: str | None
    person: Person | None = None
    """Who that is; None is the extension's own agent."""
    dialled_on: str = ""
    """The channel on which the code was dialled, if it was."""


@dataclass(frozen=True, slots=True)
class LogOff:
    """The agent at `device` wants no more calls: of this queue, or of any (None)."""

    device: str
    queue: str | None
    dialled_on: str = ""
    """The channel on which the code was dialled, if it was."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The agent at `device` wants no calls for a while: of this queue, or of any (None)."""

    device: str
    queue: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unpause:
    """The agent at `device` wants calls again: of this queue, or of all (None)."""

    device: str
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class WrapUpOver:
    """The time that an agent has to himself after a call is over."""

    extension: str


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """The agent at an extension needs more time after a call."""

    extension: str
    by: timedelta


@dataclass(frozen=True, slots=True)
class DeviceStateChanged:
    """Asterisk reports another state of a device."""

    device: str
    state: DeviceState


@dataclass(frozen=True, slots=True)
class AsteriskLost:
    """The connection to Asterisk is gone: nothing can be rung."""


@dataclass(frozen=True, slots=True)
class AsteriskFound:
    """The connection to Asterisk is back, and what it had to say has been stepped."""


@dataclass(frozen=True, slots=True)
class DrainBegun:
    """No new callers are to be taken: maintenance is near."""


@dataclass(frozen=True, slots=True)
class DrainEnded:
    """New callers are to be taken again."""


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """There is a new queue, or one has other settings."""

    queue: Queue


@dataclass(frozen=True, slots=True)
class QueueRemoved:
    """A queue is no more."""

    name: str


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """There is a new extension, or what is configured of one has changed."""

    extension: str
    device: str
    jid: str
    skills: dict[str, int] = field(default_factory=dict)
    max_calls: int = 1


@dataclass(frozen=True, slots=True)
class AgentRemoved:
    """An extension is no more."""

    extension: str


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """An extension may log on to a queue, or has another penalty there."""

    queue: str
    extension: str
    penalty: int = 0
    made: int = 0


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """An extension may log on to a queue no more."""

    queue: str
    extension: str


ConfigurationEvent = (
    QueueChanged | QueueRemoved | AgentChanged | AgentRemoved | MemberChanged | MemberRemoved
)
"""What the operator changed."""

Event = (
    CallerEntered
    | CallerLeft
    | CallerReplaced
    | NotLetGo
    | LegAnswered
    | LegEnded
    | PhoneGone
    | NotConnected
    | BlindTransfer
    | NumberLookedUp
    | AttendedTransfer
    | ConsultOver
    | RingTimedOut
    | RetryDue
    | WaitTimedOut
    | DigitPressed
    | ExitFound
    | Withdraw
    | MoveCaller
    | SkillsWaived
    | StickyOver
    | ConnectDue
    | AnnouncementDue
    | Said
    | CustomerAnswered
    | CallbackTimedOut
    | CallbackDue
    | CallbackExpired
    | LogOn
    | LogOff
    | Pause
    | Unpause
    | WrapUpOver
    | ExtendWrapUp
    | DeviceStateChanged
    | AsteriskLost
    | AsteriskFound
    | DrainBegun
    | DrainEnded
    | ConfigurationEvent
)
