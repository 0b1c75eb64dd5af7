"""Customers are found by the operator's own statement."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from component.domain.model import Call, Caller, Customer
from component.markup import MAX_STANZA
from component.payloads import call_xml
from component.ports import Changes, StoreUnavailableError
from component.settings import DEFAULT_LOOKUP
from component.storage.directory import MOST_CHARACTERS, SqlDirectory, StatementError
from component.storage.postgres import PostgresStore
from tests.databases import Databases

pytestmark = pytest.mark.contract

CALL = Call("c1", "support", "channel", Caller("5550100", ""), datetime(2026, 1, 2, tzinfo=UTC))

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
        ("SELECT * FROM customers WHERE code = $1 -- or $2", "it has $2 where", "leave it out"),
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


async def found_with(url: str, columns: str) -> Customer | None:
    """Look somebody up whom a table of a company has with these columns."""
    lookup = f"SELECT 7 AS id, $1 AS code, 'Ann'::text AS name, {columns}"
    async with SqlDirectory(url, lookup) as directory:
        return await directory.customer("a7")


@pytest.mark.parametrize(
    ("columns", "attributes"),
    [
        (r"""'{"a": "x\u0000y", "b\u0000": 1}'::json AS attributes""", {"a": "x�y", "b�": "1"}),
        (r"""'{"a": "x\ud800y"}'::json AS attributes""", {"a": "x�y"}),
        (r"""'["x\u0000y"]'::json AS attributes""", {"attributes": r'["x\u0000y"]'}),
        ("'{}'::text AS attributes, 'infinity'::date AS until", {"until": "9999-12-31"}),
        ("'NaN'::numeric AS n, 'Infinity'::float8 AS f", {"n": "NaN", "f": "inf"}),
        (
            "ARRAY['2026-01-02'::date, NULL] AS days, ARRAY[1.50] AS sums",
            {"days": '["2026-01-02", null]', "sums": '["1.50"]'},
        ),
    ],
    ids=["NUL", "half a character", "no object", "for ever", "no numbers", "lists"],
)
async def test_whatever_a_column_has_can_be_written_again(
    database_url: str, columns: str, attributes: dict[str, str]
) -> None:
    found = await found_with(database_url, columns)

    assert found == Customer(7, "a7", "Ann", attributes)
    assert orjson.dumps(attributes)
    async with PostgresStore(database_url) as store:
        await store.claim(print)
        await store.load()
        await store.commit(Changes(calls=[replace(CALL, customer=found)]))
        assert [call.customer for call in (await store.load()).calls] == [found]


async def test_what_is_nested_without_end_is_one_attribute(database_url: str) -> None:
    nested = "[" * 3000 + "]" * 3000
    found = await found_with(database_url, f"'{nested}'::text AS attributes")

    assert found == Customer(7, "a7", "Ann", {"attributes": nested})


@pytest.mark.parametrize(
    "value", ["date '10000-01-01'", "timestamptz '0044-03-15 BC'", "time '24:00'"]
)
async def test_a_value_that_cannot_be_read_finds_nobody_and_says_so_without_it(
    database_url: str, value: str
) -> None:
    lookup = f"SELECT 7 AS id, $1 AS code, 'Ann'::text AS name, {value} AS since"
    async with SqlDirectory(database_url, lookup) as directory:
        with pytest.raises(StoreUnavailableError, match="Error: a value of what was found") as told:
            await directory.customer("a7")
        assert "a7" not in str(told.value)
        await directory.use(DEFAULT_LOOKUP)
        assert await directory.customer("1111") is not None


async def test_attributes_for_which_an_item_has_no_room_are_left_out(database_url: str) -> None:
    long = f"repeat('&', {MOST_CHARACTERS})"
    with capture_logs() as logs:
        found = await found_with(database_url, f"'a' AS first, {long} AS notes, 'b' AS last")

    assert found == Customer(7, "a7", "Ann", {"first": "a", "last": "b"})
    assert [entry["attributes"] for entry in logs] == [["notes"]]


async def test_the_item_of_a_customer_with_all_attributes_there_can_be_is_sent(
    database_url: str,
) -> None:
    found = await found_with(database_url, f"repeat('&', {MOST_CHARACTERS - 20}) AS notes")

    assert found is not None
    assert len(found.attributes["notes"]) == MOST_CHARACTERS - 20
    item = call_xml(replace(CALL, customer=found), "1000")
    assert len(item.encode()) < MAX_STANZA
