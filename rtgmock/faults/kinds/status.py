"""The response is an error, in the shape that errors with its status have."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from rtgmock.errors import AccessDenied, Invalid, MethodNotAllowed, reason
from rtgmock.faults.base import FaultKind, InjectedError, RuleKey
from rtgmock.model.types import Integer, Text

if TYPE_CHECKING:
    from rtgmock.errors import RequestError
    from rtgmock.faults.base import HttpExchange, Match


class Keys(TypedDict, total=False):
    """The keyword arguments of Status."""

    status: int
    message: str
    retry_after: int


class Status(FaultKind):
    """Answers with an error; the request is not carried out."""

    keys = (
        RuleKey("status", Integer(400, 599), "400 to 599", "Answer with this error; the request is not carried out."),
        RuleKey("message", Text(), "a sentence", "The text of the error; that of a `401` is always the same."),
        RuleKey("retry_after", Integer(0, 86400), "seconds", "The `Retry-After` header of the error."),
    )

    def on_request(self, match: Match, exchange: HttpExchange) -> None:
        """Raise the error."""
        error = _error(match, exchange)
        if "retry_after" in match.values:
            error.headers["Retry-After"] = str(match.values["retry_after"])
        raise error


def _error(match: Match, exchange: HttpExchange) -> RequestError:
    """Return the error, with what clients expect of its status: a challenge, messages or ``Allow``."""
    status: int = match.values["status"]
    # Clients look for exactly Rails's sentence and challenge, so a rule cannot replace them.
    if status == AccessDenied.status:
        return AccessDenied()
    sentence = match.values.get("message", f"{reason(status)}, as fault {match.fault_id} asks")
    if status == Invalid.status:
        return Invalid([sentence])
    headers = {}
    if status == MethodNotAllowed.status:
        headers = MethodNotAllowed(exchange.method, exchange.path, exchange.allowed).headers
    return InjectedError(status, sentence if "message" in match.values else f"{sentence}.", headers=headers)
