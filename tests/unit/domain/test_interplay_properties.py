"""Whatever happens while the operator changes the call centre, and the service is started anew."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from component import recovery
from component.domain import sticky
from component.domain.commands import WakeAt
from component.domain.events import (
    AgentChanged,
    AgentRemoved,
    AsteriskFound,
    AsteriskLost,
    ConnectDue,
    DrainBegun,
    DrainEnded,
    Event,
    MemberChanged,
    MemberRemoved,
    MoveCaller,
    QueueChanged,
    QueueRemoved,
    Withdraw,
)
from component.domain.model import DND_PREFIX, Agent, Call, Leg
from component.domain.moot import call_of
from component.domain.presence import LOOSE, NEVER, STRICT
from component.domain.queue import AutoPause, Queue, StrategyName
from component.domain.ringing import ring_timers
from component.domain.state import State
from component.domain.terms import Terms
from component.domain.words import AgentState, CallState, DeviceState, Place
from component.records import Ledger
from tests.unit.domain.any_facts import CALLING_BACK, EXTENSIONS, TERMS, AnyFacts
from tests.unit.domain.call_centre import COMPANY_1, SUPPORT
from tests.unit.domain.test_transfer_properties import AnyOrderOfTransfers

pytestmark = pytest.mark.unit

QUEUES = ("support", "sales")

SECONDS = st.sampled_from([0, 1, 4]).map(lambda seconds: timedelta(seconds=seconds))

SETTINGS = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(StrategyName),
        "autopause": st.sampled_from(AutoPause),
        "ringinuse": st.booleans(),
        "leavewhenempty": st.sampled_from([NEVER, LOOSE, STRICT]),
        "joinempty": st.sampled_from([NEVER, LOOSE]),
        "maxlen": st.sampled_from([0, 3]),
        "weight": st.sampled_from([0, 1]),
        "retry": st.sampled_from([timedelta(seconds=1), timedelta(seconds=5)]),
        "wrapuptime": SECONDS,
        "memberdelay": SECONDS,
        "skills_timeout": SECONDS,
        "sticky": SECONDS.map(lambda seconds: seconds * 100),
        "sticky_wait": SECONDS,
        "announce_frequency": SECONDS.map(lambda seconds: seconds * 5),
    }
)


class AnyOrderOfChanges(AnyOrderOfTransfers):
    """The same with two queues whose settings change; extensions and seats that come and go; a
    service and an Asterisk that do, too."""

    @initialize()
    def everything_is_configured(self) -> None:
        self.extensions = set(EXTENSIONS)
        """As the database has them."""
        self.queue_is_changed("sales", {})
        for extension in EXTENSIONS:
            self.member_is_added("sales", extension, 0)

    # What the operator does. --------------------------------------------------------------------

    @rule(name=st.sampled_from(QUEUES), changes=SETTINGS)
    def queue_is_changed(self, name: str, changes: dict[str, Any]) -> None:
        queue = replace(SUPPORT, name=name, callback=CALLING_BACK, context="exits")
        self._take(QueueChanged(replace(queue, **changes)))

    @rule(name=st.sampled_from(QUEUES))
    def queue_is_removed_and_added(self, name: str) -> None:
        self._take(QueueRemoved(name))
        self.queue_is_changed(name, {})
        for extension in EXTENSIONS:
            self.member_is_added(name, extension, 0)

    @rule(extension=st.sampled_from(EXTENSIONS))
    def extension_is_removed(self, extension: str) -> None:
        self.extensions.discard(extension)
        self._take(AgentRemoved(extension))

    @rule(extension=st.sampled_from(EXTENSIONS), phone=st.sampled_from("ab"), calls=st.just(2))
    def extension_is_added_or_changed(self, extension: str, phone: str, calls: int) -> None:
        self.extensions.add(extension)
        device = f"PJSIP/{extension}{phone.removeprefix('a')}"
        jid, skills = f"user{extension}@example.com", {"french": 1}
        self._take(AgentChanged(extension, device, jid, skills, calls))
        for queue in QUEUES:
            self.member_is_added(queue, extension, 0)

    @rule(
        queue=st.sampled_from(QUEUES),
        extension=st.sampled_from(EXTENSIONS),
        penalty=st.integers(0, 1),
    )
    def member_is_added(self, queue: str, extension: str, penalty: int) -> None:
        if extension in self.extensions:
            self._take(MemberChanged(queue, extension, penalty))

    @rule(queue=st.sampled_from(QUEUES), extension=st.sampled_from(EXTENSIONS))
    def member_is_removed(self, queue: str, extension: str) -> None:
        self._take(MemberRemoved(queue, extension))

    # What agents and callers do. ----------------------------------------------------------------

    @rule(queue=st.sampled_from(QUEUES), extension=st.sampled_from(EXTENSIONS))
    def agent_logs_on(self, queue: str, extension: str) -> None:
        agent = self.centre.state.agents.get(extension)
        if agent is not None:
            self._do(lambda: self.centre.log_on_to(queue, agent.device.removeprefix("PJSIP/")))

    @rule(extension=st.sampled_from(EXTENSIONS), state=st.sampled_from(DeviceState))
    def no_calls_are_wanted(self, extension: str, state: DeviceState) -> None:
        self._do(lambda: self.centre.device(f"{DND_PREFIX}{extension}"[6:], state))

    @rule(target=AnyFacts.calls, terms=st.sampled_from(TERMS))
    def customer_enters(self, terms: Terms) -> str:
        call = self._do(lambda: self.centre.enter(COMPANY_1, terms))
        assert call is not None
        return call

    @rule(call=AnyFacts.calls, queue=st.sampled_from(QUEUES), place=st.sampled_from(Place))
    def caller_is_moved(self, call: str, queue: str, place: Place) -> None:
        self._take(MoveCaller(call, queue, place))

    # What befalls the service. ------------------------------------------------------------------

    @rule(drains=st.booleans())
    def service_drains(self, drains: bool) -> None:
        self._take(DrainBegun() if drains else DrainEnded())

    @rule()
    def asterisk_is_lost(self) -> None:
        self._take(AsteriskLost())

    @rule()
    def asterisk_is_found(self) -> None:
        self._take(AsteriskFound())

    @rule()
    def service_is_started_anew(self) -> None:
        old, state = self.centre.state, State(Ledger())
        state.load(
            list(old.queues.values()),
            [_as_stored(agent) for agent in old.agents.values() if not agent.leaving],
            list(old.members.values()),
            list(old.calls.values()),
            list(old.turns.values()),
            spoke=list(old.spoke.values()),
            asked=list(old.asked.values()),
            passed_on=list(old.passed_on.values()),
        )
        # Legs of who was leaving and had passed the call on are nobody's: `recovery` ends them.
        self.let_go |= _legs(old) - _legs(state)
        self.centre.state = state
        self.centre.decided = list(recovery.timers(state, self.centre.now))
        for extension in set(state.agents) - self.extensions:
            self._take(AgentRemoved(extension))
        self._take(AsteriskFound())

    # What must always hold. ---------------------------------------------------------------------

    @invariant()
    def no_agent_has_more_calls_than_allowed_and_one_of_them_rings_at_most(self) -> None:
        """How many are allowed may have changed meanwhile."""
        calls = [call for call in self.centre.state.calls.values() if call.is_waiting]
        rung = [offer.extension for call in calls for offer in call.offers]
        assert len(rung) == len(set(rung))

    @invariant()
    def a_leg_is_in_one_hand(self) -> None:
        legs = [leg for agent in self.centre.state.agents.values() for leg in agent.legs]
        assert len(legs) == len(set(legs))

    @invariant()
    def who_is_leaving_talks(self) -> None:
        assert all(a.legs for a in self.centre.state.agents.values() if a.leaving)

    @invariant()
    def nobody_waits_while_somebody_untried_is_free(self) -> None:
        state = self.centre.state
        for call in self._waiting() if state.asterisk_up else ():
            free = set(state.candidates.of(call.queue, call.terms.need)) - call.tried
            knows = sticky.preferred(state, call)
            awaited = knows is not None and sticky.is_awaited(state, call, knows, self.centre.now)
            drains = state.draining and call.state is CallState.AWAY
            assert not free or awaited or drains, f"{call.id} waits while {free} are free"

    @invariant()
    def nobody_waits_where_nobody_is_logged_on(self) -> None:
        state = self.centre.state
        for call in self._waiting() if state.asterisk_up else ():
            excuses = state.queues[call.queue].leavewhenempty
            stays = call.is_kept or not excuses
            assert stays or state.presence.anyone(call.queue, excuses, call.terms.need)

    @invariant()
    def nobody_waits_in_a_queue_that_is_gone(self) -> None:
        state = self.centre.state
        needy = {c.queue for c in state.calls.values() if c.is_waiting or c.is_kept}
        assert needy <= state.queues.keys()

    @invariant()
    def the_indexes_agree_with_the_records(self) -> None:
        state = self.centre.state
        for name, queue in state.queues.items():
            waiting = {c.id for c in state.calls.values() if c.may_be_served and c.queue == name}
            assert {call.id for call in state.waiting(name)} == waiting
            members = [m for m in state.members.values() if m.queue == name]
            ready = [m for m in members if m.logged_on_at and not m.paused_at]
            free = {m.extension for m in ready if _is_free(state.agents[m.extension], queue)}
            assert set(state.candidates.of(name)) == free

    @invariant()
    def what_is_put_off_comes(self) -> None:
        """Also what was put off in an earlier life of the service."""
        state, now, to_come = self.centre.state, self.centre.now, self._to_come()
        ended = {call.id for call in state.calls.values() if call.outcome}
        timers = (t for t in recovery.timers(state, now) if call_of(t.event) not in ended)
        wanted = {timer.event: timer.at for timer in timers if timer.at > now}
        ringing = {timer.event for timer in ring_timers(state, now) if state.asterisk_up}
        missing = (wanted.keys() | ringing) - to_come.keys()
        assert not missing, f"nothing will tell of {missing}"
        # The silence that an agent hears may be set shorter, but for the next one.
        late = {e for e, at in wanted.items() if to_come[e] > at and not isinstance(e, ConnectDue)}
        assert not late, f"{late} come late"

    @invariant()
    def who_is_tried_again_waits(self) -> None:
        pausing = (CallState.WAITING, CallState.AWAY, CallState.ENDED)
        calls = self.centre.state.calls.values()
        assert all(call.state in pausing for call in calls if call.retry_at is not None)

    def teardown(self) -> None:
        """When all is as it was to begin with nothing is left over."""
        self.service_drains(drains=False)
        self.asterisk_is_found()
        for call in list(self.centre.state.calls.values()):
            self._take(Withdraw(call.id))
        for extension in EXTENSIONS:
            self.extension_is_added_or_changed(extension, "a", 1)
        super().teardown()

    def _waiting(self) -> Iterator[Call]:
        return chain.from_iterable(map(self.centre.state.waiting, self.centre.state.queues))

    def _to_come(self) -> dict[Event, datetime]:
        """What timers will tell, and when they do first."""
        timers = [timer for timer in self.centre.decided if isinstance(timer, WakeAt)]
        return {t.event: t.at for t in sorted(timers, key=lambda t: t.at, reverse=True)}


def _legs(state: State) -> set[Leg]:
    return {leg for agent in state.agents.values() for leg in agent.legs}


def _as_stored(agent: Agent) -> Agent:
    """What the database has of an agent: nothing of the telephone."""
    return replace(agent, device_state=DeviceState.UNKNOWN, do_not_disturb=False)


def _is_free(agent: Agent, queue: Queue) -> bool:
    device = agent.device_state
    has_room = queue.ringinuse and agent.may_have_another
    is_idle = agent.state is AgentState.AVAILABLE or has_room
    can_ring = device.is_there if queue.ringinuse else device.can_ring
    return is_idle and can_ring and not agent.do_not_disturb


AnyOrderOfChanges.TestCase.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None
)
TestAnyOrderOfChanges = AnyOrderOfChanges.TestCase
