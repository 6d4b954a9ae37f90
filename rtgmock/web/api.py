"""The emulated API: its endpoints, each a short way through auth, format, parameters, use case and answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from rtgmock.errors import Invalid, MethodNotAllowed, NotFound
from rtgmock.model.attributes import BY_NAME, changeable
from rtgmock.text import printable
from rtgmock.web import responses
from rtgmock.web.auth import authenticate
from rtgmock.web.negotiation import negotiate
from rtgmock.web.parameters import overridden_method, parameters
from rtgmock.web.request_context import request_context
from rtgmock.web.view_context import view_context
from rtgmock.wire.parameters import hint, parse_parameters, shown
from rtgmock.wire.representation import show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.model.types import Record
    from rtgmock.service.provisioner import Provisioner
    from rtgmock.settings.config import Config
    from rtgmock.wire.parameters import Parameters
    from rtgmock.wire.representation import ViewContext


def blueprint(config: Config, provisioner: Provisioner) -> Blueprint:
    """``/instances`` and ``/instances/:id``, each also with ``.json`` or ``.xml`` and with a trailing slash."""
    endpoints = _Endpoints(config, provisioner)
    api = Blueprint("api", __name__)
    for rule in ("/instances", "/instances.<extension>"):
        api.add_url_rule(rule, "collection", endpoints.collection, methods=["GET", "POST"], strict_slashes=False)
    members = ["GET", "PUT", "DELETE", "POST"]
    api.add_url_rule("/instances/<reference>", "member", endpoints.member, methods=members, strict_slashes=False)
    return api


class _Endpoints:
    def __init__(self, config: Config, provisioner: Provisioner) -> None:
        self._config = config
        self._provisioner = provisioner

    def collection(self, extension: str | None = None) -> Response:
        account = self._begin(extension)
        method = overridden_method()
        if method in {"GET", "HEAD"}:
            return self._list(account)
        if method == "POST":
            return self._create(account, extension)
        raise MethodNotAllowed(method, request.path, ["GET", "HEAD", "POST"])

    def member(self, reference: str) -> Response:
        stem, extension = _split(reference)
        account = self._begin(extension)
        method = overridden_method()
        if method not in {"GET", "HEAD", "PUT", "DELETE"}:
            raise MethodNotAllowed(printable(method), request.path, ["GET", "HEAD", "PUT", "DELETE"])
        instance_id = _instance_id(stem)
        if method == "PUT":
            return self._update(account, instance_id)
        if method == "DELETE":
            self._provisioner.destroy(account, instance_id)
            return responses.nothing()
        return responses.instance(self._provisioner.get(account, instance_id), self._view(account))

    def _begin(self, extension: str | None) -> str:
        account = authenticate(self._config.accounts)
        negotiate(extension)
        return account

    def _list(self, account: str) -> Response:
        return responses.instances(self._provisioner.list(account), self._view(account))

    def _create(self, account: str, extension: str | None) -> Response:
        given = parse_parameters(parameters(), self._config.api)
        if "plan" not in given.values:  # it is refused; a misspelt name may be the reason
            request_context().hint = hint(given.unknown, self._config.api) or request_context().hint
        record = self._provisioner.create(account, given.values)
        view = self._view(account)
        _note_ignored(given, record, view)
        location = f"/instances/{record['id']}" + (f".{extension}" if extension else "")
        return responses.instance(record, view, 201, {"Location": location})

    def _update(self, account: str, instance_id: int) -> Response:
        given = parse_parameters(parameters(), self._config.api)
        if not (given.values or given.fixed):
            self._provisioner.find(account, instance_id)  # a wrong id is answered with 404 first
            raise _nothing_to_update(given, self._config.api)
        before, after = self._provisioner.update(
            account, instance_id, given.values, full=request_context().fail_upgrade
        )
        view = self._view(account)
        _note_ignored(given, before, view)
        return responses.instance(after, view)

    def _view(self, account: str) -> ViewContext:
        return view_context(self._config, self._provisioner, account, request_context().host)


def _split(reference: str) -> tuple[str, str | None]:
    """What stands before the last dot and after it: in ``/instances/1.5.json`` the id is wrong, not the format."""
    stem, dot, extension = reference.rpartition(".")
    return (stem, extension) if dot else (reference, None)


def _instance_id(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise NotFound(f"There is no instance {printable(text)}; an id is a number, as in /instances/1.")
    return int(text)


def _nothing_to_update(parameters: Parameters, api: int) -> Invalid:
    received = shown(parameters.unknown) or "nothing"
    accepted = ", ".join(attribute.name for attribute in changeable(api))
    message = f"No attribute to update: got {received}; accepted are {accepted}"
    return Invalid([message], hint=hint(parameters.unknown, api))


def _note_ignored(given: Parameters, record: Record, view: ViewContext) -> None:
    """Note what came to no effect: fixed attributes that differ from what is stored, and unknown ones.

    A client that saves an instance sends all of it back (observed), so what is the same is not worth a word.
    """
    current = {
        attribute.name: value for attribute, value in show(record, request_context().answer_format.show_payload, view)
    }
    differing = [name for name, raw in given.fixed.items() if not BY_NAME[name].same(raw, current.get(name))]
    request_context().ignored = _bounded([*differing, *given.unknown])


def _bounded(names: Iterable[str]) -> list[str]:
    return [text] if (text := shown(names)) else []
