"""An agent who needs more time after a call gets it."""

from datetime import timedelta

import pytest

from component.domain.errors import NotInWrapUpError
from component.domain.events import ExtendWrapUp
from component.domain.words import AgentState
from tests.unit.domain.call_centre import CallCentre

pytestmark = pytest.mark.unit


def test_it_ends_later_by_as_much() -> None:
    centre = CallCentre(wrapuptime=timedelta(seconds=30))
    centre.log_on("1000")
    centre.talk(centre.enter())
    centre.take(ExtendWrapUp("1000", timedelta(seconds=60)))
    centre.after(89)
    assert centre.agent("1000").state is AgentState.WRAP_UP
    waiting = centre.enter()
    centre.after(1)
    assert centre.call(waiting).extension == "1000"


@pytest.mark.parametrize("extension", ["1000", "9999"])
def test_who_is_not_in_wrap_up_cannot_extend_it(extension: str) -> None:
    centre = CallCentre()
    with pytest.raises(NotInWrapUpError):
        centre.take(ExtendWrapUp(extension, timedelta(seconds=60)))
