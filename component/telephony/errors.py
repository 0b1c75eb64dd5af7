"""What goes wrong with Asterisk.

AriError                a request was refused, or not answered as ARI answers
├── AriUnreachableError there was no answer at all
├── AppReplacedError    another client has taken over the application
└── NotSettledError     what Asterisk has could not be taken over
MalformedEventError     an event that does not look as ARI describes it
"""

_MENDING = {
    0: "check that Asterisk runs and that asterisk.url is where http.conf lets it listen, by http"
    " or https",
    401: "check asterisk.username and asterisk.password against ari.conf",
    403: "give that user read_only=no in ari.conf",
    404: "Asterisk is still starting, or ARI is off: check ari.conf, and prefix in http.conf, and"
    " that asterisk.url does not end in /ari",
    503: "Asterisk is overloaded, or sessionlimit in http.conf is too low",
}


class AriError(Exception):
    """Asterisk refused a request, or answered in a way that ARI does not.

    `status` is the HTTP status, 0 if there was no answer. Neither it nor the message ever holds
    credentials.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} (HTTP {status})" if status else message)
        self.status = status
        self.message = message

    @property
    def mending(self) -> str:
        """Say what an operator should look at, as far as the status tells; else empty."""
        return _MENDING.get(self.status, "")


class AriUnreachableError(AriError):
    """Asterisk gave no answer: whether it did what it was asked is not known."""

    def __init__(self, message: str) -> None:
        super().__init__(0, message)


class AppReplacedError(AriError):
    """Another client connected under our application's name; its events go there now."""

    def __init__(self, app: str) -> None:
        super().__init__(0, f"another client has taken over the ARI application {app!r}")

    @property
    def mending(self) -> str:
        """Say what an operator should do."""
        return "run one instance only, or give each its own asterisk.app"


class NotSettledError(AriError):
    """We are connected, but what Asterisk has could not be compared with what we believe."""

    def __init__(self, message: str) -> None:
        super().__init__(0, message)

    @property
    def mending(self) -> str:
        """Say what an operator should look at: nothing of Asterisk's."""
        return "check the database"


class MalformedEventError(ValueError):
    """An event lacks what ARI says it has."""
