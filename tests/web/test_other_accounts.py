"""An account learns nothing of another's instances: not from an answer, and not from the work that it takes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.app import create_app
from rtgmock.journal.redaction.redactor import Redactor
from rtgmock.settings.parsers import Credentials
from rtgmock.web.access_log import AccessLog
from tests.support import raw
from tests.support.control import control
from tests.support.scaling import without_garbage_collection

if TYPE_CHECKING:
    from types import FrameType

    from flask import Flask

    from tests.conftest import Serve, Served

ACCOUNTS = (Credentials("alice", "wonderland"), Credentials("bob", "builder-of-all"))
FOREIGN, MISSING, OWN = 7711, 7713, 7712
AUTHORIZED = "Host: localhost\nAuthorization: Basic YWxpY2U6d29uZGVybGFuZA=="
METHODS = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "POST"]
BODIES = {
    "nothing": ("", b""),
    "an upgrade": ("application/json", b'{"plan": "mini"}'),
    "a setting": ("application/json", b'{"timeout": 30}'),
    "plan and setting": ("application/json", b'{"plan": "mini", "timeout": 30}'),
    "a wrong value": ("application/json", b'{"timeout": "soon"}'),
    "an own attribute": ("application/json", b'{"id": 7711, "port": 9001, "label": "bobs"}'),
    "an unknown name": ("application/json", b'{"pasword": "x"}'),
    "no JSON": ("application/json", b"{"),
    "XML": ("application/xml", b"<instance><plan>mini</plan></instance>"),
    "a form": ("application/x-www-form-urlencoded", b"_method=delete"),
    "an override": ("application/x-www-form-urlencoded", b"_method=put&plan=mini"),
    "an unknown type": ("text/plain", b"x"),
}
PATHS = ["/instances/{}", "/instances/{}.json", "/instances/{}.xml", "/instances/{}/", "/instances/{}.yaml"]
PATHS += ["/instances/{}/status", "/instance/{}", "/instances/{}/edit.json"]


@pytest.fixture
def api(serve: Serve) -> Served:
    served = serve(accounts=ACCOUNTS)
    load(served, bobs=1)
    return served


def load(api: Served, bobs: int) -> None:
    """Load an instance of alice's, and as many of bob's with lower and higher ids."""
    alices = {"plan": "nano", "id": OWN, "account": "alice", "port": 9001, "label": "own", "password": "0123456789"}
    others = [{"plan": "nano", "account": "bob", "label": "bobs", "id": FOREIGN - number} for number in range(bobs)]
    document = {"last_instance_id": 8000, "servers": ["ray"], "instances": [*others, alices]}
    assert control(api, "PUT", "state", document).status_code == 200


def request(method: str, path: str, body: str) -> bytes:
    content_type, data = BODIES[body]
    header = f"\nContent-Type: {content_type}" if content_type else ""
    return raw.head(f"{method} {path} HTTP/1.1\n{AUTHORIZED}{header}", data)


def answer(api: Served, method: str, path: str, body: str = "nothing") -> tuple[Any, ...]:
    """Return all of an answer but its date; the id in question is replaced."""
    got = raw.send(api.url, request(method, path, body))
    names = [name for name in got.headers if name != "date"]
    text = repr([got.status, got.reason, [(name, got.headers[name]) for name in names], got.body])
    return (text.replace(str(FOREIGN), "ID").replace(str(MISSING), "ID"),)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("method", METHODS)
def test_the_answer_about_anothers_instance_is_that_about_none(api: Served, method: str, body: str) -> None:
    for path in PATHS:
        of_bobs = answer(api, method, path.format(FOREIGN), body)
        assert of_bobs == answer(api, method, path.format(MISSING), body)
        assert " 200" not in of_bobs[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, f"/instances{extension}") for method in ("GET", "HEAD") for extension in ("", ".json", ".xml")),
        *(("GET", f"/instances/{OWN}{extension}") for extension in (".json", ".xml")),
        ("GET", "/instance"),
        ("POST", "/instances"),
        ("PUT", f"/instances/{OWN}"),
        ("GET", "/_rtgmock/openapi.json"),
    ],
)
def test_an_answer_is_the_same_however_many_instances_others_have(api: Served, method: str, path: str) -> None:
    load(api, bobs=0)
    alone = answer(api, method, path)
    load(api, bobs=100)

    assert answer(api, method, path) == alone


def test_the_status_of_anothers_instance_is_not_told(api: Served) -> None:
    before = {method: answer(api, method, f"/instances/{FOREIGN}.json") for method in METHODS}
    assert control(api, "POST", f"instances/{FOREIGN}/status", {"status": "failed"}).status_code == 200

    assert {method: answer(api, method, f"/instances/{FOREIGN}.json") for method in METHODS} == before


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("method", METHODS)
def test_the_same_is_done_for_anothers_instance_as_for_none(api: Served, method: str, body: str) -> None:
    app = application(api)
    for path in (PATHS[0], PATHS[1]):
        calls = {number: called(app, method, path.format(number), body) for number in (FOREIGN, MISSING)}
        assert calls[FOREIGN] == calls[MISSING]
        assert len(calls[FOREIGN]) > 50


def test_the_same_is_done_for_a_list_however_many_instances_others_have(api: Served) -> None:
    app, calls = application(api), {}
    for bobs in (0, 1, 100):
        load(api, bobs)
        calls[bobs] = [called(app, method, "/instances.json", "nothing") for method in ("GET", "HEAD")]

    assert calls[0] == calls[1] == calls[100]
    assert len(calls[0][0]) > 50


def application(api: Served) -> Flask:
    """Return the emulator's application, to be called in this thread."""
    parts, redactor = api.emulator._parts, Redactor()
    return create_app(api.emulator.config, parts.provisioner, parts.controls, AccessLog(lambda _: None, redactor))


def called(app: Flask, method: str, path: str, body: str) -> list[str]:
    """Return the functions that a request calls in this thread, in their order."""
    content_type, data = BODIES[body]
    calls: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls.append(f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}")
        elif event == "c_call":
            calls.append(getattr(argument, "__qualname__", ""))

    client = app.test_client()
    options: dict[str, Any] = {"auth": tuple(ACCOUNTS[0]), "data": data, "content_type": content_type or None}
    for profile in (None, note):  # the first time fills what is cached by the request's texts
        with without_garbage_collection():
            sys.setprofile(profile)
            try:
                client.open(path, method=method, headers={"Host": "localhost"}, **options)
            finally:
                sys.setprofile(None)
    return calls
