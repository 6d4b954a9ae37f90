"""Python's urllib and http.client as clients."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from base64 import b64encode
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import AUTH
from tests.support.sentences import TOO_LARGE

if TYPE_CHECKING:
    from http.client import HTTPMessage

    from tests.conftest import Served

BASIC = b64encode(":".join(AUTH).encode()).decode()


class BasicAuth(urllib.request.HTTPBasicAuthHandler):
    """Closes the 401 response before the second attempt, which urllib leaves open."""

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        with fp:
            return super().http_error_401(req, fp, code, msg, headers)


def opener(api: Served) -> urllib.request.OpenerDirector:
    """Return an opener that sends no credentials at first, and sends them after a 401."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password("Application", api.url, *AUTH)
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), BasicAuth(passwords))


def test_urllib_gets_json_without_sending_accept(api: Served) -> None:
    with opener(api).open(f"{api.url}/instances", b"plan=nano", timeout=10) as answer:
        assert answer.status == 201
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert json.load(answer)["plan"] == "nano"
    assert [entry["status"] for entry in api.log] == [401, 201]


def test_urllib_raises_an_error_that_has_the_messages(api: Served) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener(api).open(f"{api.url}/instances", b"timeout=30", timeout=10)

    with caught.value as error:
        assert error.code == 422
        assert json.load(error) == {"errors": ["Plan can't be blank"]}


class OldConnection(http.client.HTTPConnection):
    """Uses HTTP/1.0, and so sends no Host."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


def test_a_client_of_http_1_0_without_a_host_is_answered(api: Served) -> None:
    form = {"Authorization": f"Basic {BASIC}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = OldConnection(urlsplit(api.url).netloc, timeout=10)

    connection.request("POST", "/instances.json", b"plan=nano", form)

    answer = connection.getresponse()
    made = json.load(answer)
    connection.close()
    assert answer.status == 201
    assert answer.will_close
    assert made["hostname"] == "127.0.0.1"


def test_a_client_that_sends_everything_before_it_reads_learns_that_its_body_is_too_large(api: Served) -> None:
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=10)

    connection.request("POST", "/instances", b"x" * (8 * 2**20), {"Authorization": f"Basic {BASIC}"})

    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert (answer.status, text) == (413, TOO_LARGE)
