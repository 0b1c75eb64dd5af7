"""Whatever happens in whatever order: what must always hold."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from component.domain.commands import (
    CallCustomer,
    Command,
    EndCall,
    HangUpCustomer,
    HangUpLeg,
    HideCall,
    Redirect,
    Release,
    Ring,
    ShowCall,
    WakeAt,
)
from component.domain.errors import DomainError
from component.domain.events import (
    AgentChanged,
    CallerEntered,
    CallerLeft,
    CustomerAnswered,
    DigitPressed,
    ExitFound,
    ExtendWrapUp,
    LegAnswered,
    LegEnded,
    MoveCaller,
    NotConnected,
    Said,
    Withdraw,
    WrapUpOver,
)
from component.domain.model import Agent, Caller, Leg
from component.domain.queue import CallingBack, StrategyName
from component.domain.terms import Need, Terms
from component.domain.words import AgentState, CallState, DeviceState, LegEnd, Place
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit

R = TypeVar("R")

EXTENSIONS = ("1000", "2000", "3000")

TERMS = [
    Terms(),
    Terms(continues=True, timeout=timedelta(seconds=7)),
    Terms(Need(skills=frozenset({("french", 1)}))),
    Terms(Need(max_penalty=0)),
]


CALLING_BACK = CallingBack(
    key="2",
    dial="PJSIP/{number}@trunk",
    per_number=2,
    maxlen=4,
    timeout=timedelta(seconds=10),
    tries=2,
    retry=timedelta(seconds=15),
    max_age=timedelta(seconds=300),
)


class AnyOrder(RuleBasedStateMachine):
    """Facts in any order, true ones and such as are late, doubled or about nothing."""

    calls = Bundle("calls")
    strategy = StrategyName.LEASTRECENT
    ringinuse = False
    max_calls = 1

    def __init__(self) -> None:
        super().__init__()
        self.centre = CallCentre(
            EXTENSIONS,
            penalty={"3000": 1},
            strategy=self.strategy,
            ringinuse=self.ringinuse,
            skills={"2000": {"french": 1}},
            wrapuptime=timedelta(seconds=2),
            memberdelay=timedelta(seconds=1),
            announce_frequency=timedelta(seconds=5),
            skills_timeout=timedelta(seconds=10),
            context="exits",
            callback=CALLING_BACK,
        )
        for agent in list(self.centre.state.agents.values()):
            allowed = (agent.extension, agent.device, agent.jid, agent.skills, self.max_calls)
            self.centre.take(AgentChanged(*allowed))
        self.called: set[str] = set()
        self.rung: set[Leg] = set()
        self.shown: set[tuple[str, str]] = set()
        self.released: list[str] = []

    @rule(target=calls, terms=st.sampled_from(TERMS))
    def enter(self, terms: Terms) -> str:
        call_id = self._do(lambda: self.centre.enter(terms=terms))
        assert call_id is not None
        return call_id

    @rule(call=calls)
    def caller_presses_a_key(self, call: str) -> None:
        channel = f"channel{call.removeprefix('call')}"
        self._do(lambda: self.centre.take(DigitPressed(channel, "9")))

    @rule(call=calls)
    def the_key_is_an_exit(self, call: str) -> None:
        self._do(lambda: self.centre.take(ExitFound(call, "9")))

    @rule(call=calls)
    def supervisor_withdraws_the_caller(self, call: str) -> None:
        self._do(lambda: self.centre.take(Withdraw(call)))

    @rule(call=calls, place=st.sampled_from(Place), queue=st.sampled_from(["support", "other"]))
    def supervisor_moves_the_caller(self, call: str, place: Place, queue: str) -> None:
        self._do(lambda: self.centre.take(MoveCaller(call, queue, place)))

    @rule(extension=st.sampled_from(EXTENSIONS))
    def agent_extends_the_wrap_up(self, extension: str) -> None:
        self._do(lambda: self.centre.take(ExtendWrapUp(extension, timedelta(seconds=3))))

    @rule(call=calls, number=st.integers(1, 3))
    def announcement_is_over(self, call: str, number: int) -> None:
        self._do(lambda: self.centre.take(Said(call, number)))

    @rule(call=calls)
    def caller_leaves(self, call: str) -> None:
        self._do(lambda: self.centre.take(CallerLeft(f"channel{call.removeprefix('call')}")))

    @rule(call=calls, keys=st.sampled_from(["2#1", "2#2", "2", "#"]), stays=st.booleans())
    def caller_asks_to_be_called_back(self, call: str, keys: str, stays: bool) -> None:
        self._press(call, keys)
        if not stays:
            self.whoever_is_on_the_line_hangs_up(call, LegEnd.HUNG_UP)

    @rule(call=calls, keys=st.sampled_from(["", "1", "2", "9"]))
    def customer_answers(self, call: str, keys: str) -> None:
        self._do(lambda: self.centre.take(CustomerAnswered(call, self._channel(call))))
        self._press(call, keys)

    @rule(call=calls, reason=st.sampled_from(LegEnd))
    def whoever_is_on_the_line_hangs_up(self, call: str, reason: LegEnd) -> None:
        channel = self._channel(call)
        self._do(lambda: self.centre.take(CallerLeft(channel, reason)))
        self.called.discard(channel)

    @rule(call=calls)
    def what_is_said_is_over(self, call: str) -> None:
        known = self.centre.state.calls.get(call)
        if known is not None:
            self._do(lambda: self.centre.said(call))

    @rule(call=calls)
    def caller_is_told_of_again(self, call: str) -> None:
        channel = f"channel{call.removeprefix('call')}"
        if self.centre.state.call_on(channel) is not None:
            self._do(
                lambda: self.centre.take(CallerEntered("again", "support", channel, Caller("")))
            )

    @rule(call=calls, attempt=st.integers(1, 4))
    def leg_is_answered(self, call: str, attempt: int) -> None:
        self._do(lambda: self.centre.take(LegAnswered(Leg(call, attempt))))

    @rule(call=calls, attempt=st.integers(1, 4), reason=st.sampled_from(LegEnd))
    def leg_ends(self, call: str, attempt: int, reason: LegEnd) -> None:
        leg = Leg(call, attempt)
        self._do(lambda: self.centre.take(LegEnded(leg, reason)))
        self.rung.discard(leg)

    @rule(call=calls, attempt=st.integers(1, 4))
    def talk_is_refused(self, call: str, attempt: int) -> None:
        self._do(lambda: self.centre.take(NotConnected(Leg(call, attempt))))

    @rule(extension=st.sampled_from(EXTENSIONS))
    def log_on(self, extension: str) -> None:
        self._do(lambda: self.centre.log_on(extension))

    @rule(extension=st.sampled_from(EXTENSIONS))
    def log_off(self, extension: str) -> None:
        self._do(lambda: self.centre.log_off(extension))

    @rule(extension=st.sampled_from(EXTENSIONS), queue=st.sampled_from(["support", None]))
    def pause(self, extension: str, queue: str | None) -> None:
        self._do(lambda: self.centre.pause(extension, queue))

    @rule(extension=st.sampled_from(EXTENSIONS), queue=st.sampled_from(["support", None]))
    def unpause(self, extension: str, queue: str | None) -> None:
        self._do(lambda: self.centre.unpause(extension, queue))

    @rule(extension=st.sampled_from(EXTENSIONS), state=st.sampled_from(DeviceState))
    def device_changes(self, extension: str, state: DeviceState) -> None:
        self._do(lambda: self.centre.device(extension, state))

    @rule(seconds=st.sampled_from([0.1, 1, 5, 15, 60]))
    def time_passes(self, seconds: float) -> None:
        self._do(lambda: self.centre.after(seconds))

    @invariant()
    def an_agent_is_bound_to_a_leg_exactly_when_rung_or_talking(self) -> None:
        for agent in self.centre.state.agents.values():
            bound = agent.state in (AgentState.RESERVED, AgentState.ON_CALL)
            assert (agent.leg is not None) == bound
            assert (agent.queue is None) == (agent.state is AgentState.AVAILABLE)

    @invariant()
    def no_more_customers_are_called_than_agents_are_kept_free(self) -> None:
        state = self.centre.state
        reserved = [a for a in state.agents.values() if a.state is AgentState.RESERVED]
        calling = [c for c in state.calls.values() if c.state is CallState.CALLING]
        assert len([c for c in calling if state.agent_of(c.leg)]) <= len(reserved)
        assert state.callbacks("support") <= CALLING_BACK.maxlen
        assert state.callbacks_to("5550101") <= CALLING_BACK.per_number

    @invariant()
    def nobody_is_called_while_another_call_to_the_same_customer_goes_on(self) -> None:
        ids = [channel.rpartition(".")[0] for channel in self.called]
        assert len(ids) == len(set(ids))

    @invariant()
    def wrap_up_ends_in_time(self) -> None:
        timers = {
            (c.event.extension, c.at)
            for c in self.centre.decided
            if isinstance(c, WakeAt) and isinstance(c.event, WrapUpOver)
        }
        for agent in self.centre.state.agents.values():
            assert (agent.wrap_up_until is None) == (agent.state is not AgentState.WRAP_UP)
            if agent.wrap_up_until is not None:  # a timer that finds it prolonged is set anew
                assert any(e == agent.extension and at <= agent.wrap_up_until for e, at in timers)

    @invariant()
    def no_agent_has_more_calls_than_allowed_and_one_of_them_rings_at_most(self) -> None:
        calls = [call for call in self.centre.state.calls.values() if not call.outcome]
        busy = Counter(offer.extension for call in calls for offer in call.offers)
        rung = [o.extension for call in calls if call.is_waiting for o in call.offers]
        assert max(busy.values(), default=0) <= self.max_calls
        assert len(rung) == len(set(rung))

    @invariant()
    def a_leg_is_in_one_hand(self) -> None:
        agents = self.centre.state.agents.values()
        legs = [leg for agent in agents for leg in agent.legs]
        assert len(legs) == len(set(legs))
        assert all(len(agent.legs) <= self.max_calls for agent in agents)

    @invariant()
    def every_offer_is_the_business_of_an_agent(self) -> None:
        for call in self.centre.state.calls.values():
            is_open = not (call.is_kept or call.state in (CallState.WAITING, CallState.ENDED))
            assert call.outcome or bool(call.offers) == is_open
            for offer in call.offers if is_open else ():
                agent = self.centre.state.agent_of(offer.leg)
                assert agent is not None
                assert agent.extension == offer.extension

    @invariant()
    def an_answered_call_has_one_agent(self) -> None:
        for call in self.centre.state.calls.values():
            taken = call.state in (CallState.CONNECTING, CallState.ANSWERED)
            assert not taken or len(call.offers) == 1

    @invariant()
    def nobody_waits_while_somebody_untried_is_free(self) -> None:
        state = self.centre.state
        for call in state.waiting("support"):
            free = set(state.candidates.of("support", call.terms.need)) - call.tried
            assert not free, f"{call.id} waits while {free} are free"

    @invariant()
    def nobody_waits_where_nobody_is_logged_on(self) -> None:
        state = self.centre.state
        waiting = [c for c in state.waiting("support") if c.state is CallState.WAITING]
        assert state.anyone_logged_on("support") or not waiting

    @invariant()
    def the_indexes_agree_with_the_records(self) -> None:
        state = self.centre.state
        waiting = [c.id for c in state.calls.values() if c.may_be_served]
        assert sorted(c.id for c in state.waiting("support")) == sorted(waiting)
        free = {
            member.extension
            for member in state.members.values()
            if member.logged_on_at
            and not member.paused_at
            and self._may_be_offered_a_call(state.agents[member.extension])
        }
        for terms in TERMS:
            met = {
                extension
                for extension in free
                if terms.need.met_by(
                    state.members["support", extension].penalty, state.agents[extension].skills
                )
            }
            assert set(state.candidates.of("support", terms.need)) == met

    @invariant()
    def what_is_shown_is_what_is_offered_or_answered(self) -> None:
        calls = self.centre.state.calls.values()
        current = {(c.id, offer.extension) for c in calls if not c.outcome for offer in c.offers}
        assert self.shown == current

    @invariant()
    def a_caller_is_let_go_at_most_once(self) -> None:
        assert len(self.released) == len(set(self.released))

    def _may_be_offered_a_call(self, agent: Agent) -> bool:
        device = agent.device_state
        free = agent.state is AgentState.AVAILABLE or agent.may_have_another
        return free and (device.is_there if self.ringinuse else device.can_ring)

    def _press(self, call: str, keys: str) -> None:
        for key in keys:
            self._do(lambda key=key: self.centre.take(DigitPressed(self._channel(call), key)))  # type: ignore[misc]

    def _channel(self, call: str) -> str:
        """The channel of whoever is on the line."""
        known = self.centre.state.calls.get(call)
        return known.channel if known and known.channel else f"channel{call.removeprefix('call')}"

    def _do(self, act: Callable[[], R]) -> R | None:
        """Do something to the call centre and follow what was decided."""
        self.centre.decided = [c for c in self.centre.decided if isinstance(c, WakeAt)]
        result = None
        with suppress(DomainError):
            result = act()
        for command in self.centre.decided:
            self._follow(command)
        self.centre.now += timedelta(milliseconds=1)
        return result

    def _follow(self, command: Command) -> None:
        match command:
            case Ring(leg=leg):
                assert leg not in self.rung, "a leg is made once"
                self.rung.add(leg)
            case CallCustomer(channel=channel):
                assert channel not in self.called, "a customer is called once at a time"
                self.called.add(channel)
            case HangUpCustomer(channel=channel):
                self.called.discard(channel)
            case HangUpLeg(leg=leg):
                assert leg.attempt >= 1
            case ShowCall(extension=extension, call=call):
                if call.state is CallState.ENDED:
                    self.shown.remove((call.id, extension))
                else:
                    self.shown.add((call.id, extension))
            case HideCall(extension=extension, call=call):
                self.shown.remove((call.id, extension))
            case Release(call_id=call_id) | Redirect(call_id=call_id) | EndCall(call_id=call_id):
                self.called = {c for c in self.called if f"-{call_id}." not in c}
                self.released.append(call_id)


class AnyOrderOfSeveralPhones(AnyOrder):
    """The same where a call rings everywhere at once."""

    strategy = StrategyName.RINGALL


class AnyOrderOfSeveralCalls(AnyOrder):
    """The same where agents may have two calls at once."""

    ringinuse = True
    max_calls = 2


class AnyOrderOfCallbacks(AnyOrder):
    """The same where everybody begins on the telephone, so that callers wait."""

    def __init__(self) -> None:
        super().__init__()
        for extension in EXTENSIONS:
            self.centre.log_on(extension)
            self.centre.device(extension, DeviceState.INUSE)

    @rule(extension=st.sampled_from(EXTENSIONS))
    def phone_is_put_down(self, extension: str) -> None:
        self._do(lambda: self.centre.device(extension, DeviceState.NOT_INUSE))

    @rule(extension=st.sampled_from(EXTENSIONS))
    def phone_is_used(self, extension: str) -> None:
        self._do(lambda: self.centre.device(extension, DeviceState.INUSE))

    @rule(call=AnyOrder.calls)
    def caller_keeps_the_place(self, call: str) -> None:
        self.caller_asks_to_be_called_back(call, "2#1", stays=False)

    @rule(call=AnyOrder.calls)
    def it_is_the_turn_of_who_keeps_the_place(self, call: str) -> None:
        self.caller_keeps_the_place(call)
        for extension in EXTENSIONS:
            self._do(lambda e=extension: self.centre.log_on(e))  # type: ignore[misc]
            self.phone_is_put_down(extension)

    @rule(call=AnyOrder.calls)
    def customer_wishes_to_be_connected(self, call: str) -> None:
        self.customer_answers(call, "1")


AnyOrder.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
AnyOrderOfSeveralPhones.TestCase.settings = AnyOrder.TestCase.settings
AnyOrderOfSeveralCalls.TestCase.settings = AnyOrder.TestCase.settings
AnyOrderOfCallbacks.TestCase.settings = AnyOrder.TestCase.settings
TestAnyOrder = AnyOrder.TestCase
TestAnyOrderOfSeveralCalls = AnyOrderOfSeveralCalls.TestCase
TestAnyOrderOfCallbacks = AnyOrderOfCallbacks.TestCase
TestAnyOrderOfSeveralPhones = AnyOrderOfSeveralPhones.TestCase
