"""Nothing that is answered or logged about a request is long, however long its parts are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from rtgmock.errors import MAX_MESSAGES, MAX_SENTENCE
from rtgmock.faults.rule import KEYS
from rtgmock.model.attributes import CHANGEABLE
from rtgmock.web.access_log import as_text
from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Served

LONG = "x" * 5000
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"

HEADS = [
    f"{LONG} /instances HTTP/1.1",
    f"GET /{LONG} HTTP/1.1",
    f"GET /instances/{LONG} HTTP/1.1",
    f"GET /instances.{LONG} HTTP/1.1",
    f"GET /instances/{'1' * 5000} HTTP/1.1",
    f"GET /instances/{'1' * 5000}/{LONG} HTTP/1.1",
    f"GET /instance/{'1' * 5000}.jsn HTTP/1.1",
    f"PUT /instances/{'0' * 5000}1 HTTP/1.1",
    f"PATCH /instances/{'0' * 5000}1 HTTP/1.1",
    f"POST /instances/{LONG} HTTP/1.1\nX-HTTP-Method-Override: {LONG}",
    f"POST /instances HTTP/1.1\nX-HTTP-Method-Override: {LONG}",
    f"GET /_rtgmock/{LONG} HTTP/1.1",
    f"GET /_rtgmock/stat{'e' * 5000} HTTP/1.1",
    f"GET /instances?{LONG} HTTP/1.1",
    f"GET /instances?{LONG}={LONG} HTTP/1.1",
    f"GET /instances HTTP/1.1\nAccept: {LONG}",
    f"GET /instances HTTP/1.1\nAccept: {','.join(['a/b'] * 1000)}",
    f"GET /instances HTTP/1.1\nOrigin: http://{LONG}",
    f"GET /instances HTTP/1.1\n{LONG}: 1",
    f"GET /instances HTTP/1.1\n{LONG}",
    f"GET /instances HTTP/{LONG}",
    f"{LONG}",
    f"GET /instances HTTP/1.1\nTransfer-Encoding: {LONG}",
    f"GET /instances HTTP/1.1\nContent-Length: {'9' * 5000}",
    f"GET /{LONG * 2} HTTP/1.1",
    *(f"GET /_rtgmock/requests?{name}={LONG} HTTP/1.1" for name in ("status", "since", "limit", "unmatched", "path")),
    f"GET /_rtgmock/requests?{LONG}=1 HTTP/1.1",
    f"POST /_rtgmock/clock HTTP/1.1\nContent-Type: {LONG}",
]
BODIES = [
    ("POST /instances", f"Content-Type: {LONG}", "x"),
    ("POST /instances", f"Content-Type: application/json; charset={LONG}", "x"),
    ("POST /instances", f"{JSON}\nContent-Encoding: {LONG}", "x"),
    ("POST /instances", JSON, LONG),
    ("POST /instances", JSON, f'"{LONG}"'),
    ("POST /instances", JSON, json.dumps({LONG: {"plan": "nano"}})),
    ("POST /instances", JSON, json.dumps({"plan": LONG})),
    ("POST /instances", JSON, json.dumps({f"{'x' * 55}{number}": 1 for number in range(1000)})),
    ("POST /instances", JSON, json.dumps({"plan": "nano"} | {f"{'x' * 55}{number}": 1 for number in range(1000)})),
    ("PUT /instances/1", JSON, json.dumps({f"{'x' * 55}{number}": 1 for number in range(1000)})),
    ("PUT /instances/1", JSON, json.dumps(dict.fromkeys((row.name for row in CHANGEABLE), LONG))),
    ("PUT /instances/1", JSON, json.dumps({row.name: [LONG] for row in CHANGEABLE})),
    ("POST /instances", FORM, f"{LONG}[a]=1&{LONG}=2&{LONG}[b]=1"),
    ("POST /instances", FORM, f"a{'[a]' * 1000}=1"),
    ("POST /instances", FORM, f"_method={LONG}"),
    ("POST /instances", FORM, f'{{"{LONG}": 1}}'),
    ("POST /instances", "Content-Type: application/xml", f"<{LONG}>"),
    ("POST /instances", "Content-Type: application/xml", f'<?xml version="1.0" encoding="{LONG[:40]}"?><a/>'),
    ("POST /instances", f"Content-Type: multipart/form-data; boundary={LONG}", "x"),
    (
        "POST /instances",
        "Content-Type: multipart/form-data; boundary=b",
        f'--b\r\nContent-Disposition: form-data; name="{LONG}"; filename="{LONG}"\r\n\r\n1\r\n--b--\r\n',
    ),
    ("POST /_rtgmock/clock", JSON, json.dumps({LONG: 1})),
    ("POST /_rtgmock/clock", JSON, json.dumps(dict.fromkeys(("set", "advance", "freeze"), LONG))),
    ("POST /_rtgmock/faults", JSON, json.dumps({LONG: 1})),
    ("POST /_rtgmock/faults", JSON, json.dumps(dict.fromkeys(KEYS, LONG))),
    ("POST /_rtgmock/faults", JSON, json.dumps({f"{LONG}{number}": 1 for number in range(50)})),
    ("POST /_rtgmock/faults", JSON, json.dumps([{"stats": number} for number in range(50_000)])),
    ("POST /_rtgmock/instances/1/status", JSON, json.dumps({"status": LONG})),
    ("PUT /_rtgmock/state", JSON, json.dumps({LONG: 1, "format": LONG, "last_instance_id": LONG})),
    ("PUT /_rtgmock/state", JSON, json.dumps({"format": [[LONG]]})),
    ("PUT /_rtgmock/state", JSON, json.dumps({"instances": list(range(50_000))})),
    ("PUT /_rtgmock/state", JSON, json.dumps({"servers": [{"name": "x", "memory": LONG}], "accounts": [LONG]})),
    ("PUT /_rtgmock/state", JSON, json.dumps({"instances": [{"plan": "nano", "account": LONG, "server": LONG}]})),
    ("PUT /_rtgmock/state", JSON, json.dumps({"instances": [{"plan": LONG, LONG: LONG}]})),
    ("PUT /_rtgmock/state", JSON, json.dumps({"instances": [{"plan": "nano", "boot": LONG}]})),
    (
        "PUT /_rtgmock/state",
        JSON,
        json.dumps(
            {"servers": [f"a{number}" for number in range(3000)], "instances": [{"plan": "nano", "server": "nowhere"}]}
        ),
    ),
]
REQUESTS = [raw.head(f"{head}\nHost: localhost\nConnection: close") for head in HEADS]
REQUESTS += [
    raw.head(f"{line} HTTP/1.1\nHost: localhost\nConnection: close\n{headers}", body.encode())
    for line, headers, body in BODIES
]
REQUESTS += [raw.head(f"GET /instances HTTP/1.1\nHost: {'x.' * 2000}\nConnection: close")]


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_what_is_said_of_a_long_request_is_short(api: Served, number: int) -> None:
    api.create()
    request = REQUESTS[number].replace(b"Host: ", b"Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ=\r\nHost: ", 1)
    answer = raw.send(api.url, request)

    said = [value for name, value in answer.headers.items() if name.startswith("X-Rtgmock-")]
    if answer.status >= 400:
        messages = json.loads(answer.body)["errors"] if answer.body.startswith(b"{") else [answer.text.strip()]
        assert len(messages) <= MAX_MESSAGES + 1
        said += messages
    assert [text for text in said if len(text) > MAX_SENTENCE] == []
    assert [text for text in _texts(api.log[-1]) if len(text) > MAX_SENTENCE] == []
    line = as_text(api.log[-1])
    assert len(line) <= MAX_SENTENCE
    assert f" {answer.status} " in line
    for entry in api.emulator.requests.of():
        shown = [entry.hint or "", *entry.ignored, *entry.nearest]
        assert [text for text in shown if len(text) > MAX_SENTENCE] == []


def _texts(document: Any) -> list[str]:
    return [value for value in document.values() if isinstance(value, str)]


def test_of_many_mistakes_the_first_are_named(api: Served) -> None:
    with requests.Session() as session:
        answer = session.put(f"{api.url}/_rtgmock/state", json={"instances": [1] * 50}, timeout=10)

    expected = [f"instances[{number}] must be an object" for number in range(MAX_MESSAGES)]
    assert answer.json()["errors"] == [*expected, "There are more mistakes; these are the first 20"]
