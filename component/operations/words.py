"""Why something is refused, in words for people."""

from component.domain import errors
from component.domain.errors import DomainError
from component.operations.model import RefusedError

WORDS: dict[type[DomainError], str] = {
    errors.IllegalTransitionError: "That is not possible now.",
    errors.UnknownDeviceError: "There is no such extension.",
    errors.UnknownQueueError: "There is no such queue.",
    errors.NotAMemberError: "The extension is a member of no such queue.",
    errors.AlreadyLoggedOnError: "That extension is logged on already.",
    errors.NotLoggedOnError: "That extension is not logged on.",
    errors.NotInWrapUpError: "That extension is not in wrap-up.",
    errors.ExtensionInUseError: "Another agent is logged on at that extension.",
    errors.AgentElsewhereError: "That agent is logged on at another extension.",
    errors.NotWaitingError: "No such caller waits, or the call rings at an agent just now.",
    errors.QueueRefusesError: "That queue lets nobody in now.",
    errors.CallInHandError: "That extension has a call. Log it off, and wait for its end.",
    errors.CallersWaitError: "Callers wait there. Close the queue; let them be served or moved.",
}


def words(error: DomainError) -> str:
    """Return what people are told of a refusal."""
    if isinstance(error, RefusedError):
        return str(error)
    return WORDS.get(type(error), (type(error).__doc__ or "").strip())
