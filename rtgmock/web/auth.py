"""HTTP Basic authentication."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import request

from rtgmock.errors import AccessDenied
from rtgmock.web.request_context import request_context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.settings.parsers import Credentials


def authenticate(accounts: Iterable[Credentials]) -> str:
    """Return the name of the account whose credentials the request has. Raises AccessDenied."""
    name, password = _received_credentials()
    # All accounts are compared in full, name and password each in constant time: with a shortcut, the time of the
    # answer would tell which name exists, or how far a password is right. Hence & too, which evaluates both sides.
    matches = [
        account.name for account in accounts if _is_same(account.name, name) & _is_same(account.password, password)
    ]
    if not matches:
        raise AccessDenied
    request_context().account = matches[0]
    return matches[0]


def _received_credentials() -> tuple[str, str]:
    """Return the request's user name and password; empty ones, which no account has, without Basic credentials."""
    try:
        header = request.authorization
    except ValueError:  # werkzeug cannot decode credentials that have a byte outside of ASCII
        header = None
    if header is None or header.type != "basic":
        return "", ""
    return header.username or "", header.password or ""


def _is_same(one: str, other: str) -> bool:
    # As bytes: compare_digest takes a text only if it is ASCII.
    return hmac.compare_digest(one.encode(), other.encode())
