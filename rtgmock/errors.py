"""Everything that rtgmock refuses, each leaf with the HTTP status that it is answered with.

::

    RtgmockError
    ├── StartupError            the emulator cannot start; one line for the terminal, exit code 1
    └── RequestError            a request is refused
        ├── BadRequest          400  the request or its body cannot be read
        ├── AccessDenied        401  no credentials, or wrong ones
        ├── Forbidden           403  a web page's request (the guard)
        ├── NotFound            404  no such path, no such instance
        ├── MethodNotAllowed    405  with ``Allow``
        ├── NotAcceptable       406  an answer in a format that there isn't
        ├── ContentTooLarge     413  the body is over the limit
        ├── UnsupportedMedia    415  a body of a type that isn't read
        ├── Invalid             422  values that are refused, with one message each
        ├── InternalError       500  a fault of ours
        └── EngineFailed        503  the Redis engine can't give what was asked for
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def reason(status: int) -> str:
    """The status line's words, as Rails had them and whatever Python's version calls them."""
    rails = {413: "Request Entity Too Large", 422: "Unprocessable Entity"}
    try:
        return rails.get(status) or HTTPStatus(status).phrase
    except ValueError:  # one that no standard has
        return "Refused"


class RtgmockError(Exception):
    """The root of all errors raised here; its text is one sentence for the user."""


class StartupError(RtgmockError):
    """The emulator cannot start. The text says what is wrong and what to do, in one line."""


class RequestError(RtgmockError):
    """A request is refused with ``status``; the text is the body of the answer.

    ``headers`` go out with the answer. ``hint`` says what the mistake probably was.
    """

    status: int = 500

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.headers = dict(headers or {})
        self.hint = hint


class BadRequest(RequestError):
    """The request or its body cannot be read; an XML body has a DTD."""

    status = 400


class AccessDenied(RequestError):
    """No credentials, or wrong ones."""

    status = 401

    def __init__(self) -> None:
        # The text and the realm are Rails's own.
        challenge = {"WWW-Authenticate": 'Basic realm="Application"'}
        super().__init__("HTTP Basic: Access denied.", headers=challenge)


class Forbidden(RequestError):
    """A web page may have sent the request behind its user's back."""

    status = 403


class NotFound(RequestError):
    """There is no such path, or no such instance for this account."""

    status = 404


class MethodNotAllowed(RequestError):
    """The path has no such method; `Allow` names those that it has."""

    status = 405

    def __init__(self, method: str, path: str, allowed: Iterable[str]) -> None:
        accepted = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not accepted on {path}; accepted are {accepted}.", headers={"Allow": accepted})


class NotAcceptable(RequestError):
    """The answer is wanted in a format other than JSON and XML."""

    status = 406


class ContentTooLarge(RequestError):
    """The body is over the limit of 1 MiB."""

    status = 413


class UnsupportedMedia(RequestError):
    """The body is of a type, a charset or an encoding that isn't read."""

    status = 415


class Invalid(RequestError):
    """Values are refused: no plan, an unknown one, no room for it, a setting out of its bounds.

    ``messages`` has one for each, beginning with the attribute's name as Rails humanizes it.
    """

    status = 422

    def __init__(self, messages: Iterable[str], *, hint: str = "") -> None:
        self.messages = tuple(messages)
        super().__init__("; ".join(self.messages), hint=hint)


class InternalError(RequestError):
    """A fault of rtgmock's own, or a state file that cannot be written; nothing has changed."""

    status = 500


class EngineFailed(RequestError):
    """The Redis engine can't give what was asked for; nothing has changed."""

    status = 503
