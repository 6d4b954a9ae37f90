"""HTTP Basic."""

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
    """The name of the account that the request is made by. Raises AccessDenied.

    Every account is compared, each in constant time, so that how long it takes tells nothing.
    """
    name, password = _given()
    found = [account.name for account in accounts if _same(account.name, name) & _same(account.password, password)]
    if not found:
        raise AccessDenied
    request_context().account = found[0]
    return found[0]


def _given() -> tuple[str, str]:
    try:
        header = request.authorization
    except ValueError:  # werkzeug's, of credentials that aren't even ASCII
        header = None
    if header is None or header.type != "basic":
        return "", ""
    return header.username or "", header.password or ""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
