"""Whom the world sends: at what is open to everybody, there are only so many of a kind.

Anybody may subscribe to an open node, and whoever runs a server has as many accounts as they like.
"""

from collections import Counter
from collections.abc import Container

from component.pubsub.addresses import bare
from component.pubsub.errors import FullError, TooManySubscriptionsError
from component.pubsub.policy import Limits


class Crowd:
    """How many records of one kind there are: of each account, of each domain, in all.

    Those of `privileged` accounts do not count: there is always room for theirs.
    """

    def __init__(self, privileged: Container[str]) -> None:
        self._privileged = privileged
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
        return not self._is_greedy(jid, limits) and not self._is_full(jid, limits)

    def check(self, jid: str, limits: Limits) -> None:
        """Raise `TooManySubscriptionsError` or `FullError` unless there may be one more."""
        if self._is_greedy(jid, limits):
            raise TooManySubscriptionsError
        self.check_others(jid, limits)

    def check_others(self, jid: str, limits: Limits) -> None:
        """Raise `FullError` if there are too many, whatever this account's own part in it is."""
        if self._is_full(jid, limits):
            raise FullError

    def _is_greedy(self, jid: str, limits: Limits) -> bool:
        account = bare(jid)
        return account not in self._privileged and self._of_accounts[account] >= limits.account

    def _is_full(self, jid: str, limits: Limits) -> bool:
        return self._of_domains[_domain(bare(jid))] >= limits.domain or self._total >= limits.total

    def _count_in(self, account: str, change: int) -> None:
        self._total += change
        _add(self._of_domains, _domain(account), change)


def _add(counted: Counter[str], name: str, change: int) -> None:
    counted[name] += change
    if not counted[name]:
        del counted[name]


def _domain(account: str) -> str:
    return account.rpartition("@")[2]
