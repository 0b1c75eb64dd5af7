"""ARI's JSON, turned into what the domain knows.

The names of types and fields are those of Asterisk's `rest-api/events.json` and `channels.json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerLeft,
    CallerReplaced,
    CustomerAnswered,
    DeviceStateChanged,
    DigitPressed,
    LegAnswered,
    LegEnded,
    Said,
)
from component.domain.model import Caller, Leg
from component.domain.words import DeviceState, LegEnd
from component.ports import WaitingChannel
from component.telephony.arguments import priority_of, terms
from component.telephony.errors import MalformedEventError
from component.telephony.names import announcement_of, customer_of, fetched_leg_of, leg_of

LEG_ARGUMENT = "leg"
"""What an agent's leg is given as the application's argument, in place of a queue."""

FETCHED_CONTEXT = "ivr-fetched"
"""Where the dialplan has the phones of agents who were fetched from another talk. The extension
there ends with a dash and the context in which the phone dials."""

CUSTOMER_ARGUMENT = "customer"
"""What a channel to a customer is given as the application's argument, in place of a queue."""


@dataclass(frozen=True, slots=True)
class TransferTold:
    """What became of its transfer is on its way to the phone that asked for it."""

    leg: Leg


Fact = (
    WaitingChannel
    | CustomerAnswered
    | CallerLeft
    | CallerReplaced
    | DigitPressed
    | LegAnswered
    | LegEnded
    | BlindTransfer
    | AttendedTransfer
    | TransferTold
    | Said
    | DeviceStateChanged
)
"""What an event means to us. A `WaitingChannel` has yet to become a call."""

# Q.850 causes, as Asterisk derives them from the SIP status of the refusal.
_ENDS = MappingProxyType(
    {
        16: LegEnd.HUNG_UP,  # normal clearing: we took the leg down
        17: LegEnd.BUSY,  # 486, 600
        18: LegEnd.NO_ANSWER,  # 408
        19: LegEnd.NO_ANSWER,  # 480, and originate's own timeout
        21: LegEnd.REJECTED,  # 403, 603
    }
)

# For causes that tell less than the SIP status does.
_ENDS_BY_SIP_STATUS = MappingProxyType(
    {
        408: LegEnd.NO_ANSWER,
        480: LegEnd.NO_ANSWER,
        486: LegEnd.BUSY,
        600: LegEnd.BUSY,
        603: LegEnd.REJECTED,
        608: LegEnd.REJECTED,
    }
)


def translate(event: Mapping[str, object]) -> Fact | None:
    """Return what an event means; None if it is none of ours. Raises `MalformedEventError`."""
    match event.get("type"):
        case "StasisStart":
            return _entered(event)
        case "StasisEnd":
            return _left(event)
        case "ChannelDestroyed":
            return _destroyed(event)
        case "ChannelTransfer":
            return _transfer(event)
        case "ChannelDtmfReceived":
            return _digit(event)
        case "PlaybackFinished":
            return _said(event)
        case "DeviceStateChanged":
            return _device_state(event)
        case _:
            return None


def waiting_channel(channel: object, arguments: list[str]) -> WaitingChannel:
    """Return a caller's channel with the arguments of its `Stasis()`.

    They are queue, digits and priority, and what `component.telephony.arguments` knows by name.
    Without a queue, the caller is to be given back as for one that there is not: nobody else would.
    Raises `MalformedEventError`.
    """
    queue, digits, priority, *named = *arguments, *("" for _ in range(3 - len(arguments)))
    return _waiting_channel(channel, queue, digits, priority, named)


def replacing_channel(channel: object) -> WaitingChannel:
    """Return a channel that Asterisk has put in the place of a caller's, as `waiting_channel` does.

    It has no arguments: to which queue it came is known of the other one.
    """
    return _waiting_channel(channel, "", "", "", [])


def _waiting_channel(
    channel: object, queue: str, digits: str, priority: str, named: list[str]
) -> WaitingChannel:
    caller = _caller(channel)
    return WaitingChannel(
        channel=text(channel, "id"),
        queue=queue,
        digits=_printable(digits),
        caller_number=caller.number,
        caller_name=caller.name,
        created_at=_time(text(channel, "creationtime")),
        priority=priority_of(priority),
        terms=terms(named),
    )


def device_of(channel: object) -> str:
    """Return the device that a channel leads to. Raises `MalformedEventError`."""
    device, _, _ = text(channel, "name").rpartition("-")
    return device


def dials_in(channel: object) -> str:
    """Return the context in which a channel's phone dials. Raises `MalformedEventError`."""
    context = text(channel, "dialplan", "context")
    if context == FETCHED_CONTEXT:
        _, _, context = text(channel, "dialplan", "exten").partition("-")
    return context


def device_state(name: str) -> DeviceState:
    """Return a device state by ARI's name. Raises `MalformedEventError`."""
    try:
        return DeviceState(name)
    except ValueError:
        raise MalformedEventError(f"there is no device state {name!r}") from None


def text(thing: object, *path: str) -> str:
    """Return the text under a path of field names. Raises `MalformedEventError`."""
    found = _field(thing, *path)
    if not isinstance(found, str):
        raise MalformedEventError(f"no text under {'.'.join(path)}")
    return found


