"""Whom the world sends: at what is open to everybody, there are only so many of a kind.

Anybody may subscribe to an open node, and whoever runs a server has as many accounts as they like.
"""

from collections import Counter
from collections.abc import Container
from enum import StrEnum

from component.pubsub.addresses import bare
from component.pubsub.errors import FullError, TooManySubscriptionsError
from component.pubsub.policy import Limits


class Kind(StrEnum):
    """What the crowd has of which there is only so much."""

    SUBSCRIPTION = "subscription"
    CONTACT = "contact"
    """A presence subscription."""
    PRESENCE = "presence"
    """Software that is known to be online."""
    NODE = "node"


class Limit(StrEnum):
    """What there is so much of: the fields of `Limits`."""

    ACCOUNT = "account"
    DOMAIN = "domain"
    TOTAL = "total"


Refusal = tuple[Kind, Limit]
"""That a limit has kept somebody out."""


class Crowd:
    """How many records of one kind there are: of each account, of each domain, in all.

    Those of `privileged` accounts do not count: there is always room for theirs. `refusals` counts
    who was kept out; that is not undone with the operation that was refused.
    """

    def __init__(self, kind: Kind, privileged: Container[str], refusals: Counter[Refusal]) -> None:
        self._kind = kind
        self._privileged = privileged
        self._refusals = refusals
        self._of_accounts: Counter[str] = Counter()
        """Of privileged ones, too."""
        self._of_domains: Counter[str] = Counter()
        self._total = 0

    def count(self, jid: str, change: int) -> None:
        """Take note of so many more records of a JID."""
        account = bare(jid)
        _add(self._of_accounts, account, change)
        if account not in self._privileged:
            self._count_in(account, change)

    def excuse(self, privileged: Container[str]) -> None:
        """Let other accounts be those that do not count."""
        for account, count in self._of_accounts.items():
            back = (account in self._privileged) - (account in privileged)
            self._count_in(account, back * count)
        self._privileged = privileged

    def has_room(self, jid: str, limits: Limits) -> bool:
        """Tell whether there may be one more record of a JID."""
        limit = self._reached(jid, limits)
        if limit is not None:
            self.refuse(limit)
        return limit is None

    def check(self, jid: str, limits: Limits) -> None:
        """Raise `TooManySubscriptionsError` or `FullError` unless there may be one more."""
        limit = self._reached(jid, limits)
        if limit is Limit.ACCOUNT:
            self.refuse(limit)
            raise TooManySubscriptionsError
        self.check_others(jid, limits)

    def check_others(self, jid: str, limits: Limits) -> None:
        """Raise `FullError` if there are too many, whatever this account's own part in it is."""
        limit = self._reached(jid, limits, of_account=False)
        if limit is not None:
            self.refuse(limit)
            raise FullError

    def refuse(self, limit: Limit) -> None:
        """Take note that somebody is kept out."""
        self._refusals[self._kind, limit] += 1

    def _reached(self, jid: str, limits: Limits, *, of_account: bool = True) -> Limit | None:
        """Return which limit does not let one more record of a JID in, None if all do."""
        account = bare(jid)
        is_counted = of_account and account not in self._privileged
        if is_counted and self._of_accounts[account] >= limits.account:
            return Limit.ACCOUNT
        if self._of_domains[_domain(account)] >= limits.domain:
            return Limit.DOMAIN
        return Limit.TOTAL if self._total >= limits.total else None

    def _count_in(self, account: str, change: int) -> None:
        self._total += change
        _add(self._of_domains, _domain(account), change)


def _add(counted: Counter[str], name: str, change: int) -> None:
    counted[name] += change
    if not counted[name]:
        del counted[name]


def _domain(account: str) -> str:
    return account.rpartition("@")[2]
