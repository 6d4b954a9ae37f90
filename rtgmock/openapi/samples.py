"""The examples of the document, which the code itself makes of a sample instance, so that they are true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from rtgmock.errors import AccessDenied, MethodNotAllowed, RequestError
from rtgmock.model.attributes import ASSIGNED, ATTRIBUTES, BY_NAME, STORED, Role
from rtgmock.model.instances import new_instance
from rtgmock.model.lifecycle import Status
from rtgmock.model.plans import PLANS
from rtgmock.wire import parameters
from rtgmock.wire.form import FORM, MULTIPART
from rtgmock.wire.json import JSON
from rtgmock.wire.parameters import ROOT
from rtgmock.wire.representation import ViewContext, represent
from rtgmock.wire.xml import XML

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.model.payloads import Payload
    from rtgmock.model.types import Record, Value
    from rtgmock.wire.format import AnswerFormat, Fields

_PASSWORD = "cc3da5b7aaaad5b4895d243239beed97"  # noqa: S105 - of no real instance
# Values that look like real ones; what is not listed here has the example of its type.
_ASSIGNED: Record = {
    "id": 1,
    "label": "ray-9001",
    "port": 9001,
    "server_id": 1,
    "user_id": 1,
    "password": _PASSWORD,
    "config_command": "54b70572f4e2354bb5af0e5d21a22ad4",
    "status": Status.RUNNING.value,
}


class Samples:
    """A sample instance, as a client of a version of the API sees it that reached the emulator at ``hostname``."""

    def __init__(self, api: int, hostname: str) -> None:
        self._view = ViewContext("username", hostname, {}, api)
        assigned = {a.name: _ASSIGNED.get(a.name, a.value_type.schema()["examples"][0]) for a in ASSIGNED}
        self.record = new_instance(next(iter(PLANS.values())), api, assigned)

    @property
    def values(self) -> Record:
        """An example of every attribute."""
        represented = {a.name: value for a, value in self._fields(JSON.show_payload, self.record)}
        values = self.record | represented
        # What is null in a new instance would be a poor example, so it has the one of its type.
        return {
            a.name: a.value_type.schema()["examples"][0] if values[a.name] is None else values[a.name]
            for a in ATTRIBUTES
        }

    def _fields(self, payload: Payload, record: Record) -> Fields:
        return represent(record, payload, self._view)

    def instances(self, answer_format: AnswerFormat) -> Any:
        """Return the body of the answer to a list."""
        return example(
            answer_format, answer_format.encode_list([self._fields(answer_format.list_payload, self.record)])
        )

    def instance(self, answer_format: AnswerFormat) -> Any:
        """Return the body of the answer to a show or an update."""
        return example(
            answer_format, answer_format.encode_instance(self._fields(answer_format.show_payload, self.record))
        )

    def created(self, answer_format: AnswerFormat) -> Any:
        """Return the body of the answer to a create."""
        new = self.record | {"status": Status.NEW.value}
        return example(answer_format, answer_format.encode_instance(self._fields(answer_format.show_payload, new)))


def bodies(name: str, value: Value) -> dict[str, dict[str, Any]]:
    """Return the examples of a request body that sets one attribute, by media type and name."""
    tree = {name: value}
    nested = {"bare": {"value": tree}, "nested": {"value": {ROOT: tree}}}
    fields = {"form": {"value": tree}}
    element = {"element": {"value": XML.encode_instance([(BY_NAME[name], value)]).decode()}}
    return {JSON.mime_types[0]: nested, XML.mime_types[0]: element, FORM.mime_types[0]: fields, MULTIPART: fields}


def refusals() -> dict[type[RequestError], RequestError]:
    """Return the errors that a request alone brings about, by class; others depend on the state."""
    # Raised by the code that refuses real requests, so that the sentences are the real ones.
    plan = next(iter(a.name for a in STORED if a.role is Role.PLAN))
    examples = (
        _error_of(JSON.decode, b'{"plan": "nano"', "utf-8"),
        AccessDenied(),
        MethodNotAllowed("PATCH", "/instances", ("GET", "HEAD", "POST")),
        _error_of(JSON.decode, b"{}", "ebcdic"),
        _error_of(parameters.parse_parameters, {plan: "huge"}),
    )
    return {type(error): error for error in examples}


def _error_of(function: Callable[..., object], *arguments: object) -> RequestError:
    try:
        function(*arguments)
    except RequestError as error:
        return error
    raise AssertionError(f"{function} accepted {arguments}")


def example(answer_format: AnswerFormat, body: bytes) -> Any:
    """Return a body as an example in OpenAPI: JSON as data, anything else as text."""
    return orjson.loads(body) if answer_format is JSON else body.decode()
