import pytest

from tests.unit.handlers.dialogue import Dialogue


@pytest.fixture
def dialogue() -> Dialogue:
    return Dialogue()
