"""What agents and supervisors ask of the service."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from component.domain.errors import DomainError
from component.domain.events import (
    DrainBegun,
    DrainEnded,
    Event,
    ExtendWrapUp,
    LogOff,
    LogOn,
    MoveCaller,
    Pause,
    Unpause,
    Withdraw,
)
from component.domain.model import Person
from component.domain.words import MemberState, Place
from component.ports import StoreUnavailableError
from component.pubsub.addresses import extension_node
from component.pubsub.errors import PubSubError
from component.pubsub.rules import Request
from tests.simulation.channels import Phone, desk_phone
from tests.simulation.life import ADDRESS, Life
from tests.simulation.phone_codes import Attempt, Deed
from tests.simulation.pins import NOBODYS, RIGHT, WRONG, has_pin, person
from tests.simulation.storm import Happening

if TYPE_CHECKING:
    from tests.simulation.world import World

REASONS = ("", "lunch", "meeting")

LITTLE = timedelta(seconds=30)
"""Nobody is given more time who has more than that: wrap-ups would outlast the simulation."""


IMPATIENT = 0.1
"""How many of those who log on by number do so twice at once."""

UNKNOWN = 0.02
"""How many key a number that nobody has."""


class Staff:
    """Everybody who works here."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._dice = world.dice
        self._asking: set[asyncio.Task[None]] = set()

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens by itself."""
        scenario = self._world.scenario
        yield "", scenario.log_changes_per_second, self._log_change
        yield "", scenario.log_changes_per_second, self._private_call
        yield "", scenario.supervised_per_second, self._supervise
        yield "", scenario.undisturbed_per_second, self._disturb_or_not
        yield "", scenario.comebacks_per_second, self._come_back
        yield "", scenario.phone_states_per_second, self._change_state

    def come(self) -> None:
        """Let the agents log on, many of them at the same moment; some desks are left free."""
        for device in map(desk_phone, self._world.extensions):
            if self._world.scenario.people and self._dice.random() < 0.2:
                continue
            who = self.who()
            for queue in self._world.queues:
                after = float(self._dice.randint(1, 5))
                self._world.loop.call_later(after, self.log_on, LogOn(device, queue, who))

    # Agents. ------------------------------------------------------------------------------------

    def _log_change(self) -> None:
        device, queue = self._some_device(), self._some_queue()
        # More on than off: an empty queue is soon told.
        what = self._dice.random()
        if what < 0.4:
            self.log_on(LogOn(device, queue, self.who()))
        elif what < 0.55:
            self._key(LogOff(device, queue))
        elif what < 0.7:
            self._key(Pause(device, queue, self._dice.choice(REASONS)))
        else:
            self._key(Unpause(device, queue))

    def _some_device(self) -> str:
        """Return the phone of somebody; now and then one that is nobody's any more."""
        extension = self._dice.choice(self._world.extensions)
        if self._world.scenario.extensions_per_second and self._dice.random() < 0.1:
            return desk_phone(extension)
        return self._world.phone_of(extension).device

    def _come_back(self) -> None:
        """Have somebody see that calls do not come, and end that."""
        life, device = self._world.life, self._some_device()
        agent = None if life is None else life.state.agent_at(device)
        if life is None or agent is None:
            return
        for queue in life.state.queues_of(agent.extension):
            match life.state.members[queue, agent.extension].state:
                case MemberState.PAUSED:
                    self._key(Unpause(device, queue))
                case MemberState.LOGGED_OFF:
                    self.log_on(LogOn(device, queue, agent.person or self.who()))

    def _some_queue(self) -> str | None:
        """Return one queue, or all (None): those do so who leave for another desk."""
        one = 0.4 if self._world.scenario.people else 0.8
        return self._dice.choice(self._world.queues) if self._dice.random() < one else None

    def who(self) -> Person | None:
        """Return who logs on at some desk; None is the one whose desk it is."""
        people = self._world.scenario.people
        if not people or self._dice.random() < 0.5:
            return None
        if self._world.scenario.wrong_pins and self._dice.random() < UNKNOWN:
            return person(NOBODYS)
        return person(str(9000 + self._dice.randrange(people)))

    def log_on(self, event: LogOn) -> None:
        """Log somebody on; then the software, which is at hand, wants to see the calls."""
        extension = self._world.extension_of(event.device)
        own = f"user{extension}@example.com"
        account = own if event.person is None else event.person.jid
        request = Request(account, ADDRESS, extension_node(extension))
        if self._world.scenario.people:
            self._key(event, lambda life: self._subscribe(life, request))
        else:
            self._key(event)

    def _key(
        self, deed: Deed, then: Callable[[Life], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Have somebody key a code, and go on if that is granted."""
        life = self._world.life
        if life is None or not life.serving:
            return
        number = deed.person.number if isinstance(deed, LogOn) and deed.person else ""
        times = 2 if number and self._dice.random() < IMPATIENT else 1
        attempt = Attempt(deed, number, self._pin() if has_pin(number) else "", times)
        self.keep(self._keyed(life, attempt, then))

    def _pin(self) -> str:
        """Return what somebody keys: mostly the right PIN, seldom a wrong one, or none."""
        if self._dice.random() >= self._world.scenario.wrong_pins:
            return RIGHT
        return self._dice.choice((WRONG, WRONG, WRONG, ""))

    async def _keyed(
        self, life: Life, attempt: Attempt, then: Callable[[Life], Coroutine[Any, Any, None]] | None
    ) -> None:
        if await life.phone_codes.key(attempt) and then is not None:
            await self._refusable(then(life))

    def subscribe(self, life: Life, account: str, extension: str) -> None:
        """Have somebody's software subscribe to what is shown of an extension."""
        request = Request(account, ADDRESS, extension_node(extension))
        self.keep(self._refusable(self._subscribe(life, request)))

    async def _subscribe(self, life: Life, request: Request) -> None:
        jid = request.actor
        # Should the answer be lost, it was about now.
        self._world.xmpp.subscribed_at[jid, request.node] = self._world.loop.now()
        await life.engine.pubsub(lambda pubsub, now: pubsub.subscribe(request, jid, jid, now))
        self._world.xmpp.subscribed_at[jid, request.node] = self._world.loop.now()
        self._world.history.note("subscribed", jid, request.node)

    def _private_call(self) -> None:
        phone = self._some_phone()
        phone.busy = not phone.busy
        self._world.asterisk.agents.show_state(phone)

    def _disturb_or_not(self) -> None:
        phone = self._some_phone()
        self._world.asterisk.agents.want_calls(phone, wanted=not phone.wants_calls)

    def _change_state(self) -> None:
        self._world.asterisk.agents.change_state(self._some_phone())

    def _some_phone(self) -> Phone:
        return self._world.phone_of(self._dice.choice(self._world.extensions))

    # Supervisors. -------------------------------------------------------------------------------

    def _supervise(self) -> None:
        dice, life = self._dice, self._world.life
        if life is None or not life.serving:
            return
        waiting = [call.id for call in life.state.calls.values() if call.is_waiting]
        calls = waiting if dice.random() < 0.8 else list(life.state.calls)
        what = dice.random()
        if what < 0.6 and calls:
            place = dice.choice((*Place, dice.randrange(3)))
            queue = dice.choice((None, dice.choice(self._world.queues)))
            self._ask(MoveCaller(dice.choice(calls), queue, place))
        elif what < 0.7 and calls:
            self._ask(Withdraw(dice.choice(calls), "sorry"))
        elif what < 0.75:
            self._extend_wrap_up(life)
        elif what > 0.95:
            self._ask(DrainBegun())
            self._world.loop.call_later(dice.uniform(1, 10), self._ask, DrainEnded())

    def _extend_wrap_up(self, life: Life) -> None:
        """Give somebody a little more time after a call; now and then somebody who has none."""
        soon = self._world.loop.now() + LITTLE
        ends = ((a.extension, a.wrap_up_until) for a in life.state.agents.values())
        resting = [extension for extension, end in ends if end is not None and end < soon]
        if resting or self._dice.random() < 0.1:
            extension = self._dice.choice(resting or self._world.extensions)
            by = timedelta(seconds=self._dice.uniform(1, 5))
            self._ask(ExtendWrapUp(extension, by))

    def _ask(
        self, event: Event, then: Callable[[Life], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Have the service take in a fact; who asked is told if it is refused."""
        if self._world.life is not None and self._world.life.serving:
            self.keep(self._asked(self._world.life, event, then))

    async def _asked(
        self, life: Life, event: Event, then: Callable[[Life], Coroutine[Any, Any, None]] | None
    ) -> None:
        async def ask() -> None:
            await life.engine.step(event)
            if then is not None:
                await then(life)

        await self._refusable(ask())

    async def _refusable(self, request: Coroutine[Any, Any, None]) -> None:
        try:
            await request
        except (DomainError, PubSubError, StoreUnavailableError) as error:
            self._world.history.note("request refused", type(error).__name__)
            self._world.history.counts[f"refused {type(error).__name__}"] += 1

    def keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something be done while everything else goes on."""
        task = self._world.loop.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return task
