"""What only a real database can show."""

import pytest

from component.ports import Changes, Outgoing, StoreUnavailableError
from component.storage.postgres import PostgresStore
from tests.databases import Databases

pytestmark = pytest.mark.contract

CHANGES = Changes(outgoing=[Outgoing(1, "ivr.example.com", ("a@example.com",), "chat", "<body/>")])


@pytest.mark.parametrize("code", ["", "9999", "' OR 1=1 --", "11\0" + "11", "1" * 100_000])
async def test_whatever_else_is_keyed_finds_nobody(postgres: PostgresStore, code: str) -> None:
    assert await postgres.customer(code) is None


async def test_a_lost_database_is_unavailable_and_then_found_again(
    databases: Databases, database_url: str, postgres: PostgresStore
) -> None:
    async with databases.away(database_url):
        with pytest.raises(StoreUnavailableError):
            await postgres.commit(CHANGES)
        assert postgres.detail

    await postgres.commit(CHANGES)
    assert postgres.detail == ""
