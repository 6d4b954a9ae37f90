"""The count of the requests that the journal has dropped."""

from __future__ import annotations

from collections import Counter

MAX_ACCOUNTS = 1000
"""Accounts that are counted apart."""


class DroppedRequests:
    """Counts dropped requests by account: one who knows that none of its own was dropped can rely on what is kept.

    There may be any number of accounts. The counts of the oldest are added up, and count for everybody.
    """

    def __init__(self, max_accounts: int = MAX_ACCOUNTS) -> None:
        self._max_accounts = max_accounts
        self._by_account: Counter[str] = Counter()
        self._of_anybody = 0

    def add(self, account: str) -> None:
        """Count a request."""
        self._by_account[account] += 1
        if len(self._by_account) > self._max_accounts:
            self._of_anybody += self._by_account.pop(next(iter(self._by_account)))

    def count(self, account: str | None = None) -> int:
        """Return the number of one account's requests, or of all."""
        own = self._by_account.total() if account is None else self._by_account[account]
        return own + self._of_anybody

    def clear(self, account: str | None = None) -> None:
        """Forget the requests of one account, or all."""
        if account is None:
            self._by_account.clear()
            self._of_anybody = 0
        else:
            self._by_account.pop(account, None)
