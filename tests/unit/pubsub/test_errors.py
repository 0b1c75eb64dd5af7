import pytest

from component.pubsub import errors

pytestmark = pytest.mark.unit

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_explains_itself_in_a_sentence(kind: type[errors.PubSubError]) -> None:
    assert kind.explanation().endswith(".")
    assert "\n" not in kind.explanation()


def test_the_message_of_an_error_is_its_explanation() -> None:
    assert str(errors.ForbiddenError()) == "You may not do this."


def test_a_missing_feature_is_named() -> None:
    assert errors.UnsupportedError("publish").feature == "publish"
