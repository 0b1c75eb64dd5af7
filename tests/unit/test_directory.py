"""What the customer directory says of its failures."""

import asyncpg
import pytest

from component.storage.directory import reason

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            asyncpg.InvalidTextRepresentationError('invalid input syntax for type bigint: "5550"'),
            "InvalidTextRepresentationError",
        ),
        (asyncpg.RaiseError("nobody has the code 1111"), "RaiseError"),
        (ConnectionRefusedError(111, "refused"), "ConnectionRefusedError: [Errno 111] refused"),
        (asyncpg.UndefinedTableError("no company"), "UndefinedTableError: no company"),
    ],
)
def test_the_reason_of_a_failure_does_not_quote_what_was_keyed(error: Exception, said: str) -> None:
    assert reason(error) == said
