"""The words for where agents, members and calls stand, and for how what they do ends."""

from enum import StrEnum


class AgentState(StrEnum):
    """Where an agent stands with regard to calls of ours. Logged on or off is the member's."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    """A leg of ours rings at the agent, is answered but not connected yet, or is taken down; or a
    customer is called back whom the agent is to talk to."""
    ON_CALL = "on call"
    WRAP_UP = "wrap-up"
    """The call is over, the paperwork is not."""


class MemberState(StrEnum):
    """Where an agent stands with regard to one queue."""

    LOGGED_OFF = "logged off"
    READY = "ready"
    PAUSED = "paused"
    """Logged on, and offered nothing."""


class CallState(StrEnum):
    """Where a call stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTING = "connecting"
    """An agent has answered, and does not hear the caller yet (`memberdelay`)."""
    ANSWERED = "answered"
    """Caller and agent talk."""
    AWAY = "away"
    """The caller keeps the place without staying on the line, to be called back."""
    CALLING = "calling"
    """The customer is being called back; an agent is kept free meanwhile."""
    ENDED = "ended"


class Place(StrEnum):
    """Where in a line a caller is to be."""

    KEEP = "keep"
    """By priority and time of entering, as ever."""
    FRONT = "front"
    BACK = "back"


class DeviceState(StrEnum):
    """Asterisk's device states (`core show devstate`), as ARI spells them."""

    UNKNOWN = "UNKNOWN"
    NOT_INUSE = "NOT_INUSE"
    INUSE = "INUSE"
    BUSY = "BUSY"
    INVALID = "INVALID"
    UNAVAILABLE = "UNAVAILABLE"
    RINGING = "RINGING"
    RINGINUSE = "RINGINUSE"
    ONHOLD = "ONHOLD"

    @property
    def can_ring(self) -> bool:
        """Whether a call may be offered; UNKNOWN is a device that reports no state."""
        return self in (DeviceState.NOT_INUSE, DeviceState.UNKNOWN)

    @property
    def is_there(self) -> bool:
        """Whether the device could be rung if it were not in use."""
        return self not in (DeviceState.UNAVAILABLE, DeviceState.INVALID)

    @property
    def is_in_use(self) -> bool:
        """Whether the device is there, and not to be rung."""
        return self.is_there and not self.can_ring


class LegEnd(StrEnum):
    """Why a leg ended: an agent's, or that to a customer who is called back."""

    NO_ANSWER = "no answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    """The device could not be rung at all: not registered, unknown, or Asterisk refused."""
    HUNG_UP = "hung up"
    """An answered leg ended, or we took a ringing one down."""


class OfferEnd(StrEnum):
    """Why an offer came to nothing."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    CALLER_LEFT = "caller_left"
    """The caller hung up, left by a key, or was taken out of the queue."""
    TIMEOUT = "timeout"
    """The caller's wait was over."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """Of several phones that rang, another one was answered."""
    TRANSFERRED = "transferred"
    """The agent, who had answered, passed the call on to another one."""
    HUNG_UP = "hung_up"
    """The agent, who had answered, hung up before the caller was to be heard."""
    LOST = "lost"
    """The leg is gone by our doing, or since nobody listened: who knows what the agent did."""


class QueueStatus(StrEnum):
    """`QUEUESTATUS`, with the values that app_queue gives it."""

    TIMEOUT = "TIMEOUT"
    JOINEMPTY = "JOINEMPTY"
    LEAVEEMPTY = "LEAVEEMPTY"
    FULL = "FULL"
    JOINUNAVAIL = "JOINUNAVAIL"
    LEAVEUNAVAIL = "LEAVEUNAVAIL"
    CONTINUE = "CONTINUE"
    """The agent hung up, and the caller wishes to go on."""
    WITHDRAW = "WITHDRAW"
    """Taken out of the queue by a supervisor or the operator."""
    UNAVAILABLE = "UNAVAILABLE"
    """Not app_queue's: this service cannot hold the caller now. Its database is away, it drains, or
    there is no such queue."""


class TurnedAway(StrEnum):
    """Why somebody comes into no queue, whatever the queue."""

    DRAINING = "draining"
    NO_SUCH_QUEUE = "no_such_queue"


class Outcome(StrEnum):
    """How a call ended."""

    COMPLETED = "completed"
    TRANSFERRED = "transferred"
    """An agent passed the caller on to somebody who is none."""
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    JOINEMPTY = "joinempty"
    LEAVEEMPTY = "leaveempty"
    FULL = "full"
    JOINUNAVAIL = "joinunavail"
    LEAVEUNAVAIL = "leaveunavail"
    EXITWITHKEY = "exitwithkey"
    WITHDRAW = "withdraw"
    UNREACHED = "unreached"
    """The caller was to be called back and, often enough, did not answer."""
    EXPIRED = "expired"
    """The caller was to be called back, and it was not the caller's turn in time."""
    DECLINED = "declined"
    """The caller was called back, and said that there is no need any more."""
