"""A call centre where whatever there is happens in any order, and what it decides is followed."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from component.domain.asterisk_ids import talk_bridge
from component.domain.commands import (
    CallCustomer,
    Command,
    Connect,
    EndCall,
    HangUpCustomer,
    HangUpLeg,
    HideCall,
    Part,
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
    CallerReplaced,
    CustomerAnswered,
    DigitPressed,
    ExitFound,
    ExtendWrapUp,
    LegAnswered,
    LegEnded,
    MoveCaller,
    NotConnected,
    PhoneGone,
    Said,
    Withdraw,
)
from component.domain.model import Caller, Leg
from component.domain.queue import CallingBack, StrategyName
from component.domain.terms import Need, Terms
from component.domain.words import CallState, DeviceState, LegEnd, Place
from tests.unit.domain.call_centre import CallCentre

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


class AnyFacts(RuleBasedStateMachine):
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
        self.revisions: dict[tuple[str, str], int] = {}
        self.released: list[str] = []
        self.unwanted: set[str] = set()

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
        self._do(lambda: self.centre.take(ExitFound(call, "9", "exits")))

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

    @rule(call=calls)
    def who_called_for_somebody_passes_him_on(self, call: str) -> None:
        channel = self._channel(call)
        if channel and self.centre.state.call_on(channel) is not None:
            passed_on = CallerReplaced(channel, f"{channel}-local", Caller("5550199"))
            self._do(lambda: self.centre.take(passed_on))
            self._do(lambda: self.centre.take(CallerLeft(channel)))
            self.called.discard(channel)

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
    def phone_is_gone(self, call: str, attempt: int) -> None:
        self._do(lambda: self.centre.take(PhoneGone(Leg(call, attempt))))

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
                assert call.revision > self.revisions.get((call.id, extension), 0), "it is news"
                self.revisions[call.id, extension] = call.revision
                if call.state is CallState.ENDED:
                    self.shown.remove((call.id, extension))
                else:
                    self.shown.add((call.id, extension))
            case HideCall(extension=extension, call=call):
                self.shown.remove((call.id, extension))
            case Connect(leg=leg, channel=channel):
                assert talk_bridge(leg, channel) not in self.unwanted, "it may be taken down late"
            case Part(bridge=bridge):
                self.unwanted.add(bridge)
            case Release(call_id=call_id) | Redirect(call_id=call_id) | EndCall(call_id=call_id):
                if isinstance(command, Release | EndCall):
                    self.unwanted.add(command.bridge)
                self.called = {c for c in self.called if f"-{call_id}." not in c}
                self.released.append(call_id)
