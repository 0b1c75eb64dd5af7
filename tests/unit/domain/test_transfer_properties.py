"""Whatever agents pass on, to whomever, at whatever moment: what must always hold."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from component.domain.commands import Command, HangUpLeg, HideCall, Join, ShowCall
from component.domain.events import (
    AttendedTransfer,
    BlindTransfer,
    CallerEntered,
    CallerLeft,
    ConsultOver,
    Event,
    LegAnswered,
    LegEnded,
    NumberLookedUp,
)
from component.domain.model import Call, Caller, Leg
from component.domain.words import AgentState, CallState, DeviceState, LegEnd, Outcome
from tests.unit.domain.any_facts import EXTENSIONS, AnyFacts
from tests.unit.domain.test_step_properties import AnyOrder

pytestmark = pytest.mark.unit

NUMBERS = (*EXTENSIONS, "5000")
DEVICES = tuple(f"PJSIP/{number}" for number in NUMBERS)


class AnyOrderOfTransfers(AnyOrder):
    """The same where agents pass calls on, who are all logged on to begin with."""

    def __init__(self) -> None:
        super().__init__()
        self.ended_at: set[tuple[str, str]] = set()
        """What stays in a node of a call that is over: call and extension."""
        self.let_go: set[Leg] = set()
        """Legs that are to be hung up."""
        self.comings = 0
        """How often somebody who was passed on came to a queue."""
        for extension in EXTENSIONS:
            self.centre.device(extension, DeviceState.NOT_INUSE)
            self.centre.log_on(extension)

    @rule(call=AnyFacts.calls)
    def agent_takes_it(self, call: str) -> None:
        for offer in self._offers(call):
            self._take(LegAnswered(offer))
        self.time_passes(1)

    @rule(
        call=AnyFacts.calls,
        number=st.sampled_from(NUMBERS),
        consult=st.sampled_from(["", "consult1"]),
        exists=st.booleans(),
    )
    def agent_passes_it_on(self, call: str, number: str, consult: str, exists: bool) -> None:
        self.agent_takes_it(call)
        for leg in self._offers(call):
            self._take(BlindTransfer(leg, number, "from-phones", consult))
            if number not in EXTENSIONS:
                self._take(NumberLookedUp(leg, number, "from-phones", exists))

    @rule(call=AnyFacts.calls, device=st.sampled_from(DEVICES))
    def agent_passes_it_on_after_having_asked(self, call: str, device: str) -> None:
        self.agent_takes_it(call)
        for leg in self._offers(call):
            self._take(AttendedTransfer(leg, device, f"{device}-00000007"))

    @rule(target=AnyFacts.calls, call=AnyFacts.calls, answered=st.booleans())
    def agent_passes_it_on_after_having_asked_in_the_queue(self, call: str, answered: bool) -> str:
        self.agent_takes_it(call)
        asked = self._do(self.centre.enter)
        assert asked is not None
        if answered:
            self.agent_takes_it(asked)
        self.agent_passes_it_on_to_who_has_another_call(call, asked)
        return asked

    @rule(call=AnyFacts.calls, other=AnyFacts.calls)
    def agent_passes_it_on_to_who_has_another_call(self, call: str, other: str) -> None:
        for leg in self._offers(call):
            where = (f"{DEVICES[0]}-00000007", self._channel(other))
            self._take(AttendedTransfer(leg, DEVICES[0], *where))

    @rule(
        call=AnyFacts.calls,
        number=st.sampled_from(NUMBERS),
        consult=st.sampled_from(["", "consult1"]),
    )
    def who_is_passed_on_goes_on(self, call: str, number: str, consult: str) -> None:
        self.agent_passes_it_on(call, number, consult, exists=True)
        self.agent_takes_it(call)
        self.who_was_passed_on_comes_to_a_queue(call, "support")

    @rule(call=AnyFacts.calls)
    def who_was_asked_rings_for_the_caller(self, call: str) -> None:
        for leg in self._offers(call):
            self._take(ConsultOver(leg))

    @rule(call=AnyFacts.calls, attempt=st.integers(1, 4), exists=st.booleans())
    def number_is_looked_up_late(self, call: str, attempt: int, exists: bool) -> None:
        self._take(NumberLookedUp(Leg(call, attempt), "5000", "from-phones", exists))

    @rule(call=AnyFacts.calls)
    def all_legs_that_were_let_go_end(self, call: str) -> None:
        for leg in sorted(self.rung - set(self._offers(call)), key=str):
            if leg.call_id == call:
                self.leg_ends(call, leg.attempt, LegEnd.HUNG_UP)

    @rule(call=AnyFacts.calls, queue=st.sampled_from(["support", "other"]))
    def who_was_passed_on_comes_to_a_queue(self, call: str, queue: str) -> None:
        passed_on, channel = self.centre.state.passed_on, self._channel(call)
        before = passed_on.get(channel)
        if before is not None:
            self.comings += 1  # who is refused comes anew the next time
            coming = f"again{self.comings}"
            self._take(CallerEntered(coming, queue, channel, Caller("5550101")))
            if passed_on.get(channel) != before:
                self.released.remove(before.id)  # it goes on

    @invariant()
    def what_stays_in_a_node_is_of_a_call_that_is_over_and_in_one_node(self) -> None:
        calls = [call for call, _ in self.ended_at]
        assert len(calls) == len(set(calls))
        assert all(self.centre.call(call).state is CallState.ENDED for call in calls)

    @invariant()
    def who_may_come_again_has_no_call(self) -> None:
        state = self.centre.state
        assert not any(state.call_on(channel) for channel in state.passed_on)
        assert all(call.state is CallState.ENDED for call in state.passed_on.values())

    @invariant()
    def a_call_tells_of_all_who_passed_it_on(self) -> None:
        for call in self.centre.state.calls.values():
            assert not call.direct or call.transfers
            given_up = {transfer.extension for transfer in call.transfers[-1:]}
            has_it = {offer.extension for offer in call.offers}
            if call.outcome is Outcome.TRANSFERRED:
                assert has_it == given_up  # its item stays there
            else:
                assert not (call.direct and given_up & has_it)

    def teardown(self) -> None:
        """When everybody has hung up nothing is left over."""
        state = self.centre.state
        for call in list(state.calls.values()):
            if call.channel:
                self._take(CallerLeft(call.channel))
        self.time_passes(1000)  # who keeps the place is not called back any more
        assert self.rung <= self.let_go
        for leg in sorted(self.rung, key=str):
            self._take(LegEnded(leg, LegEnd.HUNG_UP))
        self.time_passes(60)
        assert self.shown == set()
        assert {agent.state for agent in state.agents.values()} == {AgentState.AVAILABLE}
        assert {call.state for call in state.calls.values()} <= {CallState.ENDED}

    def _take(self, event: Event) -> None:
        self._do(lambda: self.centre.take(event))

    def _offers(self, call: str) -> list[Leg]:
        known: Call | None = self.centre.state.calls.get(call)
        return [] if known is None or known.outcome else [offer.leg for offer in known.offers]

    def _follow(self, command: Command) -> None:
        match command:
            case HideCall(extension, call) if (call.id, extension) in self.ended_at:
                self.ended_at.remove((call.id, extension))
            case Join(call_id):
                self.released.append(call_id)
            case _:
                super()._follow(command)
        if isinstance(command, ShowCall) and command.call.state is CallState.ENDED:
            self.ended_at.add((command.call.id, command.extension))
        if isinstance(command, HangUpLeg):
            self.let_go.add(command.leg)


AnyOrderOfTransfers.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
TestAnyOrderOfTransfers = AnyOrderOfTransfers.TestCase
