"""Every class of error, in both formats; the emulator still answers after each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock import errors
from rtgmock.web.health import HealthState
from tests.support import raw
from tests.support.refused import AUTHORIZED, REFUSED_REQUESTS, RefusedRequest

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


def test_every_status_of_the_table_of_errors_has_a_case() -> None:
    provoked = {case.status for case in REFUSED_REQUESTS} | {422, 500, 503}
    assert {error.status for error in errors.REQUEST_ERRORS} <= provoked


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize("case", REFUSED_REQUESTS, ids=lambda case: case.name)
def test_a_refusal_is_one_sentence_of_plain_text(unchanged_api: Served, case: RefusedRequest, extension: str) -> None:
    answer = case.send(unchanged_api.url, extension)

    assert answer.status == case.status, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert case.says.replace("{ext}", extension) in answer.text
    assert answer.text.endswith((".\n", "?\n"))
    assert answer.text.count("\n") == 1
    assert answer.headers["content-length"] == str(len(answer.body))


def test_a_refused_login_names_the_realm(api: Served) -> None:
    answer = api.get("/instances.json", auth=("username", "wrong"))

    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Application", charset="UTF-8"'
    assert answer.text == "HTTP Basic: Access denied.\n"


@pytest.mark.parametrize(
    ("path", "allow"), [("/instances", "GET, HEAD, POST"), ("/instances/1", "DELETE, GET, HEAD, PUT")]
)
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE"])
def test_the_answer_to_a_wrong_method_names_the_right_ones(
    unchanged_api: Served, method: str, path: str, allow: str
) -> None:
    assert unchanged_api.call(method, path).headers["Allow"] == allow


def test_a_head_is_refused_without_a_body(api: Served) -> None:
    answer = raw.send(api.url, raw.head(f"HEAD /instances/9 HTTP/1.1\nHost: localhost\n{AUTHORIZED}"))

    assert answer.status == 404
    assert answer.body == b""


def test_an_internal_error_shows_no_traceback(
    api: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("an internal detail")

    monkeypatch.setattr("rtgmock.service.provisioner.Provisioner.list", fail)
    answer = api.get("/instances.xml")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == "Internal error in rtgmock; its log says more.\n"
    assert "ZeroDivisionError" in caplog.text
    assert api.get("/_rtgmock/health").status_code == 200


def test_an_internal_error_is_logged_without_the_secrets_of_its_path(
    api: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("rtgmock.web.auth.account_of", lambda *_: 1 // 0)
    assert api.get("/instances/password=s3cret-one").status_code == 500

    assert "GET /instances/password=*** failed" in caplog.text
    assert "s3cret-one" not in caplog.text


def test_an_error_in_an_error_handler_shows_no_traceback(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api = serve()
    monkeypatch.setattr(HealthState, "stopping", property(lambda _: 1 // 0), raising=True)
    monkeypatch.setattr("rtgmock.web.error_handlers.responses.refusal", lambda _: 1 // 0)

    answer = raw.send(api.url, raw.head("GET /_rtgmock/health HTTP/1.1\nHost: localhost"))
    monkeypatch.undo()

    assert answer.status == 500
    assert answer.text == "Internal error in rtgmock; its log says more.\n"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_an_engines_failure_is_a_sentence(api: Served, monkeypatch: pytest.MonkeyPatch, extension: str) -> None:
    def fail(*_: object) -> None:
        raise errors.EngineFailed("The instance's Redis did not start: no memory.")

    monkeypatch.setattr(api.emulator.engine, "apply", fail)
    api.create()
    answer = api.put(f"/instances/1.{extension}", data={"timeout": "3"})

    assert (answer.status_code, answer.reason) == (503, "Service Unavailable")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == "The instance's Redis did not start: no memory.\n"
    assert api.get("/instances/1.json").json()["timeout"] == 150


def test_nothing_redirects(unchanged_api: Served) -> None:
    for path in (
        "/instances/",
        "/instances.json/",
        "/instances/1/",
        "/instances/1.xml/",
        "/_rtgmock/health/",
        "/_rtgmock/openapi.json/",
    ):
        assert unchanged_api.get(path, allow_redirects=False).status_code == 200
    for path in ("//instances", "/instances//1", "/instances/../instances"):
        assert unchanged_api.get(path, allow_redirects=False).status_code in {200, 404}
