"""What goes wrong, and when."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.simulation.channels import Phone
from tests.simulation.scenario import NO_FAULTS

if TYPE_CHECKING:
    from tests.simulation.life import Life
    from tests.simulation.world import World

Happening = tuple[str, float, Callable[[], None]]
"""What happens by itself: the name of the fault, if it is one; how often a second; what it does."""


WHILE_RINGING = 0.5
"""How many of the phones that vanish do so while they ring, if any does."""


class Storm:
    """All that happens by itself, while it lasts."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._lasts = False
        self.disturbed_at = 0.0
        """When something last went wrong."""

    def begin(self, *more: Iterator[Happening]) -> None:
        """Let faults and all else happen at random."""
        self._lasts = True
        self._world.asterisk.faults = self._world.store.faults = self._world.scenario.faults
        for happenings in (self._faults(), *more):
            for happening in happenings:
                self._repeat(happening)

    def end(self) -> None:
        """Let all be well from now on."""
        self._lasts = False
        self._world.asterisk.faults = self._world.store.faults = NO_FAULTS
        for phone in self._world.asterisk.phones.values():
            phone.registered, phone.busy, phone.known = True, False, True
            self._world.asterisk.agents.want_calls(phone, wanted=True)
            self._world.asterisk.agents.show_state(phone)

    def strike(self, fault: str) -> None:
        """Take note of a fault: not all can be well for a while."""
        self._world.history.note(f"fault: {fault}")
        self.disturb()

    def disturb(self) -> None:
        """Take note that not all can be well for a while."""
        self.disturbed_at = self._world.loop.time()

    def connection_opens(self) -> None:
        """Have a phone that rings vanish perhaps, just as the service looks what there is."""
        world, ringing = self._world, self._ringing() if self._lasts else []
        if ringing and world.dice.random() < world.scenario.faults.phone_vanishes_then:
            phone = world.dice.choice(ringing)
            world.loop.call_later(world.dice.uniform(0, 1.5), self._lose, phone)

    def _repeat(self, happening: Happening) -> None:
        _, rate, _ = happening
        if rate:
            after = self._world.dice.expovariate(rate)
            self._world.loop.call_later(after, self._happen, happening)

    def _happen(self, happening: Happening) -> None:
        if not self._lasts:
            return
        fault, _, act = happening
        if fault:
            self.strike(fault)
        act()
        self._repeat(happening)

    def _faults(self) -> Iterator[Happening]:
        faults = self._world.scenario.faults
        yield "crash", faults.crash / 1000, self._world.crash
        yield "store away", faults.store_away / 1000, self._lose_store
        yield "socket drop", faults.socket_drop / 1000, self._world.asterisk.drop_socket
        yield "socket deaf", faults.socket_deaf / 1000, self._deafen
        yield "asterisk restart", faults.asterisk_restart / 1000, self._restart_asterisk
        yield "asterisk freeze", faults.asterisk_freeze / 1000, self._freeze_asterisk
        yield "xmpp drop", faults.xmpp_drop / 1000, lambda: self._drop_xmpp(1.0)
        yield "xmpp restart", faults.xmpp_restart / 1000, lambda: self._drop_xmpp(8.0)
        yield "phone vanishes", faults.phone_vanishes / 1000, self._lose_phone

    def _lose_store(self) -> None:
        self._world.store.away = True
        self._world.loop.call_later(self._world.dice.uniform(0.1, 8), self._find_store)

    def _find_store(self) -> None:
        self._world.store.away = False
        self.disturb()

    def _deafen(self) -> None:
        if self._world.asterisk.socket is not None:
            self._world.asterisk.socket.deaf = True

    def _restart_asterisk(self) -> None:
        if self._world.asterisk.up:
            self._world.asterisk.restart(self._world.dice.uniform(0.5, 8))

    def _freeze_asterisk(self) -> None:
        seconds = self._world.dice.uniform(0.1, 12)
        self._world.asterisk.freeze(seconds)
        self._world.loop.call_later(seconds, self.disturb)

    def _drop_xmpp(self, seconds: float) -> None:
        life = self._world.life
        if life is not None and life.link.up:
            life.link.drop()
            after = self._world.dice.uniform(0.1, seconds)
            self._world.loop.call_later(after, self._reconnect_xmpp, life)

    def _reconnect_xmpp(self, life: "Life") -> None:
        if life is self._world.life:
            life.link.connect(life.engine)

    def _lose_phone(self) -> None:
        dice, ringing = self._world.dice, self._ringing()
        if ringing and dice.random() < WHILE_RINGING:
            self._lose(dice.choice(ringing))
        else:
            self._lose(self._world.phone_of(dice.choice(self._world.extensions)))

    def _ringing(self) -> list[Phone]:
        return [phone for phone in self._world.asterisk.phones.values() if phone.ringing]

    def _lose(self, phone: Phone) -> None:
        self._world.asterisk.agents.lose(phone)
        self._world.loop.call_later(self._world.dice.uniform(1, 30), self._find_phone, phone.device)

    def _find_phone(self, device: str) -> None:
        phone = self._world.asterisk.phones[device]
        phone.registered = True
        self._world.asterisk.agents.show_state(phone)
