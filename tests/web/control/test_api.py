"""The control API as a whole: who may use it, and its answers to what it has no endpoint for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from rtgmock.settings.parsers import Credentials
from tests.support.control import JSON, control

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


CHANGES = [
    ("POST", "reset", None),
    ("PUT", "state", {}),
    ("POST", "clock", {"advance": 1}),
    ("POST", "instances/1/status", {"status": "failed"}),
]


@pytest.mark.parametrize(("method", "path", "document"), CHANGES)
def test_a_program_on_this_machine_needs_no_account(api: Served, method: str, path: str, document: object) -> None:
    api.create()
    assert control(api, method, path, document).status_code == 200


@pytest.mark.parametrize(("method", "path", "document"), CHANGES)
@pytest.mark.parametrize("mime", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_change_without_a_json_content_type_is_refused(
    api: Served, method: str, path: str, document: object, mime: str
) -> None:
    """A page can send these types to another origin without asking first."""
    api.create()
    before = control(api, "GET", "state").json()

    answer = requests.request(
        method, f"{api.url}/_rtgmock/{path}", headers={"Content-Type": mime}, data="{}", timeout=10
    )

    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.text
    assert control(api, "GET", "state").json() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
        {"Host": "rebound.evil.example:8080"},
    ],
)
@pytest.mark.parametrize(("method", "path", "document"), [*CHANGES, ("GET", "state", None), ("GET", "clock", None)])
def test_a_web_page_is_kept_out(api: Served, method: str, path: str, document: object, headers: dict[str, str]) -> None:
    api.create()
    before = control(api, "GET", "state").json()

    answer = control(api, method, path, document, headers=headers)

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert control(api, "GET", "state").json() == before


def test_a_preflight_is_refused_without_any_permission(api: Served) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}

    answer = control(api, "OPTIONS", "reset", headers=asked)

    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_client_on_another_machine_needs_the_first_account(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(host="0.0.0.0", accounts=(Credentials("me", "secret"), Credentials("other", "secret")))
    address = "192.0.2.7"
    handle = api.emulator._parts.server.bridge.application

    def from_another_machine(environ: dict[str, Any], start: Any) -> Any:
        return handle(environ | {"REMOTE_ADDR": address}, start)

    monkeypatch.setattr(api.emulator._parts.server.bridge, "application", from_another_machine)

    for method, path, login in [("GET", "state", None), ("POST", "reset", None), ("GET", "state", ("other", "secret"))]:
        refused = control(api, method, path, auth=login)
        assert refused.status_code == 401
        assert "-u NAME:PASSWORD" in refused.text
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="Application", charset="UTF-8"'
    assert control(api, "GET", "health").status_code == 200
    assert control(api, "POST", "reset", auth=("me", "secret")).status_code == 200
    address = "::ffff:127.0.0.1"
    assert control(api, "GET", "state").status_code == 200


def test_a_forwarded_address_is_not_trusted(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve()
    handle = api.emulator._parts.server.bridge.application
    monkeypatch.setattr(
        api.emulator._parts.server.bridge,
        "application",
        lambda environ, start: handle(environ | {"REMOTE_ADDR": "10.0.0.1"}, start),
    )

    assert control(api, "GET", "state", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401


def test_an_unknown_control_path_is_answered_with_the_nearest_one(api: Served) -> None:
    answer = control(api, "GET", "stat")

    assert answer.status_code == 404
    assert "/_rtgmock/state" in answer.text


def test_a_wrong_method_is_405(api: Served) -> None:
    answer = control(api, "DELETE", "clock")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("body", ["{", "[]", "1", '"x"', "\xff"])
def test_a_body_that_is_no_json_object_is_400(api: Served, body: str) -> None:
    answer = requests.post(f"{api.url}/_rtgmock/clock", data=body.encode("latin-1"), headers=JSON, timeout=10)

    assert answer.status_code == 400
