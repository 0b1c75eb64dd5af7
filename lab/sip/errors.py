"""What can go wrong in the lab's SIP phone, besides `TimeoutError`."""


class SipError(Exception):
    """Base of this package's errors."""


class MalformedMessageError(SipError, ValueError):
    """A datagram or a session description that does not follow its grammar."""


class RefusedError(SipError):
    """The server refused a request; `status` is its SIP status code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class CallEndedError(SipError):
    """The call ended before what was awaited, or what was to be done, came about."""


class NoTalkPathError(SipError):
    """The other side has not said where, or in which format, it takes what is to be sent."""
