"""No password of a request, well-formed or not, is in the log or the journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support import raw
from tests.support.load import AUTHORIZATION

if TYPE_CHECKING:
    from tests.conftest import Serve

S = "s3cret"
HEAD = f"Host: localhost\nAuthorization: {AUTHORIZATION}"


@pytest.mark.parametrize(
    "request_bytes",
    [
        raw.head(f"PUT /instances/1.json?timeout=30 HTTP/1.1\n{HEAD}", f'{{"password": "{S}"}}'.encode()),
        raw.head(f"POST /instances.json?plan=nano HTTP/1.1\n{HEAD}", f"<i><password>{S}</password></i>".encode()),
        raw.head(f"POST /instances.json?password={S} HTTP/1.1\n{HEAD}\nTransfer-Encoding: gzip"),
        raw.head(f"POST /instances.json?password={S} HTTP/1.1\n{HEAD}\nContent-Length: x"),
        raw.head(f"GET http://username:{S}@localhost/instances HTTP/1.1\n{HEAD}\nTransfer-Encoding: gzip"),
        f"GET /instances HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {S}\n\r\n\r\n".encode(),
        f"GET /instances HTTP/1.1\r\n Authorization: Basic {S}\r\n\r\n".encode(),
        raw.head(f"PUT /instances/1.json?timeout=30&master-password={S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances?+password={S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances?a=1;password={S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances?password=x;{S} HTTP/1.1\n{HEAD}"),
        raw.head(f"GET /instances%3Fpassword={S} HTTP/1.1\n{HEAD}"),
        raw.head(f'{{"password": "{S}"}}'),
    ],
    ids=[
        "JSON as a form",
        "XML as a form",
        "refused 501",
        "refused 400",
        "refused absolute",
        "header with LF",
        "folded header",
        "dashed name",
        "name with a blank",
        "semicolon",
        "semicolon in it",
        "quoted question mark",
        "no HTTP",
    ],
)
def test_no_password_is_in_the_log_or_the_journal(serve: Serve, request_bytes: bytes) -> None:
    served = serve()
    served.create()
    raw.send(served.url, request_bytes)
    assert len(served.log) == 2
    assert S not in json.dumps(served.log)
    assert len(served.emulator.requests) == 2
    assert S not in served.get("/_rtgmock/requests").text
