import pytest

from tests.unit.operations.front_desk import FrontDesk


@pytest.fixture
def desk() -> FrontDesk:
    return FrontDesk()
