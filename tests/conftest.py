"""What all tests share."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from lab.ports import PortBlock
from tests.databases import Databases
from tests.examples import javascript_installed

# The service and its commands are started hundreds of times: compiling each module anew for each of
# them would take more than twice as long as everything else that they do to start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A machine that is busy with something else is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

CATEGORIES = frozenset({"unit", "simulation", "contract", "e2e"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse tests that do not say what they need to run."""
    for item in items:
        if not CATEGORIES.intersection(mark.name for mark in item.iter_markers()):
            raise pytest.UsageError(f"{item.nodeid} has none of the marks {sorted(CATEGORIES)}")


@pytest.fixture(scope="module")
def ports() -> Iterator[PortBlock]:
    """Ports for the servers of a test module."""
    with PortBlock() as block:
        yield block


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL server, with a database to copy from."""
    # Not in pytest's directory, which other users, such as the server's, must not enter.
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        started = asyncio.run(Databases.start(Path(directory) / "postgresql"))
        yield started
        asyncio.run(started.stop())


@pytest.fixture(scope="session")
def javascript() -> Path:
    """The documentation's example in JavaScript, with the library that it needs."""
    return javascript_installed()
