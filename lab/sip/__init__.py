"""A small SIP phone on asyncio and the standard library, for trying out a telephone system.

It speaks UDP, PCMU, digest authentication, and DTMF as telephone-events (RFC 4733) and SIP INFO,
to one server and without proxies between. It holds no tasks: what it does by itself it does in
callbacks of the event loop.
"""

from lab.sip.behaviour import Behaviour, answering, in_turn, rejecting, ringing_only
from lab.sip.call import Call, CallState, Ending
from lab.sip.errors import CallEndedError, NoTalkPathError, RefusedError, SipError
from lab.sip.incoming import IncomingCall
from lab.sip.outgoing import OutgoingCall
from lab.sip.pcmu import silence, tone
from lab.sip.phone import Phone
from lab.sip.udp import PortPool

__all__ = [
    "Behaviour",
    "Call",
    "CallEndedError",
    "CallState",
    "Ending",
    "IncomingCall",
    "NoTalkPathError",
    "OutgoingCall",
    "Phone",
    "PortPool",
    "RefusedError",
    "SipError",
    "answering",
    "in_turn",
    "rejecting",
    "ringing_only",
    "silence",
    "tone",
]
