"""Who may ask for what: the whole matrix."""

import pytest

from component.operations.catalogue import OPERATIONS
from component.operations.model import NotPermittedError, Role
from tests.unit.operations.front_desk import (
    ADMIN,
    AGENT,
    DOMAIN,
    STRANGER,
    SUPERVISOR,
    FrontDesk,
)

pytestmark = pytest.mark.unit

OWN, OTHER, NOBODYS = (f"ext{e}@{DOMAIN}" for e in ("1000", "2000", "9999"))

MATRIX = {
    (AGENT, DOMAIN): {Role.AGENT},
    (AGENT, OWN): {Role.AGENT},
    (AGENT, OTHER): set(),
    (SUPERVISOR, DOMAIN): {Role.SUPERVISOR},
    (SUPERVISOR, OWN): {Role.SUPERVISOR},
    (ADMIN, DOMAIN): {Role.SUPERVISOR, Role.ADMINISTRATOR},
    (ADMIN, OWN): {Role.SUPERVISOR},
    (STRANGER, DOMAIN): set(),
    (STRANGER, OWN): set(),
    (ADMIN, NOBODYS): set(),
}
"""Who may have operations for which roles, and at which address."""


@pytest.mark.parametrize(("account", "address"), MATRIX)
@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_matrix_of_rights(desk: FrontDesk, account: str, address: str, name: str) -> None:
    operation = OPERATIONS[name]
    permitted = operation.role in MATRIX[account, address] and (
        address == DOMAIN or operation.is_personal
    )
    assert (name in await desk.offered(account, address)) is permitted
    if permitted:
        await desk.form(name, account, address)
        return
    before = list(desk.decided)
    with pytest.raises(NotPermittedError):
        await desk.form(name, account, address)
    with pytest.raises(NotPermittedError):
        await desk.ask(name, account, address)
    assert desk.decided == before


async def test_an_address_is_found_however_the_extension_is_spelt(desk: FrontDesk) -> None:
    agent = desk.agent("1000")
    desk.state.agents.load("Room-A", type(agent)("Room-A", "PJSIP/Room-A", AGENT))
    assert "log-on" in await desk.offered(AGENT, f"extroom-a@{DOMAIN}")
