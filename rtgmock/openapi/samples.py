"""The document's examples: what the code itself makes of a sample instance, so that they are true."""

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

_PASSWORD = "cc3da5b7aaaad5b4895d243239beed97"  # noqa: S105 - nobody's
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
    """A sample instance, as a client of ``api`` sees it who reached the emulator by ``hostname``."""

    def __init__(self, api: int, hostname: str) -> None:
        self._view = ViewContext("username", hostname, {}, api)
        assigned = {a.name: _ASSIGNED.get(a.name, a.value_type.schema()["examples"][0]) for a in ASSIGNED}
        self.record = new_instance(next(iter(PLANS.values())), api, assigned)

    @property
    def values(self) -> Record:
        """An example of every attribute, also of those that are null in a new instance."""
        shown = {a.name: value for a, value in self._fields(JSON.show_payload, self.record)}
        values = self.record | shown
        return {
            a.name: a.value_type.schema()["examples"][0] if values[a.name] is None else values[a.name]
            for a in ATTRIBUTES
        }

    def _fields(self, payload: Payload, record: Record) -> Fields:
        return represent(record, payload, self._view)

    def instances(self, form: AnswerFormat) -> Any:
        """The answer to a list."""
        return readable(form, form.encode_list([self._fields(form.list_payload, self.record)]))

    def instance(self, form: AnswerFormat) -> Any:
        """The answer to a show or an update."""
        return readable(form, form.encode_instance(self._fields(form.show_payload, self.record)))

    def created(self, form: AnswerFormat) -> Any:
        """The answer to a create."""
        new = self.record | {"status": Status.NEW.value}
        return readable(form, form.encode_instance(self._fields(form.show_payload, new)))


def bodies(name: str, value: Value) -> dict[str, dict[str, Any]]:
    """The examples of a request body that sets one attribute, by their media type and their name."""
    tree = {name: value}
    nested = {"bare": {"value": tree}, "nested": {"value": {ROOT: tree}}}
    fields = {"form": {"value": tree}}
    element = {"element": {"value": XML.encode_instance([(BY_NAME[name], value)]).decode()}}
    return {JSON.mime_types[0]: nested, XML.mime_types[0]: element, FORM.mime_types[0]: fields, MULTIPART: fields}


def refusals() -> dict[type[RequestError], RequestError]:
    """Errors as requests bring them about, by their class; those that come of a state are not among them."""
    plan = next(iter(a.name for a in STORED if a.role is Role.PLAN))
    raised = (
        _raised(JSON.decode, b'{"plan": "nano"', "utf-8"),
        AccessDenied(),
        MethodNotAllowed("PATCH", "/instances", ("GET", "HEAD", "POST")),
        _raised(JSON.decode, b"{}", "ebcdic"),
        _raised(parameters.parse_parameters, {plan: "huge"}),
    )
    return {type(error): error for error in raised}


def _raised(function: Callable[..., object], *arguments: object) -> RequestError:
    try:
        function(*arguments)
    except RequestError as error:
        return error
    raise AssertionError(f"{function} took {arguments}")


def readable(form: AnswerFormat, body: bytes) -> Any:
    """JSON as data, anything else as text: what OpenAPI wants of an example."""
    return orjson.loads(body) if form is JSON else body.decode()
