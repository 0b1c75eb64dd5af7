"""What app_queue and the service log of their queues, made comparable."""

from collections.abc import Mapping

from tests.e2e.world import World

Entry = tuple[str, ...]
"""callid, queuename, agent, event, data1, ... data5"""

TIMES: Mapping[str, tuple[int, ...]] = {
    "CONNECT": (0, 2),
    "COMPLETEAGENT": (0, 1),
    "COMPLETECALLER": (0, 1),
    "ABANDON": (2,),
    "EXITWITHTIMEOUT": (2,),
    "EXITWITHKEY": (3,),
    "RINGNOANSWER": (0,),
    "RINGCANCELED": (0,),
    "BLINDTRANSFER": (2, 3),
    "ATTENDEDTRANSFER": (2, 3),
    "EXITEMPTY": (2,),
    "WITHDRAW": (2,),
}
"""Which data of an event tell how long something took: that is never the same twice."""

IDS: Mapping[str, int] = {"CONNECT": 1, "ATTENDEDTRANSFER": 1}
"""Which datum is an id in Asterisk: of the channel to the agent, of the bridge of the talk."""

BY_COMMAND = "CLI"
"""What app_queue has for a channel, if it was done on the command line; ours has NONE."""


async def our_log(world: World) -> list[Entry]:
    """Read the service's log."""
    rows = await world.sql(
        "SELECT callid, queuename, agent, event, data1, data2, data3, data4, data5"
        " FROM queue_log ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def their_log(world: World) -> list[Entry]:
    """Read app_queue's log."""
    lines = (world.asterisk.log.parent / "queue_log").read_text().splitlines()
    entries = (line.split("|")[1:] for line in lines)
    return [(*entry, *[""] * (9 - len(entry))) for entry in entries if entry[3] != "QUEUESTART"]


def comparable(entry: Entry, names: Mapping[str, str]) -> Entry:
    """Leave out what cannot be the same in both; call queues and agents by these names."""
    callid, queue, who, event, *data = entry
    for place in TIMES.get(event, ()):
        assert data[place].isdecimal(), entry
        data[place] = "time"
    if event in IDS:
        data[IDS[event]] = "id"
    about = "NONE" if callid in ("NONE", BY_COMMAND) else "channel"
    return about, names.get(queue, queue), names.get(who, who), event, *data
