"""Whatever happens in whatever order: what must always hold."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from component.domain.commands import WakeAt
from component.domain.events import WrapUpOver
from component.domain.model import Agent
from component.domain.queue import StrategyName
from component.domain.words import AgentState, CallState, DeviceState
from tests.unit.domain.any_facts import CALLING_BACK, EXTENSIONS, TERMS, AnyFacts

pytestmark = pytest.mark.unit


class AnyOrder(AnyFacts):
    """What holds after each fact."""

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

    @rule(call=AnyFacts.calls)
    def caller_keeps_the_place(self, call: str) -> None:
        self.caller_asks_to_be_called_back(call, "2#1", stays=False)

    @rule(call=AnyFacts.calls)
    def it_is_the_turn_of_who_keeps_the_place(self, call: str) -> None:
        self.caller_keeps_the_place(call)
        for extension in EXTENSIONS:
            self._do(lambda e=extension: self.centre.log_on(e))  # type: ignore[misc]
            self.phone_is_put_down(extension)

    @rule(call=AnyFacts.calls)
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
