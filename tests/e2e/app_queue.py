"""app_queue itself, on the same Asterisk: a queue of its own, and the numbers that lead to it.

And the queues that are there on both sides.
"""

from collections.abc import Mapping

import aiohttp

from lab.asterisk import Asterisk
from tests.e2e import twins

QUEUES = """
[general]
shared_lastcall = yes
log_membername_as_agent = yes

[theirs]
strategy = leastrecent
timeout = 4
retry = 5
joinempty = yes
leavewhenempty = unavailable
ringinuse = no
autopause = yes
context = ivr-queue-keys
"""

DIALPLAN = """
[from-callers](+)
exten => theirs,1,Answer(,i)
 same => n,Queue(theirs)
 same => n,Set(GLOBAL(THEIRS_LEFT)=${QUEUESTATUS})
exten => theirs-briefly,1,Answer(,i)
 same => n,Queue(theirs,,,,6)
exten => ours,1,Answer(,i)
 same => n,Stasis(${IVR_APP},${IVR_QUEUE})
 same => n,Set(GLOBAL(OURS_LEFT)=${QUEUESTATUS})
exten => ours-without-a-queue,1,Answer(,i)
 same => n,Stasis(${IVR_APP})
 same => n,Set(GLOBAL(OURS_LEFT)=${QUEUESTATUS})
exten => ours-in-french,1,Answer(,i)
 same => n,Stasis(${IVR_APP},${IVR_QUEUE},,,skills=french:2)
exten => ours-briefly,1,Answer(,i)
 same => n,Stasis(${IVR_APP},${IVR_QUEUE},,,timeout=6)

[from-phones](+)
exten => their-logon,1,AddQueueMember(theirs,PJSIP/${CHANNEL(endpoint)},,,${CHANNEL(endpoint)})
exten => their-logoff,1,RemoveQueueMember(theirs,PJSIP/${CHANNEL(endpoint)})
exten => their-pause,1,PauseQueueMember(,PJSIP/${CHANNEL(endpoint)})
exten => their-unpause,1,UnpauseQueueMember(,PJSIP/${CHANNEL(endpoint)})

[ivr-queue-keys](+)
exten => 12,1,Hangup()
"""

MANAGER = """
[general]
enabled = yes
webenabled = yes
bindaddr = 127.0.0.1
port = {port}

[lab]
secret = lab
write = agent
"""


def configuration(manager_port: int) -> Mapping[str, str]:
    """Return what is appended to Asterisk's files, by their names.

    The manager interface is reached by HTTP, and has a port of its own all the same.
    """
    return {
        "modules.conf": "\nload = app_queue.so\nload = func_global.so\n",
        "manager.conf": MANAGER.format(port=manager_port),
        "queues.conf": QUEUES + twins.queues_conf(),
        "extensions.conf": DIALPLAN + twins.dialplan(),
        "pjsip.conf": twins.pjsip_conf(),
    }


async def manage(asterisk: Asterisk, action: str, **fields: str) -> None:
    """Have something done by the manager interface, as people do with app_queue."""
    url = f"http://127.0.0.1:{asterisk.settings.http_port}/rawman"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        login = {"action": "Login", "username": "lab", "secret": "lab"}
        for parameters in (login, {"action": action, **fields}):
            async with session.get(url, params=parameters) as reply:
                answer = await reply.text()
            assert "Response: Success" in answer, answer
