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
