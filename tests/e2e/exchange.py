"""What else companies have on the Asterisk of the queue: recording, listening in, parking.

And a phone that Asterisk watches over: it sends audio all the time, or is taken for dead.
"""

from collections.abc import Mapping

from tests.e2e.world import World

WATCHED = "5000"
"""The extension of that phone."""

SILENT_SECONDS = 4
"""How long nothing may come from it."""

_MODULES = """
load = app_chanspy.so
load = app_mixmonitor.so
load = res_parking.so
"""

_DIALPLAN = """
[from-callers](+)
exten => recorded,1,Answer(,i)
 same => n,MixMonitor(${UNIQUEID}.ulaw,r(${UNIQUEID}-in.ulaw)t(${UNIQUEID}-out.ulaw))
 same => n,Stasis(${IVR_APP},${IVR_QUEUE})

[from-phones](+)
exten => _*51X.,1,ChanSpy(PJSIP/${EXTEN:3},q)
exten => _*52X.,1,ChanSpy(PJSIP/${EXTEN:3},qw)
exten => _*53X.,1,ChanSpy(PJSIP/${EXTEN:3},qB)
exten => 700,1,Park(,s)
exten => 709,1,Park(,st(1))
exten => 719,1,Park(returning,st(1))
exten => _70[1-8],1,ParkedCall(,${EXTEN})

[parkedcallstimeout]
exten => s,1,Stasis(${IVR_APP},${IVR_QUEUE},${CODE},10)
 same => n,Hangup()
"""

_PARKING = """
[default]
parkpos = 701-708
comebacktoorigin = no

[returning]
parkpos = 711-718
"""

_PHONE = f"""
[{WATCHED}](phone)
aors = {WATCHED}
rtp_timeout = {SILENT_SECONDS}
[{WATCHED}](phone-contact)
"""

_ADDITIONS: Mapping[str, str] = {
    "modules.conf": _MODULES,
    "extensions.conf": _DIALPLAN,
    "res_parking.conf": _PARKING,
    "pjsip.conf": _PHONE,
}

WATCHED_AGENT = f"""
INSERT INTO extensions (extension, device, jid)
VALUES ('{WATCHED}', 'PJSIP/{WATCHED}', 'user1@example.com');
INSERT INTO members (queue, extension) VALUES ('support', '{WATCHED}');
"""
"""SQL that makes whoever has that phone an agent."""


def configuration(others: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is appended to Asterisk's files, by their names, after what others append."""
    return dict(others) | {name: others.get(name, "") + text for name, text in _ADDITIONS.items()}


def recorded(world: World, unique_id: str, what: str = "") -> bytes:
    """Return what Asterisk has recorded of a caller's channel: all, or `-in` or `-out` of it."""
    directory = world.asterisk.log.parent.parent / "spool/monitor"
    return (directory / f"{unique_id}{what}.ulaw").read_bytes()
