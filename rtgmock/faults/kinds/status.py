"""An error in place of an answer, in the shape that errors of its status have."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from rtgmock.errors import AccessDenied, Invalid, MethodNotAllowed, reason
from rtgmock.faults.base import FaultKind, InjectedError, Key
from rtgmock.model.types import Integer, Text

if TYPE_CHECKING:
    from rtgmock.errors import RequestError
    from rtgmock.faults.base import Exchange, Match


class Keys(TypedDict, total=False):
    """See Status."""

    status: int
    message: str
    retry_after: int


class Status(FaultKind):
    """The request is not carried out."""

    keys = (
        Key("status", Integer(400, 599), "400 to 599", "The error that is answered, without carrying the request out."),
        Key("message", Text(), "a sentence", "What the error says; `401` always says the same."),
        Key("retry_after", Integer(0, 86400), "seconds", "The error's `Retry-After`."),
    )

    def begin(self, match: Match, exchange: Exchange) -> None:
        """Refuse the request."""
        error = _error(match, exchange)
        if "retry_after" in match.values:
            error.headers["Retry-After"] = str(match.values["retry_after"])
        raise error


def _error(match: Match, exchange: Exchange) -> RequestError:
    status: int = match.values["status"]
    if status == AccessDenied.status:
        return AccessDenied()
    sentence = match.values.get("message", f"{reason(status)}, as fault {match.fault_id} asks")
    if status == Invalid.status:
        return Invalid([sentence])
    headers = {}
    if status == MethodNotAllowed.status:
        headers = MethodNotAllowed(exchange.method, exchange.path, exchange.allowed).headers
    return InjectedError(status, sentence if "message" in match.values else f"{sentence}.", headers=headers)
