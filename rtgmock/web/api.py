"""The emulated API: the way of a request from its credentials to its answer.

Every request goes through the same rooms in the same order: authentication, the format of the answer, the method,
the parameters, the use case, and the representation in the answer's format.
"""

from __future__ import annotations

import re
import textwrap
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rtgmock.errors import MAX_SENTENCE, Invalid, MethodNotAllowed, NotFound
from rtgmock.model.attributes import BY_NAME, changeable
from rtgmock.text import encoding_note, printable
from rtgmock.web import responses
from rtgmock.web.auth import check_access
from rtgmock.web.negotiation import negotiate
from rtgmock.web.parameters import decode_parameters, overridden_method
from rtgmock.web.unknown_paths import unknown_path
from rtgmock.web.view_context import view_context
from rtgmock.wire.endpoints import COLLECTION, accepted_methods, find_endpoint, find_route
from rtgmock.wire.parameters import parse_parameters, printable_names, suggest_attribute
from rtgmock.wire.representation import represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flask import Request, Response

    from rtgmock.model.types import Record
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.config import Config
    from rtgmock.web.request_context import RequestContext
    from rtgmock.wire.endpoints import Endpoint
    from rtgmock.wire.parameters import Parameters
    from rtgmock.wire.renderings import Renderings
    from rtgmock.wire.representation import ViewContext

_password_note = partial(encoding_note, "the password")
_ID = re.compile(r"\d{1,18}", re.ASCII)


class _Target(NamedTuple):
    """What a request's path says besides its template."""

    extension: str | None
    reference: str = ""

    @property
    def instance_id(self) -> int:
        """The id of the instance. Raises NotFound when the reference is no number."""
        if not _ID.fullmatch(self.reference):
            raise NotFound(f"There is no instance {printable(self.reference)}; an id is a number, as in /instances/1.")
        return int(self.reference)


