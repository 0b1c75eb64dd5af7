from collections.abc import AsyncIterator

import pytest

from lab.sip import Phone, transactions
from tests.unit.lab.sip.scripted import SERVER, ScriptedWires, Server


@pytest.fixture
def wires() -> ScriptedWires:
    return ScriptedWires()


@pytest.fixture
async def phone(wires: ScriptedWires) -> AsyncIterator[Phone]:
    """A phone that is open, and not registered."""
    phone = Phone("1000", password="secret", server=SERVER, ports=wires)
    phone.open()
    yield phone
    phone.drop()


@pytest.fixture
def server(wires: ScriptedWires) -> Server:
    return Server(wires)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retransmissions begin in no time."""
    monkeypatch.setattr(transactions, "T1", 0.01)


@pytest.fixture
def resigned(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retransmissions be given up in no time, too."""
    monkeypatch.setattr(transactions, "LIFETIME", 0.05)