def _field(thing: object, *path: str) -> object:
    """Return what is under a path of field names, None if nothing is."""
    for name in path:
        thing = thing.get(name) if isinstance(thing, Mapping) else None
    return thing


def _caller(channel: object) -> Caller:
    number, name = text(channel, "caller", "number"), text(channel, "caller", "name")
    return Caller(_printable(number), _printable(name))


def _entered(
    event: Mapping[str, object],
) -> WaitingChannel | CallerReplaced | CustomerAnswered | LegAnswered:
    channel = text(event, "channel", "id")
    if "replace_channel" in event:
        replaced = text(event, "replace_channel", "id")
        return CallerReplaced(replaced, channel, _caller(event.get("channel")))
    leg, call_id, arguments = leg_of(channel), customer_of(channel), event.get("args")
    if leg is not None:
        return LegAnswered(leg)  # an originated channel enters once it is answered
    if call_id is not None and arguments == [CUSTOMER_ARGUMENT]:
        return CustomerAnswered(call_id, channel)  # else the dialplan has sent the customer to us
    if not isinstance(arguments, list) or not all(isinstance(word, str) for word in arguments):
        raise MalformedEventError("no list of texts under args")
    return waiting_channel(event.get("channel"), arguments)


def _left(event: Mapping[str, object]) -> CallerLeft | LegEnded:
    """A channel that leaves may live on: a leg, too, for an operator may send it elsewhere.

    That a leg is destroyed may also be told late: whoever listens in keeps it. It was answered.
    """
    channel = text(event, "channel", "id")
    leg = leg_of(channel)
    return CallerLeft(channel) if leg is None else LegEnded(leg, LegEnd.HUNG_UP)


def _destroyed(event: Mapping[str, object]) -> CallerLeft | LegEnded:
    channel = text(event, "channel", "id")
    leg = leg_of(channel)
    if leg is not None:
        return LegEnded(leg, _leg_end(event))
    if customer_of(channel) is not None:
        return CallerLeft(channel, _leg_end(event))
    return CallerLeft(channel)


def _digit(event: Mapping[str, object]) -> DigitPressed | None:
    channel = text(event, "channel", "id")
    return None if leg_of(channel) else DigitPressed(channel, text(event, "digit"))


def _said(event: Mapping[str, object]) -> Said | None:
    found = announcement_of(text(event, "playback", "id"))
    return None if found is None else Said(*found)


def _transfer(
    event: Mapping[str, object],
) -> BlindTransfer | AttendedTransfer | TransferTold | None:
    """A phone asks for a transfer; that it was told what became of it is an event, too."""
    leg, refer_to = _leg_of_phone(event), event.get("refer_to")
    if leg is not None and "state" in event:
        return TransferTold(leg)
    if leg is None or not isinstance(refer_to, Mapping):
        return None
    if "connected_channel" in refer_to:
        peer, consult = refer_to["connected_channel"], text(refer_to, "destination_channel", "id")
        return AttendedTransfer(leg, device_of(peer), text(peer, "name"), consult)
    if "destination_channel" in refer_to:  # the second call is not answered yet
        consult = refer_to["destination_channel"]
        number, context = text(consult, "dialplan", "exten"), text(consult, "dialplan", "context")
        return BlindTransfer(leg, number, context, consult=text(consult, "id"))
    number = text(refer_to, "requested_destination", "destination")
    context = dials_in(_field(event, "referred_by", "source_channel"))
    # No number: by a call that Asterisk does not know, or not yet. There is nobody to find then.
    return BlindTransfer(leg, number, context)


def _leg_of_phone(event: Mapping[str, object]) -> Leg | None:
    """Return the leg of the phone that asks for a transfer; the agent may have been fetched."""
    leg = leg_of(text(event, "referred_by", "source_channel", "id"))
    referred_by = event.get("referred_by")
    if leg is None and isinstance(referred_by, Mapping) and "connected_channel" in referred_by:
        return fetched_leg_of(text(referred_by, "connected_channel", "id"))
    return leg


def _leg_end(event: Mapping[str, object]) -> LegEnd:
    if text(event, "channel", "state") == "Up":
        return LegEnd.HUNG_UP
    cause, sip_status = event.get("cause"), event.get("tech_cause")
    if isinstance(cause, int) and cause in _ENDS:
        return _ENDS[cause]
    if isinstance(sip_status, int) and sip_status in _ENDS_BY_SIP_STATUS:
        return _ENDS_BY_SIP_STATUS[sip_status]
    return LegEnd.UNAVAILABLE


def _device_state(event: Mapping[str, object]) -> DeviceStateChanged:
    name = text(event, "device_state", "name")
    return DeviceStateChanged(name, device_state(text(event, "device_state", "state")))


def _printable(words: str) -> str:
    """Return what anybody may have sent us without what databases and XML cannot hold."""
    return "".join(character for character in words if character.isprintable())


def _time(iso: str) -> datetime:
    try:
        time = datetime.fromisoformat(iso)
    except ValueError:
        raise MalformedEventError(f"no time: {iso!r}") from None
    if time.tzinfo is None:
        raise MalformedEventError(f"a time without zone: {iso!r}")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise MalformedEventError(f"no time: {iso!r}") from None
