"""What must hold: at every moment once nothing has gone wrong for a while, and when all is over."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from component.domain.asterisk_ids import leg_channel, talk_bridge
from component.domain.queue_log import NONE
from component.domain.words import AgentState, CallState
from component.pubsub.addresses import extension_node
from tests.simulation.life import WALLBOARD
from tests.simulation.store import SLOWEST_COMMIT

if TYPE_CHECKING:
    from tests.simulation.life import Life
    from tests.simulation.world import World

CALM_SECONDS = 45.0
"""So long after the last fault at the latest, everything that it did is mended."""

LATE_SECONDS = 12.0
"""So long at the most, something may be known on one side only."""

SOON_SECONDS = 1.5
"""So long at the most it takes until what is due is done: phones that ring are looked at every
second."""

SLOW_STORE_SECONDS = 2 * SLOWEST_COMMIT
"""So much longer where commits may be slow: a timer is set once its own is made, and what is due
then waits for the next one, which may have begun just before."""

SLOW_ASTERISK_SECONDS = 10.0
"""So much longer where requests may be lost: the phones that ring are looked at one after another,
and whoever comes next waits for each answer that does not come."""

PATIENCE_SECONDS = 4000.0

PLACES = {
    ("outside", "ADDMEMBER"): "outside",
    ("outside", "REMOVEMEMBER"): "outside",
    ("outside", "ENTERQUEUE"): "waiting",
    ("waiting", "CALLBACK"): "away",
    ("away", "CALLBACKCALL"): "called",
    ("away", "CALLBACKFAILED"): "outside",
    ("called", "CALLBACKMISSED"): "away",
    ("called", "CALLBACKTAKEN"): "waiting",
    ("called", "CALLBACKFAILED"): "outside",
    ("away", "WITHDRAW"): "outside",
    ("called", "WITHDRAW"): "outside",
    ("waiting", "RINGNOANSWER"): "waiting",
    ("waiting", "RINGCANCELED"): "waiting",
    ("waiting", "AGENTDUMP"): "waiting",
    ("waiting", "CONNECT"): "talking",
    ("waiting", "ABANDON"): "outside",
    ("waiting", "EXITEMPTY"): "outside",
    ("waiting", "EXITWITHKEY"): "outside",
    ("waiting", "EXITWITHTIMEOUT"): "outside",
    ("waiting", "WITHDRAW"): "outside",
    ("talking", "COMPLETECALLER"): "outside",
    ("talking", "COMPLETEAGENT"): "outside",
    ("talking", "BLINDTRANSFER"): "outside",
    ("talking", "ATTENDEDTRANSFER"): "outside",
    ("talking", "SYSCOMPAT"): "waiting",
}
"""Where a caller was and what the log says → where the caller is then."""

SETTLING_SECONDS = 150.0
"""So long after the last caller is gone, all timers have run."""


def nobody_forgotten(world: "World") -> None:
    """Compare Asterisk with the engine: neither may have for long what the other has not."""
    life = world.life
    now = world.loop.time()
    if life is None or not life.serving or now - world.storm.disturbed_at < CALM_SECONDS:
        world.suspects.clear()
        return
    if life.adapter.state.up:
        found = dict.fromkeys(chain(_one_sided(world, life), _in_vain(world, life)), LATE_SECONDS)
    else:
        found = {"there is no connection to Asterisk": CALM_SECONDS}
    world.suspects = {what: world.suspects.get(what, now) for what in found}
    for what, since in world.suspects.items():
        if now - since > found[what]:
            world.history.fail(what)


def nothing_is_overdue(world: "World") -> None:
    """Look whether all has come to pass for which it was time, and that the service could notice.

    Calls do not ring on at phones that are gone.
    """
    now, faults = world.loop.time(), world.scenario.faults
    life, noticing_since = world.life, _noticing_since(world)
    if life is None or noticing_since is None:
        world.overdue.clear()
        return
    due = (what for what, _ in world.reference.overdue.since(world.loop.now()))
    found = chain(due, _unheard(world, life))
    world.overdue = {what: world.overdue.get(what, now) for what in found}
    slow_store = faults.commit_slow or faults.commit_in_doubt or faults.store_away
    patience = SOON_SECONDS + SLOW_STORE_SECONDS * bool(slow_store)
    patience += SLOW_ASTERISK_SECONDS * world.scenario.acts_late
    for what, since in world.overdue.items():
        if now - max(since, noticing_since) > patience:
            world.history.fail(f"overdue: {what}")


def _noticing_since(world: "World") -> float | None:
    """Return since when the service may notice what befalls phones, and act; None: it may not."""
    life = world.life
    if life is None or not life.serving or world.store.away or world.asterisk.is_frozen:
        return None
    return life.settled_at if life.adapter.state.up else None


def _unheard(world: "World", life: "Life") -> Iterator[str]:
    """Yield the legs of calls that ring at phones that are gone, and still are the agents'.

    Whose phones those are by now does not matter.
    """
    gone = [phone for phone in world.asterisk.phones.values() if not phone.is_there]
    ringing = [leg.id for phone in gone for leg in phone.ringing]
    if not ringing:
        return
    offered = {leg_channel(leg) for agent in life.state.agents.values() for leg in agent.legs}
    for leg in ringing:
        if leg in offered:
            yield f"{leg} rings no more, as the phone is gone"


def _one_sided(world: "World", life: "Life") -> Iterator[str]:
    """Yield what is known in Asterisk or in the engine only, as it may be for a moment."""
    known = {call.channel for call in life.state.calls.values()}
    calling = [call for call in life.state.calls.values() if call.state is CallState.CALLING]
    put_aside = {call.leg for call in calling}
    legs = {
        leg_channel(leg)
        for agent in life.state.agents.values()
        for leg in agent.legs
        if leg not in put_aside
    }
    for channel in world.asterisk.channels.values():
        if channel.device and channel.id not in legs:
            yield f"leg {channel.id} is nobody's"
        elif channel.to_customer and channel.id not in known:
            yield f"the call {channel.id} is nobody's"
        elif channel.in_stasis and not channel.device and channel.id not in known:
            stay = world.asterisk.stays[channel.id]  # who is turned away soon comes again
            yield f"{channel.id} is forgotten, who came for the {stay}. time"
    for call in life.state.calls.values():
        if call.channel in world.callers.fates:
            yield f"{call.id} has lost its caller {call.channel}"
    for call in calling:
        if call.channel not in world.asterisk.channels:
            yield f"the call {call.channel} is believed in"
    for leg in legs - world.asterisk.channels.keys():
        yield f"leg {leg} is believed in"


def _in_vain(world: "World", life: "Life") -> Iterator[str]:
    """Yield legs that no call wants any more, and talks in which nobody hears the other."""
    channels, calls = world.asterisk.channels, life.state.calls
    for agent in life.state.agents.values():
        if agent.leg is None or leg_channel(agent.leg) not in channels:
            continue
        call = calls.get(agent.leg.call_id)
        # Who passed a call on is let go of when it is answered.
        if call is None or not (call.direct or call.offer_on(agent.leg)):
            yield f"leg {agent.leg} is of no use any more"
    for call in calls.values():
        ends = [channels.get(call.channel), channels.get(leg_channel(call.leg))]
        bridges = {channel.bridge for channel in ends if channel is not None and channel.in_stasis}
        if call.state is not CallState.ANSWERED or None in ends:
            continue
        if bridges != {talk_bridge(call.leg, call.channel)}:
            yield f"{call.id} is connected with nobody"
        elif "absolute" in channels[call.channel].timers and not world.scenario.acts_late:
            yield f"{call.id} is talking on a time limit"


async def settled(world: "World") -> None:
    """Wait until all callers are gone and everything that follows from it is done."""
    for _ in range(int(PATIENCE_SECONDS)):
        await world.pass_time(1.0)
        there = world.asterisk.channels.values()
        waiting = any(channel.in_stasis or "again" in channel.timers for channel in there)
        if world.life is not None and not (waiting or _anybody_is_to_be_called(world.life)):
            break
    else:
        world.history.fail("callers are left though all faults are over")
    for _ in range(int(SETTLING_SECONDS)):
        await world.pass_time(1.0)
    await asyncio.sleep(0)


def _anybody_is_to_be_called(life: "Life") -> bool:
    return any(call.is_kept for call in life.state.calls.values())


def nothing_left_over(world: "World") -> None:
    """Look everywhere after all callers are gone."""
    life = world.life
    assert life is not None, "the service runs once the faults are over"
    _nothing_in_asterisk(world)
    _nothing_in_engine(world, life)
    _nothing_in_store(world, life)
    world.reference.agree(life.state)
    _everything_was_told(world)
    _queue_log_adds_up(world)
    _subscribers_see_the_truth(world)


def _nothing_in_asterisk(world: "World") -> None:
    for channel in world.asterisk.channels.values():
        world.history.fail(f"channel {channel.id} is left in Asterisk")
    for bridge in world.asterisk.bridges:
        world.history.fail(f"bridge {bridge} is left in Asterisk")


def _nothing_in_engine(world: "World", life: "Life") -> None:
    fail = world.history.fail
    for call in life.state.calls.values():
        fail(f"call {call.id} is left in the engine: {call}")
    for agent in life.state.agents.values():
        if agent.state is not AgentState.AVAILABLE or agent.legs or agent.deferred:
            fail(f"agent {agent.extension} is left {agent.state} with {agent.legs}")
        if agent.device_state.value != world.asterisk.phones[agent.device].state:
            fail(f"{agent.device} is believed to be {agent.device_state}")
        if agent.do_not_disturb:
            fail(f"{agent.extension} is believed not to want calls")
    for what, number in life.backlog.items():
        if number:
            fail(f"{number} {what} are left")


def _nothing_in_store(world: "World", life: "Life") -> None:
    store, fail = world.store, world.history.fail
    for agent in life.state.agents.values():
        if agent.extension in store.renewed:
            continue
        stored = replace(
            store.agents[agent.extension],
            device_state=agent.device_state,
            do_not_disturb=agent.do_not_disturb,
        )
        if stored != agent:
            fail(f"the store has {store.agents[agent.extension]}, believed is {agent}")
    for key, member in store.members.items():
        if life.state.members[key] != member:
            fail(f"the store has {member}, believed is {life.state.members[key]}")
    for call in store.calls.values():
        if call.state is not CallState.ENDED:
            fail(f"call {call.id} is left in the store: {call}")
    if store.outgoing:
        fail(f"messages {sorted(store.outgoing)} are left in the store")


def _everything_was_told(world: "World") -> None:
    untold = world.store.promised - world.xmpp.arrived
    if untold:
        world.history.fail(f"messages {sorted(untold)} were never sent")


def _queue_log_adds_up(world: "World") -> None:
    """Follow each caller through the log: what begins there ends there, once and in order.

    And the store has what was to be logged, neither more nor less.
    """
    if world.store.queue_log != world.reference.books.logged:
        world.history.fail("the store has another queue_log than the books")
    places: dict[str, str] = {}
    replaced = world.replacements.of
    for _, entry in sorted(world.store.queue_log.items()):
        if entry.callid == NONE:
            continue
        talked = entry.callid
        is_new = entry.event == "ENTERQUEUE"
        while not is_new and talked not in places and talked in replaced:
            talked = replaced[talked]
        if talked in places:
            places[entry.callid] = places.pop(talked)
        before = places.get(entry.callid, "outside")
        after = PLACES.get((before, entry.event))
        if after is None:
            world.history.fail(f"queue_log has {entry} of a caller who is {before}")
        places[entry.callid] = after
    for callid, place in places.items():
        if place != "outside":
            world.history.fail(f"queue_log leaves {callid} {place}")


def _subscribers_see_the_truth(world: "World") -> None:
    """Compare what is in the nodes with what those see who are subscribed to them.

    A node may outlive its extension, with all that is in it, but not the subscriptions: those who
    have subscribed anew see what has happened since.
    """
    fail = world.history.fail
    for account in world.xmpp.misled():
        fail(f"repetition has misled {account}")
    for account, subscriber in world.xmpp.subscribers.items():
        for call_id, seen in subscriber.items.items():
            if seen.state in ("offered", "answered"):
                fail(f"{account} still sees {call_id} {seen.state}")
    accounts = {extension_node(a.extension): a.jid for a in world.store.agents.values()}
    for (node, call_id), item in world.store.items.items():
        call = ET.fromstring(item.xml)
        if call.get("state") != "ended":
            fail(f"item {call_id} of {node} never ended")
        for account in (WALLBOARD,) if world.scenario.people else (WALLBOARD, accounts[node]):
            view = world.xmpp.subscribers[account].items
            newest = view.get(f"{node} {call_id}")
            since = world.xmpp.subscribed_at.get((account, node))
            if newest is None and since is not None and _ended(call) < since:
                continue
            if newest is None or str(newest.revision) != call.get("revision"):
                fail(f"{account} sees {newest} of {call_id}: {item.xml[:150]}")


def _ended(call: ET.Element) -> datetime:
    """Return when a call ended: who subscribes later is not told of it."""
    return datetime.fromisoformat(call.get("ended", ""))
