"""What the domain refuses. A refused fact changes nothing.

DomainError
├── IllegalTransitionError
├── UnknownDeviceError
├── UnknownQueueError
├── NotAMemberError
├── AlreadyLoggedOnError
├── NotLoggedOnError
├── NotInWrapUpError
├── ExtensionInUseError
├── AgentElsewhereError
├── NotWaitingError
├── QueueRefusesError
├── CallInHandError
└── CallersWaitError
"""


class DomainError(Exception):
    """The fact does not fit the state of the call centre."""

    def __init__(self, **details: object) -> None:
        named = ", ".join(f"{name}={value}" for name, value in details.items())
        doc = (type(self).__doc__ or "").strip()
        super().__init__(f"{doc} ({named})" if named else doc)
        self.details = details


class IllegalTransitionError(DomainError):
    """There is no such transition."""


class UnknownDeviceError(DomainError):
    """No extension has this device."""


class UnknownQueueError(DomainError):
    """There is no such queue."""


class NotAMemberError(DomainError):
    """The extension is not a member of this queue."""


class AlreadyLoggedOnError(DomainError):
    """The member is logged on already."""


class NotLoggedOnError(DomainError):
    """The member is not logged on."""


class NotInWrapUpError(DomainError):
    """The agent is not in wrap-up."""


class NotWaitingError(DomainError):
    """No such caller waits."""


class QueueRefusesError(DomainError):
    """The queue lets nobody in now."""


class CallInHandError(DomainError):
    """A call rings at the extension, or is being talked there."""


class CallersWaitError(DomainError):
    """Callers wait in the queue, or are to be called back."""


class ExtensionInUseError(DomainError):
    """Another agent is logged on at this extension, or has a call in hand."""


class AgentElsewhereError(DomainError):
    """The agent is logged on at another extension."""
