"""What all operations have in common."""

import pytest

from component.domain import errors
from component.domain.errors import DomainError
from component.operations.catalogue import OPERATIONS
from component.operations.words import WORDS, words

pytestmark = pytest.mark.unit


def test_names_and_words_are_unambiguous() -> None:
    assert [operation.name for operation in OPERATIONS.values()] == list(OPERATIONS)
    said = [phrase for operation in OPERATIONS.values() for phrase in operation.said]
    assert len(said) == len(set(said))
    assert all(phrase == phrase.lower() for phrase in said)
    for operation in OPERATIONS.values():
        names = [argument.name for argument in operation.arguments]
        assert set(operation.spoken) <= set(names), operation.name
        assert len(names) == len(set(names)), operation.name


@pytest.mark.parametrize("kind", [
    kind for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DomainError) and kind is not DomainError
])  # fmt: skip
def test_there_are_words_for_whatever_the_domain_refuses(kind: type[DomainError]) -> None:
    assert kind in WORDS
    assert words(kind(device="PJSIP/1000")) == WORDS[kind]
