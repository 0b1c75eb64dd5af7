"""What companies have beside the queue on the same Asterisk: recording, listening in, parking."""

from collections.abc import Mapping

MODULES = """
load = app_chanspy.so
load = app_mixmonitor.so
load = res_parking.so
load = func_groupcount.so
"""

DIALPLAN = """
[from-callers](+)
exten => recorded,1,Answer(,i)
 same => n,MixMonitor(${RECORDING}.ulaw,r(${RECORDING}-in.ulaw)t(${RECORDING}-out.ulaw))
 same => n,Stasis(${IVR_APP},${IVR_QUEUE})
exten => recordedb,1,Answer(,i)
 same => n,MixMonitor(${RECORDING}.ulaw,br(${RECORDING}-in.ulaw)t(${RECORDING}-out.ulaw))
 same => n,Stasis(${IVR_APP},${IVR_QUEUE})

[from-phones](+)
exten => _*1X.,1,Answer(,i)
 same => n,ChanSpy(PJSIP/${EXTEN:2},q)
exten => _*2X.,1,Answer(,i)
 same => n,ChanSpy(PJSIP/${EXTEN:2},qw)
exten => _*3X.,1,Answer(,i)
 same => n,ChanSpy(PJSIP/${EXTEN:2},qB)
include => parkedcalls
exten => 799,1,NoOp(peer ${BRIDGEPEER} connected ${CONNECTEDLINE(all)})
 same => n,Set(BLINDTRANSFER=${BRIDGEPEER})
 same => n,Park()
"""

PARKING = """
[general]
[default]
parkext = 700
parkpos = 701-720
context = parkedcalls
parkingtime = 3
comebacktoorigin = yes
parkedmusicclass = default
findslot = first
"""

PJSIP = """
[mortal](phone)
auth = mortal
aors = mortal
rtp_timeout = 2
rtp_timeout_hold = 4
[mortal](phone-password)
username = mortal
password = mortal
[mortal](phone-contact)
[timed](phone)
auth = timed
aors = timed
timers = always
timers_min_se = 90
timers_sess_expires = 90
[timed](phone-password)
username = timed
password = timed
[timed](phone-contact)
"""


def configuration() -> Mapping[str, str]:
    return {
        "modules.conf": MODULES,
        "extensions.conf": DIALPLAN,
        "res_parking.conf": PARKING,
        "pjsip.conf": PJSIP,
    }
