"""What several contracts are tried with."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """A database of a test's own, with nothing in it."""
    async with databases.fresh() as url:
        yield url
