"""Customers are found by the operator's own statement."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from component.domain.model import Customer
from component.ports import StoreUnavailableError
from component.settings import DEFAULT_LOOKUP
from component.storage.directory import SqlDirectory, StatementError
from tests.databases import Databases

pytestmark = pytest.mark.contract

COMPANY = """
CREATE VIEW company AS SELECT * FROM (VALUES
    (7, 'a7', 'Ann', true, NULL::date, '+491', '{"level": 3, "none": null}'::jsonb),
    (8, 'b8', 'Bob', false, date '2026-01-02', '+492', '{}'),
    (9, 'b9', 'Bea', false, NULL, '+492', '[1]')
) AS v (id, code, name, vip, since, phone, attributes)
"""


@pytest.fixture
async def directory(database_url: str) -> AsyncIterator[SqlDirectory]:
    async with SqlDirectory(database_url, DEFAULT_LOOKUP) as directory:
        yield directory


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def test_a_customer_is_found_by_code(directory: SqlDirectory) -> None:
    found = await directory.customer("1111", "5550100")

    assert found is not None
    assert (found.code, found.name, found.attributes) == ("1111", "Company 1", {"contract": "gold"})


async def test_a_customer_is_found_by_number_if_no_code_was_keyed(
    directory: SqlDirectory, database_url: str
) -> None:
    await execute(
        database_url,
        """UPDATE customers SET attributes = '{"phone": "5550100"}' WHERE code = '2222'""",
    )

    found = await directory.customer("", "5550100")
    assert found is not None
    assert found.code == "2222"
    assert await directory.customer("", "5550101") is None
    assert await directory.customer("9999", "5550100") is None


@pytest.mark.parametrize("code", ["", "9999", "' OR 1=1 --", "11\0" + "11", "1" * 100_000])
async def test_whatever_else_is_keyed_finds_nobody(directory: SqlDirectory, code: str) -> None:
    assert await directory.customer(code) is None


async def test_a_view_of_the_company_is_asked_and_its_columns_are_attributes(
    database_url: str,
) -> None:
    await execute(database_url, COMPANY)
    lookup = "SELECT * FROM company WHERE code = $1 OR phone = '+' || $2 -- ours\n;"
    async with SqlDirectory(database_url, lookup) as directory:
        assert await directory.check() == ("vip", "since", "phone", "attributes")
        ann = {"vip": "true", "phone": "+491", "level": "3"}
        assert await directory.customer("a7") == Customer(7, "a7", "Ann", ann)
        bob = {"vip": "false", "since": "2026-01-02", "phone": "+492"}
        assert await directory.customer("b8") == Customer(8, "b8", "Bob", bob)
        assert await directory.customer("", "491") == Customer(7, "a7", "Ann", ann)


async def test_of_several_customers_none_is_taken(database_url: str) -> None:
    await execute(database_url, COMPANY)
    lookup = "SELECT * FROM company WHERE phone = $2 AND $1 = ''"
    async with SqlDirectory(database_url, lookup) as directory:
        assert await directory.customer("", "+492") is None


async def test_a_statement_need_not_take_the_number(database_url: str) -> None:
    lookup = "SELECT id, code, name FROM customers WHERE code = $1"
    async with SqlDirectory(database_url, lookup) as directory:
        found = await directory.customer("1111", "5550100")

    assert found is not None
    assert found.attributes == {}


@pytest.mark.parametrize(
    ("lookup", "said", "remedy"),
    [
        ("SELEC 1", "syntax error", "customers.lookup"),
        ("SELECT * FROM nowhere WHERE code = $1", 'relation "nowhere"', "customers.lookup"),
        ("SELECT id, code, nam FROM customers WHERE code = $1", '"nam"', "customers.lookup"),
        ("SELECT * FROM customers", "it has 0 parameters", "use $1"),
        ("SELECT * FROM customers WHERE id = $1", "$1 is taken for int8", "id::text = $1"),
        ("SELECT id, code FROM customers WHERE code = $1", "no column name", "AS name"),
        (
            "SELECT id::text, code, name FROM customers WHERE code = $1",
            "column id is of type text",
            "int8",
        ),
        ("DELETE FROM customers WHERE code = $1 RETURNING *", "syntax error", "customers.lookup"),
    ],
)
async def test_a_statement_that_cannot_be_used_is_refused_with_a_remedy(
    database_url: str, lookup: str, said: str, remedy: str
) -> None:
    async with SqlDirectory(database_url, lookup) as directory:
        with pytest.raises(StatementError, match=re.escape(said)) as refused:
            await directory.check()

    assert remedy in refused.value.remedy


async def test_a_lost_database_is_unavailable_and_then_found_again(
    databases: Databases, database_url: str, directory: SqlDirectory
) -> None:
    assert await directory.customer("1111") is not None
    async with databases.away(database_url):
        with pytest.raises(StoreUnavailableError):
            await directory.customer("1111")
        with pytest.raises(StoreUnavailableError):
            await directory.check()

    assert await directory.customer("1111") is not None


async def test_a_table_that_is_gone_finds_nobody_and_says_so(
    database_url: str, directory: SqlDirectory
) -> None:
    await execute(database_url, "DROP TABLE customers")

    with pytest.raises(StoreUnavailableError, match="customers"):
        await directory.customer("1111")


async def test_the_look_up_by_number_uses_an_index(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE lookup AS {DEFAULT_LOOKUP}")
    plan = await connection.fetch("EXPLAIN EXECUTE lookup ('', '5550100')")
    await connection.close()

    assert "customers_phone" in "\n".join(row[0] for row in plan)


async def test_another_statement_is_used_once_it_is_found_to_be_right(
    directory: SqlDirectory,
) -> None:
    with pytest.raises(StatementError):
        await directory.use("SELECT 1 WHERE $1 = ''")
    assert await directory.customer("1111") is not None
    await directory.use(DEFAULT_LOOKUP.replace("code = $1", "code = 'x' || $1"))
    assert await directory.customer("1111") is None
