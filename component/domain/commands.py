"""What the domain decides. The engine carries it out after the commit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from component.domain.events import Event
from component.domain.model import Call, Caller, Leg
from component.domain.words import OfferEnd, QueueStatus, TurnedAway

Sound = str | int
"""The name of a recording, or a number to be spoken."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Let the caller wait with music on hold.

    `at_most` bounds the stay should this service die: Asterisk then takes the caller back.
    """

    call_id: str
    channel: str
    at_most: timedelta
    musicclass: str = ""
    in_anothers_place: bool = False
    """Whether the caller has taken the place of another channel, in which sound may be stuck."""


@dataclass(frozen=True, slots=True)
class Say:
    """Interrupt the music for an announcement. A `Said` follows when it is over."""

    call_id: str
    channel: str
    number: int
    """The how many-th announcement of this call it is."""
    sounds: tuple[Sound, ...]
    musicclass: str = ""


@dataclass(frozen=True, slots=True)
class Hush:
    """Cut an announcement off. A `Said` follows."""

    call_id: str
    number: int
    before: str = ""
    """Another call, of which nothing is done meanwhile: it has the channel now that hears it."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell members of the queue, by message, that a caller waits."""

    call: Call
    extensions: tuple[str, ...]
    personal: bool
    """Whether the message says who calls."""


@dataclass(frozen=True, slots=True)
class ShowCall:
    """Publish the call, as it is now, in the node of an extension."""

    extension: str
    call: Call


@dataclass(frozen=True, slots=True)
class HideCall:
    """Retract the call from the node of an extension: it is not theirs after all."""

    extension: str
    call: Call
    reason: OfferEnd


@dataclass(frozen=True, slots=True)
class HostNode:
    """Give an extension its node, open to this account alone."""

    extension: str
    jid: str


@dataclass(frozen=True, slots=True)
class DropNode:
    """Take the node of an extension down."""

    extension: str


@dataclass(frozen=True, slots=True)
class WatchDevice:
    """Have Asterisk report the state of a device, and its changes."""

    device: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Make a leg to an agent's device.

    `at_most` bounds the ringing should this service die; the domain ends it earlier.
    """

    leg: Leg
    device: str
    channel: str
    """The caller's channel."""
    caller: Caller
    at_most: timedelta
    peer: str = ""
    """Asterisk's name of a channel to the device, on which somebody talks already: it is fetched
    from there, and nothing rings."""
    instead_of: str = ""
    """Asterisk's id of a channel that rings the device now. It is taken down first, and a
    `ConsultOver` follows; unless it was answered just now: then who answered is fetched."""


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """Take a leg down, whether it rings or talks. A `LegEnded` follows."""

    leg: Leg
    answered_elsewhere: bool = False
    """Whether the phone is told so: it then does not list the call as missed."""


@dataclass(frozen=True, slots=True)
class AnswerTransfer:
    """Tell the phone of an agent what became of the transfer that it asked for."""

    leg: Leg
    accepted: bool


@dataclass(frozen=True, slots=True)
class Redirect:
    """Give the caller back to the dialplan, where somebody else is at a number."""

    call_id: str
    channel: str
    context: str
    number: str


@dataclass(frozen=True, slots=True)
class Join:
    """Give the caller back to the dialplan, connected with somebody who talks already."""

    call_id: str
    channel: str
    peer: str
    """Asterisk's name of that somebody's channel."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Let caller and agent talk."""

    leg: Leg
    channel: str


@dataclass(frozen=True, slots=True)
class Display:
    """Have the phone of a leg show whom its agent talks with: it was called for somebody else."""

    leg: Leg
    caller: Caller


@dataclass(frozen=True, slots=True)
class LiftBound:
    """Let a caller who talks stay for as long as it takes: what `Hold` bounds is bounded no more.

    `Connect` does so, too; but perhaps it did not get so far.
    """

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Part:
    """Take a bridge down: caller and agent stay, but no longer hear each other."""

    call_id: str
    """The call of which nothing is done meanwhile: its caller may be in that bridge."""
    bridge: str
    connected_by: str = ""
    """The call by which they were connected, if it is another one."""


@dataclass(frozen=True, slots=True)
class Release:
    """Give the caller back to the dialplan, with QUEUESTATUS set."""

    call_id: str
    channel: str
    status: QueueStatus
    info: str = ""
    """What the dialplan finds in `QUEUE_WITHDRAW_INFO`."""
    bridge: str = ""
    """What is to be taken down then; empty if the caller has not talked."""
    turned_away: TurnedAway | None = None
    """Why there is no such call: the caller came into no queue."""
    queue: str = ""
    """The one that a caller asked for who is turned away."""


@dataclass(frozen=True, slots=True)
class SeekExit:
    """Look whether a context has what a caller keyed last for an extension, the most keys first.

    If so, an `ExitFound` follows.
    """

    call_id: str
    channel: str
    context: str
    keys: str
    """All that may be part of it. The last key always is."""


@dataclass(frozen=True, slots=True)
class SeekNumber:
    """Look whether a context has the number that an agent passes a call on to. A `NumberLookedUp`
    follows."""

    leg: Leg
    channel: str
    context: str
    number: str


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang the caller up and take the bridge down."""

    call_id: str
    channel: str
    bridge: str = ""
    """Empty if the caller has not talked."""


@dataclass(frozen=True, slots=True)
class CallCustomer:
    """Call a customer back, on a channel that is to have this id.

    `at_most` bounds the ringing should this service die; the domain ends it earlier.
    """

    call_id: str
    channel: str
    endpoint: str
    """What is dialled, for example `PJSIP/5550100@trunk`."""
    caller: Caller
    """What the customer's phone shows."""
    at_most: timedelta
    extension: str
    """The agent who is kept free meanwhile."""


@dataclass(frozen=True, slots=True)
class HangUpCustomer:
    """Take down a channel to a customer, whether it rings or talks."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Step `event` at a later time. A timer whose time has passed it by is ignored by `step`."""

    at: datetime
    event: Event


CallCommand = (
    Hold
    | Say
    | Hush
    | Ring
    | HangUpLeg
    | AnswerTransfer
    | Connect
    | Display
    | LiftBound
    | Part
    | Redirect
    | Join
    | Release
    | SeekExit
    | SeekNumber
    | EndCall
    | CallCustomer
    | HangUpCustomer
)
"""Carried out by Asterisk."""


@dataclass(frozen=True, slots=True)
class Again:
    """Do what was decided before, if it was not done: nobody knows."""

    command: CallCommand


Command = (
    CallCommand
    | Again
    | Announce
    | ShowCall
    | HideCall
    | HostNode
    | DropNode
    | WatchDevice
    | WakeAt
)
