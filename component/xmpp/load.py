"""How much is being answered at once: so that who asks without end is in nobody's way."""

from collections import Counter

MAX_UNDER_WAY = 2000
"""Requests and messages that are being answered; those beyond are asked to come again."""

MAX_OF_ACCOUNT = 500
"""How many of them may be of one account."""


class Load:
    """What is being answered, by account and by domain.

    Whoever runs a server has as many accounts as they like. So a domain has at most as many places
    as are free still, and there is room for one that comes later. That does not concern the `home`
    of the component, whose accounts are its operator's own.
    """

    def __init__(
        self, home: str, most: int = MAX_UNDER_WAY, most_of_account: int = MAX_OF_ACCOUNT
    ) -> None:
        self._home = home
        self._most = most
        self._most_of_account = most_of_account
        self._of_accounts = Counter[str]()
        self._of_domains = Counter[str]()
        self._total = 0

    def is_full(self, account: str) -> bool:
        """Tell whether one more of an account would be too much."""
        free, domain = self._most - self._total, _domain(account)
        if free <= 0 or self._of_accounts[account] >= self._most_of_account:
            return True
        return domain != self._home and self._of_domains[domain] >= free

    def add(self, account: str) -> None:
        """Take note of one that is being answered now."""
        self._of_accounts[account] += 1
        self._of_domains[_domain(account)] += 1
        self._total += 1

    def remove(self, account: str) -> None:
        """Take note of one that was answered."""
        self._total -= 1
        for counted, name in ((self._of_accounts, account), (self._of_domains, _domain(account))):
            counted[name] -= 1
            if not counted[name]:
                del counted[name]


def _domain(account: str) -> str:
    return account.rpartition("@")[2]