class Api:
    """Serves the table of endpoints, each path also with an extension and a final slash."""

    def __init__(self, config: Config, provisioner: Provisioner, renderings: Renderings) -> None:
        self._config = config
        self._provisioner = provisioner
        self._renderings = renderings
        self._handlers: dict[str, Callable[[RequestContext, _Target], Response]] = {
            "listInstances": self._list,
            "headInstances": self._list,
            "createInstance": self._create,
            "showInstance": self._show,
            "headInstance": self._show,
            "updateInstance": self._update,
            "deleteInstance": self._delete,
        }

    def serve(self, context: RequestContext) -> Response:
        """Answer a request. Raises RequestError."""
        path, target = _find_target(context.request)
        check_access(context, self._config.accounts)
        # Before the body is decoded, so that its errors have the right format too.
        negotiate(context, target.extension)
        endpoint = _endpoint(context, path)
        return self._handlers[endpoint.name](context, target)

    def _list(self, context: RequestContext, _target: _Target) -> Response:
        records = self._provisioner.list(context.account)
        body = self._renderings.instances(records, self._view(context, records), context.answer_format)
        return responses.document(context, body)

    def _show(self, context: RequestContext, target: _Target) -> Response:
        return self._instance(context, self._provisioner.get(context.account, target.instance_id))

    def _create(self, context: RequestContext, target: _Target) -> Response:
        parameters = parse_parameters(decode_parameters(context), self._config.api)
        if "plan" not in parameters.values:  # it is refused, perhaps because the name is misspelt
            context.hint = suggest_attribute(parameters.unknown, self._config.api) or context.hint
        record = self._provisioner.create(context.account, parameters.values)
        context.advice = _password_note(record["password"]) or encoding_note("the account's name", context.account)
        self._report_ignored(context, parameters, record)
        location = f"{COLLECTION}/{record['id']}" + (f".{target.extension}" if target.extension else "")
        return self._instance(context, record, 201, {"Location": location})

    def _update(self, context: RequestContext, target: _Target) -> Response:
        account, instance_id = context.account, target.instance_id
        parameters = parse_parameters(decode_parameters(context), self._config.api)
        if not (parameters.values or parameters.read_only):
            self._provisioner.find(account, instance_id)  # an unknown id is answered with 404 first
            raise _nothing_to_update(parameters, self._config.api)
        before, after = self._provisioner.update(
            account, instance_id, parameters.values, fail_upgrade=context.fail_upgrade
        )
        if after["password"] != before["password"]:
            context.advice = _password_note(after["password"])
        self._report_ignored(context, parameters, before)
        return self._instance(context, after)

    def _delete(self, context: RequestContext, target: _Target) -> Response:
        self._provisioner.destroy(context.account, target.instance_id)
        return responses.empty(context)

    def _instance(
        self, context: RequestContext, record: Record, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        body = self._renderings.instance(record, self._view(context, [record]), context.answer_format)
        return responses.document(context, body, status, headers)

    def _view(self, context: RequestContext, records: Iterable[Record]) -> ViewContext:
        return view_context(self._config, self._provisioner, context.account, context.host, records)

    def _report_ignored(self, context: RequestContext, parameters: Parameters, record: Record) -> None:
        """Report the parameters without effect: fixed attributes that differ from what is stored, and unknown names.

        A client that saves an instance sends all of its attributes back (observed), so equal ones are not reported,
        nor earlier ones that the service has replaced by itself, as the status that the create answered.
        """
        shown = represent(record, context.answer_format.show_payload, self._view(context, [record]))
        current = {attribute.name: value for attribute, value in shown}
        sent = [(BY_NAME[name], raw, current.get(name)) for name, raw in parameters.read_only.items()]
        differing = [row.name for row, raw, now in sent if not (row.equals(raw, now) or row.is_outdated(raw, now))]
        names = printable_names([*differing, *parameters.unknown])
        context.ignored = [names] if names else []


def _find_target(request: Request) -> tuple[str, _Target]:
    """Return a request's path as a template, and what it says besides. Raises NotFound, MethodNotAllowed."""
    route = find_route(request.path)
    if route is None:
        raise unknown_path(request.path, _nearest_endpoint(request))
    path, rest = route
    # A POST may represent another method, which is known only once its header or its form has been read.
    if request.method != "POST" and find_endpoint(request.method, path) is None:
        raise MethodNotAllowed(printable(request.method), printable(request.path), accepted_methods(path))
    return path, (_Target(rest) if path == COLLECTION else _split_extension(rest or ""))


def _nearest_endpoint(request: Request) -> str:
    """Return the endpoint that was probably meant, with its method if that differs; empty if none is likely."""
    from rtgmock.wire.suggestions import nearest_endpoints  # noqa: PLC0415 - only for mistakes

    endpoint = nearest_endpoints(request.method, request.path)[0]
    if not endpoint.likely:
        return ""
    is_same_method = endpoint.method == ("GET" if request.method == "HEAD" else request.method)
    return endpoint.path if is_same_method else str(endpoint)


def _endpoint(context: RequestContext, path: str) -> Endpoint:
    method = overridden_method(context)
    endpoint = find_endpoint(method, path)
    if endpoint is None:
        raise MethodNotAllowed(printable(method), printable(context.request.path), accepted_methods(path))
    return endpoint


def _split_extension(reference: str) -> _Target:
    """Split at the last dot: in ``/instances/1.5.json`` the id is wrong, not the format."""
    stem, dot, extension = reference.rpartition(".")
    return _Target(extension, stem) if dot else _Target(None, reference)


def _nothing_to_update(parameters: Parameters, api: int) -> Invalid:
    received = printable_names(parameters.unknown) or "nothing"
    accepted = ", ".join(attribute.name for attribute in changeable(api))
    # One sentence would be too long for all that there is in 2012.
    sentence = f"No attribute to update: got {received}; accepted are {accepted}"
    lines = textwrap.wrap(sentence, MAX_SENTENCE, subsequent_indent="Accepted are also ", break_on_hyphens=False)
    return Invalid([line.rstrip(",") for line in lines], hint=suggest_attribute(parameters.unknown, api))
