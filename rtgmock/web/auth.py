"""HTTP Basic authentication."""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rtgmock.errors import AccessDenied
from rtgmock.paths import is_control_path
from rtgmock.settings.parsers import ANY_ACCOUNT, name_problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rtgmock.settings.parsers import Credentials
    from rtgmock.web.request_context import Before, RequestContext


def before_request(accounts: Collection[Credentials]) -> Before:
    """Return the step that finds out whose credentials a request to the emulated API has, if they are right.

    It refuses none: the log, the journal and faults need the account also of a request that is refused for something
    else, before access is checked.
    """

    def identify(context: RequestContext) -> None:
        if not is_control_path(context.request.path):
            context.account = account_of(context.request.environ, accounts)

    return identify


def check_access(context: RequestContext, accounts: Collection[Credentials]) -> None:
    """Refuse a request that has the credentials of none of the accounts. Raises AccessDenied."""
    if not context.account:
        raise AccessDenied(hint=_hint(context.request.environ, accounts))


def account_of(environ: Mapping[str, Any], accounts: Collection[Credentials]) -> str:
    """Return the name of the account whose credentials are in WSGI's variables; empty when it is none's.

    Where ``accounts`` has ANY_ACCOUNT, every name that no other of them has is an account, with any password.
    """
    name, password = _credentials(environ.get("HTTP_AUTHORIZATION", ""))
    # All accounts are compared in full, name and password each in constant time: with a shortcut, the time of the
    # answer would tell which name exists, or how far a password is right. Hence & too, which evaluates both sides.
    found, is_known, admits_any = "", False, False
    for account in accounts:
        if account is ANY_ACCOUNT:
            admits_any = True
            continue
        is_name = _is_same(account.name, name)
        if is_name & _is_same(account.password, password):
            found = account.name
        is_known |= is_name
    return name if admits_any and not is_known and not name_problem(name) else found


def _hint(environ: Mapping[str, Any], accounts: Collection[Credentials]) -> str:
    """Return why a request's name is not let in where every name is."""
    name, _ = _credentials(environ.get("HTTP_AUTHORIZATION", ""))
    problem = f"the request's {name_problem(name)}" if name else "the request has none"
    is_unnamed = ANY_ACCOUNT in accounts and name_problem(name)
    return f"every name is an account here, but {problem}" if is_unnamed else ""


# A few only: a client sends the same header with each request. A header has up to 64 kB.
@lru_cache(16)
def _credentials(header: str) -> tuple[str, str]:
    """Return the user name and the password in a header; empty ones, which no account has, if they are not Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        sent = base64.b64decode(encoded.strip(" \t"), validate=True)
    except ValueError:  # no base64, or a character outside of ASCII
        return "", ""
    name, _, password = _decoded(sent).partition(":")
    return name, password


def _decoded(sent: bytes) -> str:
    """Return credentials as text: UTF-8, for which the challenge asks (RFC 7617), else Latin-1, as old clients do."""
    try:
        return sent.decode()
    except UnicodeDecodeError:
        return sent.decode("latin-1")


def _is_same(one: str, other: str) -> bool:
    # As bytes: compare_digest takes a text only if it is ASCII.
    return hmac.compare_digest(one.encode(), other.encode())
