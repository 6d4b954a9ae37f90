"""The operations of the document: the endpoints in each way to write their paths, and the errors that they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rtgmock import errors
from rtgmock.wire.endpoints import ENDPOINTS
from rtgmock.wire.formats import ANSWERS, EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.errors import RequestError
    from rtgmock.wire.endpoints import Endpoint
    from rtgmock.wire.format import AnswerFormat


class PathVariant(NamedTuple):
    """A way to write a path: with an extension or without, and the formats of its answers."""

    extension: str
    formats: tuple[AnswerFormat, ...]

    @property
    def suffix(self) -> str:
        """The end of the names of its operations and responses, which are unique in the document."""
        return self.extension.removeprefix(".").capitalize()

    @property
    def tag(self) -> str:
        """The tag that groups its operations."""
        return f"instances{self.extension}"


# Each is listed as separate paths, since OpenAPI has no optional part in a path.
PATH_VARIANTS = (
    PathVariant("", ANSWERS),
    *(PathVariant(f".{extension}", (form,)) for extension, form in EXTENSIONS.items()),
)


class Success(NamedTuple):
    """What an endpoint takes, and what it answers when it succeeds.

    ``shows`` is the method of ``Samples`` that makes the answer's body, ``takes`` the schema of the request's body.
    """

    description: str
    status: int = 200
    shows: str = ""
    takes: str = ""


@dataclass(frozen=True)
class Operation:
    """An endpoint in the terms of OpenAPI."""

    endpoint: Endpoint
    success: Success

    @property
    def method(self) -> str:
        """The method, as OpenAPI writes it."""
        return self.endpoint.method.lower()


# An endpoint without an entry here fails at import, so none can be left out of the document.
_SUCCESSES = {
    "listInstances": Success("The account's instances.", shows="instances"),
    "headInstances": Success("The list has no body."),
    "createInstance": Success("The new instance.", status=201, shows="created", takes="NewInstance"),
    "showInstance": Success("The instance.", shows="instance"),
    "headInstance": Success("The instance exists."),
    "updateInstance": Success(
        "The instance as it is now, with all of the changes or none.", shows="instance", takes="InstanceChanges"
    ),
    "deleteInstance": Success("The instance is deleted; there is no body."),
}
OPERATIONS = tuple(Operation(endpoint, _SUCCESSES[endpoint.name]) for endpoint in ENDPOINTS)

# The operations and variants that an error can occur in; an error that is not listed can occur in all of them.
_OCCURRENCES: dict[type[RequestError], Callable[[Operation, PathVariant], bool]] = {
    # A list is never missing: without instances it is empty.
    errors.NotFound: lambda operation, _: operation.endpoint.is_member,
    errors.MethodNotAllowed: lambda operation, _: operation.method == "post",  # by X-HTTP-Method-Override
    # An extension decides the format, and the Accept header is not read then.
    errors.NotAcceptable: lambda _, variant: not variant.extension,
    errors.UnsupportedMedia: lambda operation, _: bool(operation.success.takes),
    errors.Invalid: lambda operation, _: bool(operation.success.takes),
    errors.EngineFailed: lambda operation, _: operation.method in {"post", "put", "delete"},
}


def refusals() -> tuple[type[RequestError], ...]:
    """Return every error that a request may be refused with, by status."""
    return errors.REQUEST_ERRORS


def refusals_of(operation: Operation, variant: PathVariant) -> list[type[RequestError]]:
    """Return the errors that an operation may be refused with, by status."""
    return [error for error in refusals() if error not in _OCCURRENCES or _OCCURRENCES[error](operation, variant)]
