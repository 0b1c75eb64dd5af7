"""What is broken on purpose is noticed: an oracle that never fails would prove nothing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any, TypeVar

import pytest

from component import gate, pins, recovery
from component.domain import (
    agents,
    callbacks,
    configuring,
    consulting,
    hands,
    persons,
    reserving,
    routing,
    step,
    sticky,
)
from component.domain import state as state_module
from component.domain.words import LegEnd, OfferEnd
from component.ports import Snapshot
from component.storage.memory import MemoryStore
from component.telephony.snapshot import SnapshotReader
from component.telephony.talks import Talks
from tests.simulation.callers import CUSTOMERS
from tests.simulation.channels import extension_at
from tests.simulation.scenario import NO_FAULTS, draw
from tests.simulation.world import simulate

pytestmark = pytest.mark.simulation

T = TypeVar("T")

CALLS = 30

SEEDS = 30
"""Most mistakes are noticed in the first or the second."""

SUITED: dict[str, dict[str, Any]] = {
    "what is offered to a removed agent rings on": {"extensions_per_second": 0.2},
    "wrong PINs lock nobody out": {"people": 2, "wrong_pins": 0.8, "log_changes_per_second": 0.5},
    "a caller may take any place": {
        "enquiries": 0.9, "attended": 1.0, "transfers": 1.0, "agents": 3, "max_calls": 3,
    },
    "who takes an agent's place in a line is not held there": {
        "enquiries": 0.9, "attended": 1.0, "transfers": 1.0,
    },
    "phones that ring at a connect are not looked after": {
        "faults": replace(NO_FAULTS, socket_drop=50.0, crash=20.0, phone_vanishes_then=1.0),
        "answers": 0.4,
    },
}  # fmt: skip
"""How call centres are for what few of them show."""

Mistake = tuple[ModuleType | type, str, object]

BLAMING = step.OFFER_ENDS | {LegEnd.HUNG_UP: OfferEnd.NO_ANSWER}


async def answer(given: T) -> T:
    return given


read = SnapshotReader.read


async def read_without_phones(
    reader: SnapshotReader, devices: Iterable[str], taken_at: datetime
) -> Snapshot:
    return replace(await read(reader, devices, taken_at), phones={})


MISTAKES: dict[str, Mistake] = {
    "agents whose phones do not ring any more stay reserved": (
        hands, "let_go", lambda agent, *_: agent
    ),
    "calls that agents took do not count": (reserving, "_count_call", lambda *_: None),
    "what was offered in vain is not retracted": (routing, "_drop_offers", lambda *_: []),
    "whoever comes is let in": (routing, "join_refusal", lambda *_: None),
    "nobody leaves an empty queue": (routing, "leave_if_empty", lambda *_: []),
    "nobody is paused who does not answer": (routing, "_autopause", lambda *_: None),
    "a person may sit at two desks": (state_module.State, "extension_of", lambda *_: None),
    "a desk is never given back": (persons, "leave", lambda *_: []),
    "nobody remembers who spoke with whom": (sticky, "remember", lambda *_: None),
    "after a restart no timer runs": (recovery, "timers", lambda *_: iter(())),
    "a reconnect finds no leg that is gone": (recovery, "_legs", lambda *_: iter(())),
    "the agent put aside for a customer stays so": (callbacks, "let_go", lambda *_: ([], [])),
    "callers stay in a queue that is removed": (configuring, "_queued", lambda *_: []),
    "an extension that is removed stays": (configuring, "_agent_removed", lambda *_: []),
    "what is offered to a removed agent rings on": (agents, "pass_over", lambda *_: []),
    "a customer is taken for another": (
        MemoryStore, "customer", lambda *_: answer(CUSTOMERS[1])
    ),
    "who was looked up enters as nobody": (MemoryStore, "customer", lambda *_: answer(None)),
    "who was to leave enters anew": (MemoryStore, "last_ended", lambda *_: answer([])),
    "a talk may take no longer than the wait": (Talks, "lift_bound", lambda *_: answer(None)),
    "who is not to blame is paused": (step, "OFFER_ENDS", BLAMING),
    "a phone stays whose it was first": (
        state_module.State, "agent_at", lambda state, device: state.agents.get(extension_at(device))
    ),
    "who takes an agent's place in a line is not held there": (
        consulting, "_wait_on", lambda *_: []
    ),
    "a caller may take any place": (consulting, "_may_take_place", lambda *_: True),
    "phones that ring at a connect are not looked after": (
        SnapshotReader, "read", read_without_phones
    ),
    "any PIN is right": (pins, "matches", lambda *_: True),
    "wrong PINs lock nobody out": (gate, "TRIES", 99),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MISTAKES[what])
    suited = SUITED.get(what, {})
    centres = ((seed, replace(draw(seed, CALLS), **suited)) for seed in range(SEEDS))
    assert any(simulate(*centre).violations for centre in centres)
