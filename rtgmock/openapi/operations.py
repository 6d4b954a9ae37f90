"""The table of operations: the endpoints with their methods, and which errors each may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rtgmock import errors
from rtgmock.wire.formats import ANSWERS, EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.errors import RequestError
    from rtgmock.wire.format import AnswerFormat


class Place(NamedTuple):
    """A way to write a path: its extension, and the formats that it is answered in."""

    extension: str
    formats: tuple[AnswerFormat, ...]

    @property
    def suffix(self) -> str:
        """What tells its operations and responses from those of the other places."""
        return self.extension.removeprefix(".").capitalize()

    @property
    def tag(self) -> str:
        """What its operations are grouped by."""
        return f"instances{self.extension}"


PLACES = (Place("", ANSWERS), *(Place(f".{extension}", (form,)) for extension, form in EXTENSIONS.items()))


@dataclass(frozen=True)
class Operation:
    """An endpoint with a method. ``shows`` is what ``Samples`` calls its answer's body, ``takes`` its body's schema."""

    name: str
    method: str
    path: str
    summary: str
    answer: str
    source: str
    status: int = 200
    shows: str = ""
    takes: str = ""

    @property
    def member(self) -> bool:
        """Whether it is of one instance."""
        return self.path == MEMBER


COLLECTION, MEMBER = "/instances", "/instances/{id}"
OPERATIONS = (
    Operation(
        "listInstances", "get", COLLECTION, "List the instances", "The account's instances.", "D", shows="instances"
    ),
    Operation("headInstances", "head", COLLECTION, "Ask for the list's headers", "The list has no body.", "C"),
    Operation(
        "createInstance",
        "post",
        COLLECTION,
        "Make an instance",
        "The new instance.",
        "D, R",
        status=201,
        shows="created",
        takes="NewInstance",
    ),
    Operation("showInstance", "get", MEMBER, "Show an instance", "The instance.", "D", shows="instance"),
    Operation("headInstance", "head", MEMBER, "Ask whether there is an instance", "There is.", "C"),
    Operation(
        "updateInstance",
        "put",
        MEMBER,
        "Upgrade an instance, or change its settings",
        "The instance as it is now, with all of the changes or none.",
        "D, ours",
        shows="instance",
        takes="InstanceChanges",
    ),
    Operation("deleteInstance", "delete", MEMBER, "Delete an instance", "It is gone; there is no body.", "D, C"),
)

# What an error needs to come about. One that isn't named here may be the answer to every operation.
_NEEDS: dict[type[RequestError], Callable[[Operation, Place], bool]] = {
    errors.NotFound: lambda operation, _: operation.member,
    errors.MethodNotAllowed: lambda operation, _: operation.method == "post",  # one that stands for another method
    errors.NotAcceptable: lambda _, place: not place.extension,
    errors.UnsupportedMedia: lambda operation, _: bool(operation.takes),
    errors.Invalid: lambda operation, _: bool(operation.takes),
    errors.EngineFailed: lambda operation, _: operation.method in {"post", "put", "delete"},
}


def refusals() -> tuple[type[RequestError], ...]:
    """Return every error that a request may be refused with, by status."""
    return errors.REQUEST_ERRORS


def refusals_of(operation: Operation, place: Place) -> list[type[RequestError]]:
    """Those that an operation may be refused with."""
    return [leaf for leaf in refusals() if leaf not in _NEEDS or _NEEDS[leaf](operation, place)]
