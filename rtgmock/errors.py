"""The exceptions of rtgmock. Each request error has the HTTP status of its response.

::

    RtgmockError
    ├── StartupError            the emulator cannot start; one line for the terminal, exit code 1
    └── RequestError            a request is refused; the classes are listed in ``REQUEST_ERRORS``
        ├── BadRequest          400  the request or its body cannot be read
        ├── AccessDenied        401  missing or wrong credentials
        ├── Forbidden           403  the request of a web page (the guard)
        ├── NotFound            404  an unknown path or instance
        ├── MethodNotAllowed    405  with ``Allow``
        ├── NotAcceptable       406  a response format that the API does not have
        ├── ContentTooLarge     413  the body is over the limit
        ├── UnsupportedMedia    415  a body of a type that is not supported
        ├── Invalid             422  rejected values, one message for each
        ├── InternalError       500  an error in rtgmock
        └── EngineFailed        503  the Redis engine failed
"""

from __future__ import annotations

from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


MAX_SENTENCE = 300
"""Characters of the longest sentence that is answered or logged."""
INTERNAL_ERROR = "Internal error in rtgmock; its log says more."
"""What a client is told of our own mistake: only the log has the traceback, since it may quote what a client sent."""
MAX_MESSAGES = 20
"""Messages about one request; then one more says that there are others."""


def cut(text: str, limit: int = MAX_SENTENCE) -> str:
    """Return a text of at most ``limit`` characters: what is longer ends with three dots."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def reason(status: int) -> str:
    """Return the reason phrase of a status, the same in every Python version; ``Refused`` for an unknown status."""
    # Python 3.13 has newer names for these.
    rails = {413: "Request Entity Too Large", 414: "Request-URI Too Long", 422: "Unprocessable Entity"}
    try:
        return rails.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


class RtgmockError(Exception):
    """The base class of all errors that rtgmock raises on purpose; its text is one sentence for the user."""


class StartupError(RtgmockError):
    """The emulator cannot start. The text says in one line what is wrong and what to do."""

    @classmethod
    def without_package(cls, what: str, package: str, extra: str) -> Self:
        """Return the error for ``what`` was asked for, which needs a package that only an extra of rtgmock installs."""
        install = f"pip install 'rtgmock[{extra}]'"
        return cls(f"{what} needs the package {package}, which is not installed; install it: {install}")


class RequestError(RtgmockError):
    """The base class of the errors that refuse a request with ``status``; the text is the response body.

    ``headers`` are added to the response. ``hint`` names the likely mistake of the client. A message is cut at
    ``MAX_SENTENCE`` characters, since it may quote what a client, Redis or Docker said.
    """

    status: int = 500

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None, hint: str = "") -> None:
        super().__init__(cut(message))
        self.headers = dict(headers or {})
        self.hint = hint

    @classmethod
    def summary(cls) -> str:
        """Return when the error occurs: the first line of the class docstring, shown in the README and in OpenAPI."""
        return (cls.__doc__ or "").partition("\n")[0]


class BadRequest(RequestError):
    """The request or its body cannot be read; an XML body has a DTD."""

    status = 400


class AccessDenied(RequestError):
    """The credentials are missing or wrong."""

    status = 401

    def __init__(self, message: str = "HTTP Basic: Access denied.", *, hint: str = "") -> None:
        # The text and the realm are those of Rails's http_basic module, which the service used. The charset is ours: it
        # tells clients how to encode what is not ASCII (RFC 7617).
        challenge = 'Basic realm="Application", charset="UTF-8"'
        super().__init__(message, headers={"WWW-Authenticate": challenge}, hint=hint)


class Forbidden(RequestError):
    """The request may come from a web page without its user's knowledge."""

    status = 403


class NotFound(RequestError):
    """The path does not exist, or the account has no such instance."""

    status = 404


class MethodNotAllowed(RequestError):
    """The path does not accept the method; `Allow` lists the methods that it accepts."""

    status = 405

    def __init__(self, method: str, path: str, allowed: Iterable[str]) -> None:
        accepted = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not accepted on {path}; accepted are {accepted}.", headers={"Allow": accepted})


class NotAcceptable(RequestError):
    """The client accepts neither JSON nor XML."""

    status = 406


class ContentTooLarge(RequestError):
    """The body is over the limit of 1 MiB."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes, which is the most that is read.")


class UnsupportedMedia(RequestError):
    """The body has a media type, charset or encoding that is not supported."""

    status = 415


class Invalid(RequestError):
    """A value is rejected: a missing or unknown plan, an upgrade without room, a setting out of range.

    ``messages`` has one entry per problem, which begins with the attribute's name in Rails's humanized form. Of more
    than ``MAX_MESSAGES`` the others are not even computed: pass an iterator.
    """

    status = 422

    def __init__(self, messages: Iterable[str], *, hint: str = "") -> None:
        first = [cut(message) for message in islice(messages, MAX_MESSAGES + 1)]
        if len(first) > MAX_MESSAGES:
            first[MAX_MESSAGES:] = [f"There are more mistakes; these are the first {MAX_MESSAGES}"]
        self.messages = tuple(first)
        super().__init__("; ".join(self.messages), hint=hint)


class InternalError(RequestError):
    """An error in rtgmock, or a state file that cannot be written; nothing has changed.

    ``problem`` is the reason alone, without what follows from it, for quoting it inside another sentence.
    """

    status = 500

    def __init__(self, message: str, problem: str = "") -> None:
        super().__init__(message)
        self.problem = cut(problem or message)

    @classmethod
    def not_stored(cls, problem: str, advice: str = "") -> InternalError:
        """Return the error of a change that cannot be stored: why, and in whole sentences what to do."""
        message = f"{problem[0].upper()}{problem[1:]}; nothing has changed."
        return cls(f"{message} {advice}" if advice else message, problem)


class EngineFailed(RequestError):
    """The Redis engine failed; nothing has changed, unless the text says what has.

    ``problem`` is the sentence without its full stop, for quoting it inside another sentence. The full stop is added
    here and nowhere else: a message may end with what Redis or Docker says, and that ends with one or without.
    """

    status = 503

    def __init__(self, problem: str) -> None:
        self.problem = cut(problem.strip().rstrip("."), MAX_SENTENCE - 1)
        super().__init__(f"{self.problem}.")


REQUEST_ERRORS: tuple[type[RequestError], ...] = (
    BadRequest,
    AccessDenied,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    ContentTooLarge,
    UnsupportedMedia,
    Invalid,
    InternalError,
    EngineFailed,
)
"""The errors that a request may be refused with, in the order of their status. OpenAPI and the README list them."""
