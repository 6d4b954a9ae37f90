"""Requests that the HTTP server refuses itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


@pytest.fixture
def api(serve: Serve, tls: bool) -> Served:
    return serve(tls=tls)


def test_a_request_that_the_server_refuses_is_logged(api: Served) -> None:
    raw.send(api.url, raw.head("GET /\x01 HTTP/1.1\nbad header"))

    entry = api.log[-1]
    assert (entry["status"], entry["method"], entry["path"]) == (400, "GET", "/\\x01")
    assert entry["hint"] == "The request cannot be read: Invalid header."


@pytest.mark.parametrize(
    "line",
    [
        "GET /instances HTTP/1.1\nX: a\r\nHost: localhost\r\n",
        "GET /instances HTTP/1.1\r\nX: a\nHost: localhost\r\n",
        "GET /instances HTTP/1.1\r\nX: a\rb\r\nHost: localhost\r\n",
        "GET /instances HTTP/1.1\nHost: localhost\n",
    ],
)
def test_a_line_that_ends_with_lf_alone_is_refused_with_what_to_send(api: Served, line: str) -> None:
    answer = raw.send(api.url, f"{line}\r\n".encode())

    assert answer.status == 400
    assert "stands alone in its head; end each line with CR LF" in answer.text
    assert api.log[-1]["hint"] == answer.text.rstrip("\n")
