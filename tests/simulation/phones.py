"""What agents do at their phones: answer or not, pass calls on, ask a colleague first."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from component.domain.model import dnd_device
from tests.simulation.channels import Channel, Phone, extension_at, shown
from tests.simulation.enquiries import Enquiries
from tests.simulation.history import History
from tests.simulation.loop import VirtualTimeLoop
from tests.simulation.scenario import NUMBER, QUEUE_NUMBER, Scenario

if TYPE_CHECKING:
    from tests.simulation.asterisk import Asterisk

ALONE_SECONDS = 300.0
"""An agent who hears nobody hangs up after this at the latest."""

OUTSIDE = "PJSIP/trunk"
"""The phone of somebody who is no agent."""

NOBODYS = "5000"
"""A number that nobody has."""


@dataclass(eq=False, slots=True)
class Consultation:
    """An agent's second call, to ask somebody whether to pass the caller on."""

    name: str
    """Of the channel to that somebody's phone."""
    leg: Channel
    """Who asks."""
    device: str
    answered: bool = False


class Agents:
    """All agents; `asterisk` has their phones."""

    def __init__(
        self,
        asterisk: "Asterisk",
        loop: VirtualTimeLoop,
        dice: Random,
        scenario: Scenario,
        history: History,
    ) -> None:
        self._asterisk = asterisk
        self._loop = loop
        self._dice = dice
        self._scenario = scenario
        self._history = history
        self._consultations: dict[str, Consultation] = {}
        self._asking: dict[str, dict[str, None]] = {}
        """The consultations of each leg, by their names."""
        self._numbers = count(1)
        self._enquiries = Enquiries(asterisk, loop, dice, scenario, history)
        self.blameless: dict[str, datetime] = {}
        """When legs were answered with nobody there to connect them, or were taken down."""
        devices = tuple(asterisk.phones)
        self._called = (*devices, OUTSIDE)
        """The phones of those who may be asked."""
        extensions = dict.fromkeys(map(extension_at, devices))
        queue = (QUEUE_NUMBER,) if scenario.returns else ()
        self._dialled = (*extensions, NUMBER, NOBODYS, *queue)
        """The numbers to which calls are passed on."""

    def show_state(self, phone: Phone) -> None:
        """Tell the state of a phone, if it is another one than before."""
        if phone.state != phone.told:
            phone.told = phone.state
            named = {"name": phone.device, "state": phone.state}
            self._asterisk.tell(phone.device, "DeviceStateChanged", device_state=named)

    def want_calls(self, phone: Phone, *, wanted: bool) -> None:
        """Have an agent say whether anybody may disturb."""
        if phone.wants_calls is not wanted:
            phone.wants_calls = wanted
            named = {"name": dnd_device(phone.device), "state": phone.do_not_disturb}
            self._asterisk.tell(named["name"], "DeviceStateChanged", device_state=named)

    def lose(self, phone: Phone) -> None:
        """Have a phone be gone; nobody answers there what Asterisk believes to ring."""
        phone.registered = False
        for leg in phone.ringing:
            self._history.note("phone vanishes while it rings", leg.id)
            self._asterisk.cancel(leg, "react")
        self.show_state(phone)

    def change_state(self, phone: Phone) -> None:
        """Have a phone hold its calls or not, be called busy or not, or be known or not."""
        match self._dice.choice(("hold", "hold", "busy", "unknown")):
            case "hold":
                phone.holds = not phone.holds
            case "busy":
                phone.in_use = self._dice.choice(("INUSE", "BUSY"))
            case _:
                phone.known = not phone.known
        self.show_state(phone)

    # Answering. ---------------------------------------------------------------------------------

    def ring(self, channel_id: str, device: str, ring_seconds: float) -> None:
        """Make a leg; the phone reacts when its time has come."""
        leg, phone = self._make_leg(channel_id, device), self._asterisk.phones[device]
        if len(phone.legs) > 1:
            self._history.note("two legs at a phone", *phone.legs)
        set_timer, dice = self._asterisk.set_timer, self._dice
        set_timer(leg, "ring", ring_seconds, lambda leg: self._asterisk.destroy(leg, 19))
        if phone.busy or phone.aside or len(phone.legs) > phone.lines:
            set_timer(leg, "react", 0.05, lambda leg: self._asterisk.destroy(leg, 17))
        elif dice.random() < self._scenario.answers:
            set_timer(leg, "react", dice.uniform(0.05, 6), self._answer)
        elif cause := dice.choice((17, 19, 21, 21, 0)):
            react = dice.uniform(0.05, 3)
            set_timer(leg, "react", react, lambda leg: self._asterisk.destroy(leg, cause))

    def fetch(self, channel_id: str, peer: str) -> None:
        """Bring an agent who talks with a colleague to a caller; that call must still be there."""
        asked = self._consultations.get(peer)
        device = peer.rpartition("-")[0]
        leg = self._make_leg(channel_id, device)
        if asked is None or not asked.answered:
            self._history.note("nobody to be fetched", peer)
            self._asterisk.set_timer(leg, "react", 0.05, lambda leg: self._asterisk.destroy(leg, 0))
        else:
            self._end(asked)
            self._answer(leg)

    def _make_leg(self, channel_id: str, device: str) -> Channel:
        leg = Channel(channel_id, self._loop.time(), device=device, state="Ringing")
        phone = self._asterisk.phones[device]
        self._asterisk.channels[channel_id] = phone.legs[channel_id] = leg
        self.show_state(phone)
        return leg

    def _answer(self, leg: Channel) -> None:
        self._asterisk.cancel(leg, "ring")
        leg.state = "Up"
        if self._asterisk.socket is None:
            self._history.note("agent answers nobody", leg.id)
            self.take_down(leg)
            return
        leg.in_stasis = True
        self._history.note("agent answers", leg.id)
        self._asterisk.tell(leg.id, "StasisStart", channel=shown(leg), args=["leg"])
        self.show_state(self._asterisk.phones[leg.device])
        alone = ALONE_SECONDS
        if self._dice.random() < self._scenario.hang_ups:
            alone = self._dice.uniform(0, 2)
        self._asterisk.set_timer(leg, "react", alone, lambda leg: self._asterisk.destroy(leg, 16))
        if self._dice.random() < self._scenario.early_transfers:
            self._asterisk.set_timer(leg, "transfer", self._dice.uniform(0, 1), self._pass_on)

    def take_down(self, leg: Channel) -> None:
        """End a leg, for which its agent is not to blame."""
        self.blameless[leg.id] = self._loop.now()
        self._asterisk.destroy(leg, 16)

    # Passing on. --------------------------------------------------------------------------------

    def talk(self, leg: Channel, seconds: float) -> None:
        """Have an agent talk for a while, and perhaps pass the caller on."""
        if self._dice.random() < self._scenario.transfers:
            attended = self._dice.random() < self._scenario.attended
            act = self._consult if attended else self._pass_on
            self._asterisk.set_timer(leg, "transfer", self._dice.uniform(0, seconds), act)

    def hung_up(self, leg: Channel) -> None:
        """Take note that an agent's leg is gone: the phone has ended the second call with it."""
        for name in list(self._asking.get(leg.id, ())):
            self._end(self._consultations[name])
        self._enquiries.hung_up(leg)

    def _pass_on(self, leg: Channel) -> None:
        """Pass a call on: to any agent, to somebody else, or to nobody."""
        number = self._dice.choice(self._dialled)
        self._history.note("agent passes call on", leg.id, number)
        self.refer(leg, {"requested_destination": {"destination": number}})

    def _consult(self, leg: Channel) -> None:
        """Call a colleague, or somebody else, or a queue."""
        if self._scenario.enquiries and self._dice.random() < self._scenario.enquiries:
            self._enquiries.ask(leg)
            return
        phones = self._asterisk.phones
        free = [d for d in self._called if d not in phones or phones[d].state == "NOT_INUSE"]
        device = self._dice.choice(free)
        asked = Consultation(f"{device}-{next(self._numbers):08x}", leg, device)
        self._consultations[asked.name] = asked
        self._asking.setdefault(leg.id, {})[asked.name] = None
        self._history.note("agent asks", leg.id, asked.name)
        self._asterisk.hold(leg)
        self._set_aside(asked, "Ringing")
        self._go_on_later(asked)

    def _go_on_later(self, asked: Consultation) -> None:
        self._asterisk.set_timer(
            asked.leg, "consult", self._dice.uniform(0.2, 3), lambda _: self._go_on(asked)
        )

    def _go_on(self, asked: Consultation) -> None:
        if self._consultations.get(asked.name) is not asked:
            return
        what = self._dice.random()
        if what < 0.2:
            self._end(asked)  # nobody answers; or the agent comes back to the caller
        elif asked.answered:
            self._history.note("agent has asked", asked.leg.id, asked.name)
            talk: dict[str, object] = {"destination_channel": {"id": asked.name}}
            self.refer(asked.leg, {**talk, "connected_channel": {"name": asked.name}})
            self._go_on_later(asked)  # unless the phone is told before that it is done
        elif what < 0.5:
            exten = extension_at(asked.device)
            dialplan = {"exten": exten, "context": "from-phones"}
            consult = {"id": asked.name, "dialplan": dialplan}
            self._history.note("agent does not wait", asked.leg.id, asked.name)
            self.refer(asked.leg, {"destination_channel": consult})
            self._go_on_later(asked)
        else:
            asked.answered = True
            self._set_aside(asked, "Up")
            self._go_on_later(asked)

    def stop_asking(self, name: str) -> bool:
        """End a second call, if there is one of this name."""
        if name not in self._consultations:
            return False
        self._history.note("second call taken down", name)
        self._end(self._consultations[name])
        return True

    def _end(self, asked: Consultation) -> None:
        del self._consultations[asked.name]
        del self._asking[asked.leg.id][asked.name]
        if not self._asking[asked.leg.id]:
            del self._asking[asked.leg.id]
        self._set_aside(asked, "")

    def _set_aside(self, asked: Consultation, state: str) -> None:
        phone = self._asterisk.phones.get(asked.device)
        if phone is not None:
            phone.aside = state
            self.show_state(phone)

    def refer(self, leg: Channel, refer_to: dict[str, object]) -> None:
        """Ask Asterisk to pass the caller of a leg on."""
        leg.asks = True
        self._asterisk.tell(
            leg.id,
            "ChannelTransfer",
            refer_to=refer_to,
            referred_by={"source_channel": shown(leg)},
        )

    def answer(self, leg: Channel, state: str) -> None:
        """Tell a phone what became of its transfer, if it asked for one, and then that it knows."""
        if leg.asks:
            leg.asks = False
            self._asterisk.tell(
                leg.id,
                "ChannelTransfer",
                state=state,
                referred_by={"source_channel": shown(leg)},
            )
