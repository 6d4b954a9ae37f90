"""Every sentence that a client can be refused with ends once, and names what it says it names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.faults.rule import KEYS
from rtgmock.model.attributes import CHANGEABLE, RECORDED
from rtgmock.web.control.endpoints.requests import FIELDS
from tests.support import raw
from tests.support.refused import REFUSED_REQUESTS, RefusedRequest

if TYPE_CHECKING:
    import requests

    from tests.conftest import Serve, Served

_TWO_DOTS = re.compile(r"(?<!\.)\.\.(?!\.)")
_EMPTY_LIST = re.compile(r"\b(accepted are|one of|(?<!that )there are|needs|got)\s*([.;,:?)](\s|$)|$)")

WRONG_VALUES: list[Any] = [
    None,
    "",
    " ",
    "x",
    ".",
    "x.",
    -1,
    0,
    1.5,
    1e300,
    10**30,
    True,
    [],
    ["x"],
    {},
    "x" * 300,
    "\x01",
]


def assert_sound(sentences: list[str]) -> None:
    assert sentences
    for sentence in sentences:
        assert sentence.strip(), "a sentence is empty"
        assert not _TWO_DOTS.search(sentence), sentence
        assert not _EMPTY_LIST.search(sentence), sentence


def sentences(answer: requests.Response) -> list[str]:
    """The sentences of a refusal, with its hint."""
    hints = [answer.headers["X-Rtgmock-Hint"]] if "X-Rtgmock-Hint" in answer.headers else []
    if answer.headers["Content-Type"].startswith("application/json"):
        messages: list[str] = answer.json()["errors"]
        return [*messages, *hints]
    assert answer.text.endswith((".\n", "?\n"))
    return [answer.text.strip(), *hints]


def test_what_is_looked_for_is_found() -> None:
    for wrong in ("It is wrong..", "No such.. thing", "x is not known; accepted are ", "accepted are .", "one of"):
        with pytest.raises(AssertionError):
            assert_sound([wrong])
    assert_sound(["There is no /xxx... Did you mean /instances?", "accepted are .json and .xml."])


@pytest.mark.parametrize("case", REFUSED_REQUESTS, ids=lambda case: case.name)
def test_a_refusal_of_the_emulated_api_is_sound(api: Served, case: RefusedRequest) -> None:
    for extension in ("json", "xml"):
        answer = case.send(api.url, extension)
        assert_sound([answer.text.strip(), answer.headers.get("x-rtgmock-hint", "no hint")])


@pytest.mark.parametrize("attribute", CHANGEABLE, ids=lambda attribute: attribute.name)
def test_a_refusal_of_any_value_is_sound(serve: Serve, attribute: Any) -> None:
    api = serve(api=RECORDED)
    api.create()
    found = []
    for value in WRONG_VALUES:
        for answer in (
            api.post("/instances.json", json={"plan": "nano", attribute.name: value}),
            api.put("/instances/1.json", json={attribute.name: value}),
        ):
            if answer.status_code >= 400:
                found += sentences(answer)
    assert_sound(found)


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("PUT", "/instances/1.json", {}),
        ("PUT", "/instances/1.json", {"colour": "red"}),
        ("PUT", "/instances/1.json", {"x" * 100: 1}),
        ("PUT", "/instances/1.json", {"plan": "small", "timeout": 3}),
        ("PUT", "/instances/2.json", {"timeout": 3}),
        ("POST", "/instances.json", {"pan": "nano"}),
        ("POST", "/instances.json", {"instnace": {"plan": "nano"}}),
        ("GET", "/" + "x" * 200, None),
        ("GET", "/instances/" + "x" * 200, None),
        ("GET", "/instances." + "x" * 200, None),
        ("GET", "/instances/1..", None),
        ("GET", "/..", None),
        ("X" * 200, "/instances", None),
    ],
)
def test_a_refusal_of_a_request_is_sound(api: Served, method: str, path: str, document: object) -> None:
    api.create()
    answer = api.call(method, path, json=document)
    assert answer.status_code >= 400
    assert_sound(sentences(answer))


def test_a_refusal_for_lack_of_room_is_sound(serve: Serve) -> None:
    api = serve(ports=range(9001, 9003), server_memory=30 * 2**20)
    api.create()
    answers = [
        api.post("/instances.json", json={"plan": "large"}),
        api.put("/instances/1.json", json={"plan": "medium"}),
        api.post("/instances.json", json={"plan": "mini"}),
        api.put("/instances/1.json", json={"plan": "mini"}),
        api.post("/instances.json", json={"plan": "nano"}),
    ]
    assert_sound([sentence for answer in answers if answer.status_code >= 400 for sentence in sentences(answer)])


CONTROL_REQUESTS: list[tuple[str, str, object]] = [
    ("GET", "stat", None),
    ("GET", "x" * 200, None),
    ("GET", "", None),
    ("PATCH", "state", {}),
    ("POST", "clock", {}),
    ("POST", "clock", []),
    ("POST", "clock", {"advnace": 1}),
    ("POST", "clock", {"zzz": 1}),
    ("POST", "clock", {"set": "9999-12-31T23:59:59Z", "advance": 3600}),
    *(("POST", "clock", {name: value}) for name in ("set", "advance", "freeze") for value in WRONG_VALUES),
    ("POST", "instances/1/status", {}),
    ("POST", "instances/1/status", {"status": "dead"}),
    ("POST", "instances/7/status", {"status": "failed"}),
    ("POST", "instances/1/redis", {"action": "pause"}),
    ("POST", "instances/1/redis", {"action": "explode"}),
    ("POST", "instances/1/redis", {"action": "stop"}),
    ("POST", "instances/7/redis", {"action": "stop"}),
    ("DELETE", "faults/7", {}),
    ("POST", "faults", {}),
    ("POST", "faults", [[], {"nth": 1, "after": 1, "status": 503}, {"drop": True, "status": 503}, {"zzz": 1}]),
    *(("POST", "faults", {name: value}) for name in KEYS for value in WRONG_VALUES),
    *(
        ("PUT", "state", document)
        for document in (
            [],
            {"zzz": 1},
            {"format": 99},
            {"accounts": 7, "servers": "x", "instances": {}},
            {"accounts": [7, {"id": 0}, {"name": ""}], "servers": [{"name": "x", "memory": "x"}, []]},
            {"servers": [], "instances": [{"plan": "nano", "server": "x"}]},
            {"instances": [{}, 7, {"plan": "pico"}, {"plan": "nano", "lable": "x", "account": "nosuch"}]},
            {"instances": [{"plan": "nano", "account": "nosuch"}]},
            {"instances": [{"plan": "nano", "account": 7, "server": 7}]},
            {"instances": [{"plan": "nano", "server_id": 7, "user_id": 7}]},
            {"instances": [{"plan": "nano", "id": 1}, {"plan": "nano", "id": 1}]},
            {"instances": [{"plan": "nano", "boot": "x"}]},
            *({"instances": [{"plan": "nano", name: "x\x01"}]} for name in ("label", "port", "timeout", "snapshots")),
        )
    ),
    *(("GET", f"requests?{name}={value}", None) for name in (*FIELDS, "zzz", "pth") for value in ("x", "", "-1")),
]


@pytest.mark.parametrize("subject", ["clock", "instances", "faults", "state", "requests", "unknown"])
def test_a_refusal_of_the_control_api_is_sound(api: Served, subject: str) -> None:
    """Without an instance and with one: a list of those that there are must not be empty."""
    refused = []
    for _ in range(2):
        for method, path, document in CONTROL_REQUESTS:
            if _subject(path) == subject:
                answer = control(api, method, path, document)
                assert answer.status_code < 500
                refused += sentences(answer) if answer.status_code >= 400 else []
        api.delete("/_rtgmock/faults", headers={"Content-Type": "application/json"})
        api.create()
    assert_sound(refused)


def _subject(path: str) -> str:
    first = re.split("[/?]", path)[0]
    return first if first in {"clock", "instances", "faults", "state", "requests"} else "unknown"


def control(api: Served, method: str, path: str, document: object) -> requests.Response:
    body = None if document is None else json.dumps(document)
    return api.call(method, f"/_rtgmock/{path}", data=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("content_type", ["", "text/plain", "x" * 200])
def test_a_refusal_of_a_control_request_without_json_is_sound(api: Served, content_type: str) -> None:
    answer = api.post("/_rtgmock/reset", headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert_sound(sentences(answer))


def test_a_refusal_by_the_server_itself_is_sound(api: Served) -> None:
    for request in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9", b"GET /\x01 HTTP/1.1\r\nbad header", b"GET"):
        answer = raw.send(api.url, request + b"\r\n\r\n")
        assert_sound([answer.text.strip()])
