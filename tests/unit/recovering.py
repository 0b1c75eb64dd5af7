"""What Asterisk has after a gap, and what was going on before."""

from dataclasses import replace
from datetime import timedelta

from component.domain.events import LegAnswered
from component.domain.model import Leg
from component.domain.words import DeviceState
from component.ports import Snapshot, WaitingChannel
from component.storage.memory import MemoryStore
from tests.unit.services import Service, demo_store

LEG = Leg("call1", 1)


def snapshot(
    service: Service,
    *callers: str,
    ringing: tuple[Leg, ...] = (),
    answered: tuple[Leg, ...] = (),
    bridges: dict[str, set[str]] | None = None,
    devices: dict[str, DeviceState] | None = None,
) -> Snapshot:
    """What Asterisk has, read a second after whatever was believed so far."""
    service.outside.time += timedelta(seconds=1)
    now = service.outside.time
    return Snapshot(
        taken_at=now,
        callers=tuple(WaitingChannel(c, "support", "1111", "5550100", "", now) for c in callers),
        ringing_legs=frozenset(ringing),
        answered_legs=frozenset(answered),
        bridges={bridge: frozenset(channels) for bridge, channels in (bridges or {}).items()},
        device_states=devices or {},
    )


def announcing_store() -> MemoryStore:
    store = demo_store()
    store.queues = [replace(q, announce_frequency=timedelta(seconds=30)) for q in store.queues]
    return store


async def offered(service: Service, *extensions: str) -> None:
    await service.log_on(*extensions or ("1000",))
    await service.engine.step(service.enter())
    service.outside.done.clear()


async def one_rings_and_one_waits(service: Service) -> None:
    """The first of two callers rings at the only agent who is logged on."""
    await service.log_on("1000")
    for number in (1, 2):
        await service.engine.step(service.enter(number))


async def answered(service: Service) -> None:
    await offered(service)
    await service.engine.step(LegAnswered(LEG))
    service.outside.done.clear()


async def settled(service: Service) -> None:
    """Wait until all that was handed in is stepped."""
    await service.engine.pubsub(lambda *_: None)
