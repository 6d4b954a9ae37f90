"""Each kind of fault as its client sees it, through a real socket."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import requests

from rtgmock.errors import Invalid
from tests.support import raw
from tests.support.command import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve, Served

BASIC = "Host: localhost\nAuthorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="
CREATE = f"POST /instances.json HTTP/1.1\n{BASIC}\nContent-Type: application/json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LIST = f"GET /instances.json HTTP/1.1\n{BASIC}"


def ids(api: Served) -> list[int]:
    return [item["instance"]["id"] for item in api.get("/instances.json").json()]


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize(
    ("status", "line", "sentence"),
    [
        (400, "Bad Request", "Bad Request, as fault 1 asks.\n"),
        (401, "Unauthorized", "HTTP Basic: Access denied.\n"),
        (404, "Not Found", "Not Found, as fault 1 asks.\n"),
        (429, "Too Many Requests", "Too Many Requests, as fault 1 asks.\n"),
        (499, "Refused", "Refused, as fault 1 asks.\n"),
        (503, "Service Unavailable", "Service Unavailable, as fault 1 asks.\n"),
        (599, "Refused", "Refused, as fault 1 asks.\n"),
    ],
)
def test_a_status_comes_as_a_sentence(api: Served, status: int, line: str, sentence: str, extension: str) -> None:
    api.emulator.fail(status=status)
    answer = api.get(f"/instances.{extension}")

    assert (answer.status_code, answer.reason, answer.text) == (status, line, sentence)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Rtgmock-Fault"] == "1"
    assert answer.headers.get("WWW-Authenticate") == ('Basic realm="Application"' if status == 401 else None)


def test_a_422_is_a_list_of_messages_in_the_format_asked_for(api: Served) -> None:
    api.emulator.fail("POST", status=422, message="Plan is sold out")
    in_json = api.post("/instances.json", data={"plan": "nano"})
    in_xml = api.post("/instances", data={"plan": "nano"}, headers={"Accept": "application/xml"})

    assert in_json.json() == {"errors": ["Plan is sold out"]}
    assert [error.text for error in ET.fromstring(in_xml.content)] == ["Plan is sold out"]
    assert in_json.status_code == in_xml.status_code == 422
    assert api.post("/instances.yaml").json() == {"errors": ["Plan is sold out"]}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/instances", "HEAD, POST"),
        ("/instances.xml", "HEAD, POST"),
        ("/instances/1", "DELETE, HEAD, PUT"),
        ("/nowhere", "DELETE, HEAD, PUT"),
    ],
)
def test_a_405_names_the_methods_that_there_are(api: Served, path: str, allowed: str) -> None:
    api.emulator.fail(status=405)

    assert api.get(path).headers["Allow"] == allowed
    assert api.call("PATCH", "/instances").headers["Allow"] == "GET, HEAD, POST"


def test_a_status_says_when_to_try_again(api: Served) -> None:
    api.emulator.fail(status=503, retry_after=7, message="Down for a while.")
    answer = api.get("/instances.json")

    assert (answer.headers["Retry-After"], answer.text) == ("7", "Down for a while.\n")


def test_a_status_comes_before_auth_and_carries_nothing_out(api: Served) -> None:
    with api.emulator.fail("POST", "/instances", status=503):
        assert requests.post(f"{api.url}/instances.json", timeout=10).status_code == 503
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 503

    assert ids(api) == []


def test_credentials_end_after_some_requests(api: Served) -> None:
    api.emulator.fail(status=401, after=2)

    assert [api.get("/instances.json").status_code for _ in range(4)] == [200, 200, 401, 401]


def test_a_fault_is_in_force_for_a_block_and_counts(api: Served) -> None:
    with api.emulator.fail("POST", "/instances", status=503, times=1) as fault:
        assert api.get("/instances.json").status_code == 200
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 503
        assert api.post("/instances.json", data={"plan": "nano"}).status_code == 201
        assert (fault.matched, fault.applied) == (2, 1)

    assert not len(api.emulator.faults)


def test_a_fault_matches_the_method_that_a_post_stands_for(api: Served) -> None:
    api.create()
    with api.emulator.fail("DELETE", "/instances/*", status=503) as fault:
        assert api.post("/instances/1.json", data={"_method": "delete"}).status_code == 503
        assert api.post("/instances/1.json", headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 503
        assert api.post("/instances/1.json", data=b"_method=delete&x=\xff", headers=FORM).status_code == 400

    assert fault.applied == 2
    with api.emulator.fail("POST", status=503):
        assert api.post("/instances/1.json", data=b"_method=delete&x=\xff", headers=FORM).status_code == 503


def test_the_control_api_and_the_guard_know_no_faults(api: Served) -> None:
    api.emulator.fail(drop=True)

    assert api.get("/_rtgmock/health").status_code == 200
    assert api.get("/_rtgmock/nowhere").status_code == 404
    assert api.get("/instances", headers={"Origin": "https://example.com"}).status_code == 403


def test_a_mistake_in_python_is_explained(api: Served) -> None:
    keys: Any = {"stauts": 503}
    with pytest.raises(Invalid, match="did you mean status"):
        api.emulator.fail(**keys)


@pytest.mark.parametrize(("drop", "made", "logged"), [("before", [], 444), ("after", [1], 201)])
def test_a_connection_is_dropped_before_or_after_the_change(
    api: Served, drop: Any, made: list[int], logged: int
) -> None:
    with api.emulator.fail("POST", drop=drop), pytest.raises(requests.ConnectionError, match="reset"):
        api.post("/instances.json", data={"plan": "nano"})

    assert (api.log[-1]["status"], api.log[-1]["fault"]) == (logged, "1")
    assert ids(api) == made


def test_what_follows_a_dropped_request_on_its_connection_is_lost(api: Served) -> None:
    api.emulator.fail("POST", drop="after", nth=1)
    create = raw.head(f"{CREATE}\nConnection: keep-alive", b'{"plan": "nano"}')
    with raw.connect(api.url) as connection:
        connection.sendall(create + create)
        assert raw.receive(connection) == b""

    assert ids(api) == [1]


def test_what_came_before_a_dropped_request_is_answered(api: Served) -> None:
    api.emulator.fail("POST", drop=True)
    with raw.connect(api.url) as connection:
        connection.sendall(raw.head(f"{LIST}\nConnection: keep-alive"))
        answered = b""
        while not answered.endswith(b"[]"):
            answered += connection.recv(65536)
        connection.sendall(raw.head(CREATE, b'{"plan": "nano"}'))
        with pytest.raises(ConnectionResetError):
            connection.recv(65536)

    assert raw.parse(answered).body == b"[]"


@pytest.mark.parametrize(("extension", "truncate"), [("json", 20), ("xml", 20), ("json", "half"), ("xml", "half")])
def test_half_an_answer_is_the_beginning_under_the_head_of_the_whole(
    api: Served, extension: str, truncate: Any
) -> None:
    api.create()
    whole = api.get(f"/instances/1.{extension}").content
    sent = 20 if truncate == 20 else len(whole) // 2
    with api.emulator.fail(truncate=truncate):
        answer = raw.send(api.url, raw.head(f"GET /instances/1.{extension} HTTP/1.1\n{BASIC}"))
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match=f"{len(whole) - sent} more expected"):
            api.get(f"/instances/1.{extension}")

    assert (answer.status, answer.body) == (200, whole[:sent])
    assert int(answer.headers["content-length"]) == len(whole)


@pytest.mark.parametrize(("method", "sent"), [("GET", 1), ("HEAD", 0)])
def test_an_answer_is_never_truncated_to_the_whole(api: Served, method: str, sent: int) -> None:
    api.emulator.fail(truncate=1000)
    answer = raw.send(api.url, raw.head(f"{method} /instances.json HTTP/1.1\n{BASIC}\nConnection: keep-alive"))

    assert (len(answer.body), answer.headers["content-length"]) == (sent, "2")


def test_an_answer_without_a_body_can_only_be_cut_off(api: Served) -> None:
    api.create()
    with api.emulator.fail("DELETE", truncate="half"):
        answer = raw.send(api.url, raw.head(f"DELETE /instances/1 HTTP/1.1\n{BASIC}\nConnection: keep-alive"))

    assert (answer.status, answer.body) == (200, b"")
    assert ids(api) == []


def test_an_answer_is_labelled_as_something_else(api: Served) -> None:
    with api.emulator.fail(content_type="text/html"):
        answer = api.get("/instances.json")

    assert (answer.headers["Content-Type"], answer.json()) == ("text/html", [])


def test_one_rule_can_make_a_proxys_error_page(api: Served) -> None:
    api.emulator.fail(status=502, message="<h1>Bad Gateway</h1>", content_type="text/html", truncate="half")
    answer = raw.send(api.url, raw.head(LIST))

    assert (answer.status, answer.headers["content-type"], answer.text) == (502, "text/html", "<h1>Bad Ga")


@pytest.mark.parametrize("extension", ["json", "xml"])
def test_an_upgrade_fails_as_on_a_server_that_is_full(serve: Serve, extension: str) -> None:
    api, full = serve(), serve(server_memory=5 * 2**20)
    assert api.create()["label"] == full.create()["label"]
    before = api.get("/instances/1.json").json()
    with api.emulator.fail("PUT", upgrade=True):
        answer = api.put(f"/instances/1.{extension}", data={"plan": "small"})

    assert answer.status_code == 422
    assert answer.content == full.put(f"/instances/1.{extension}", data={"plan": "small"}).content
    assert b"95 MB more are needed" in answer.content
    assert answer.headers["X-Rtgmock-Fault"] == api.log[-1]["fault"] == "1"
    assert api.get("/instances/1.json").json() == before


def test_the_upgrade_failure_counts_upgrades_alone(api: Served) -> None:
    api.create(plan="mini")
    fault = api.emulator.fail(upgrade="no room", times=1)
    for change in ({"plan": "mini"}, {"timeout": "9"}, {"plan": "nano"}):
        assert api.put("/instances/1.json", data=change).status_code == 200
    assert api.put("/instances/9.json", data={"plan": "small"}).status_code == 404
    assert (fault.matched, fault.applied) == (0, 0)

    assert [api.put("/instances/1.json", data={"plan": "small"}).status_code for _ in range(2)] == [422, 200]
    assert (fault.matched, fault.applied) == (2, 1)


def test_an_upgrade_without_room_needs_no_fault(serve: Serve) -> None:
    api = serve(server_memory=5 * 2**20)
    api.create()
    fault = api.emulator.fail(upgrade=True)

    assert api.put("/instances/1.json", data={"plan": "small"}).status_code == 422
    assert fault.matched == 0


def test_an_upgrade_that_another_fault_applies_to_is_counted_and_goes_well(api: Served) -> None:
    api.create()
    first, second = api.emulator.fail(content_type="text/plain"), api.emulator.fail(upgrade=True)

    assert api.put("/instances/1.json", data={"plan": "mini"}).status_code == 200
    assert (first.applied, second.matched, second.applied) == (1, 1, 0)


def test_a_delayed_request_is_carried_out_at_once(api: Served) -> None:
    with api.emulator.fail("POST", delay=1), ThreadPoolExecutor() as pool:
        start = time.monotonic()
        created = pool.submit(api.create)
        while not ids(api):
            assert not created.done()
        assert not created.done()
        assert created.result(5)["id"] == 1
        assert 1 <= time.monotonic() - start < 5


def test_a_delay_goes_with_every_other_fault(api: Served) -> None:
    rules: list[dict[str, Any]] = [{"status": 503}, {"truncate": 1}, {"content_type": "text/html"}, {"drop": True}]
    for rule in rules:
        with api.emulator.fail(**rule, delay=0.1):
            start = time.monotonic()
            with raw.connect(api.url) as connection:
                connection.sendall(raw.head(LIST))
                received = raw.receive(connection)
            assert 0.1 <= time.monotonic() - start < 5
            assert bool(received) == ("drop" not in rule)


def test_jitter_is_drawn_by_the_seed(serve: Serve) -> None:
    def seconds(api: Served) -> list[float]:
        api.emulator.fail(delay=0.05, jitter=0.05)
        drawn = []
        for _ in range(4):
            start = time.monotonic()
            api.get("/instances.json")
            drawn.append(time.monotonic() - start)
        return drawn

    one, other = seconds(serve()), seconds(serve())

    assert one == pytest.approx(other, abs=0.03)
    assert max(one) - min(one) > 0.02


def test_answers_that_follow_a_delayed_one_keep_their_order(api: Served) -> None:
    api.emulator.fail("POST", delay=0.2)
    create = raw.head(f"{CREATE}\nConnection: keep-alive", b'{"plan": "nano"}')
    with raw.connect(api.url) as connection:
        connection.sendall(create + raw.head(LIST))
        received = raw.receive(connection)

    created, _, listed = received.partition(b"HTTP/1.1 200 OK")
    assert raw.parse(created).status == 201
    assert json.loads(listed.partition(b"\r\n\r\n")[2])[0]["instance"]["id"] == 1


def test_fifty_delayed_requests_keep_nobody_waiting(api: Served) -> None:
    """With a thread for each they would take turns, and need a dozen seconds."""
    api.emulator.fail(delay=2)
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(raw.connect(api.url)) for _ in range(50)]
        for connection in connections:
            connection.sendall(raw.head(LIST))
        assert api.get("/_rtgmock/health").status_code == 200
        answered_before = select.select(connections, [], [], 0)[0]
        answers = [raw.parse(raw.receive(connection)) for connection in connections]

    assert answered_before == []
    assert {answer.status for answer in answers} == {200}
    assert 2 <= time.monotonic() - begun < 8


def test_a_client_that_leaves_during_a_delay_leaves_nothing_behind(api: Served) -> None:
    api.emulator.fail(delay=60)
    server = api.emulator._parts.server
    with raw.connect(api.url) as connection:
        connection.sendall(raw.head(LIST))
        assert until(lambda: server.delayed_channels)

    assert until(lambda: not server.active_channels)


def test_a_stop_sends_what_is_delayed_at_once(api: Served) -> None:
    api.emulator.fail(delay=60)
    with raw.connect(api.url) as connection, ThreadPoolExecutor() as pool:
        connection.sendall(raw.head(LIST))
        answer = pool.submit(raw.receive, connection)
        assert until(lambda: api.log)
        start = time.monotonic()
        api.emulator.stop()
        assert time.monotonic() - start < 5
        assert raw.parse(answer.result(5)).body == b"[]"


def test_curl_sees_what_it_calls_these_faults(api: Served, program: Callable[[str, str], str]) -> None:
    def code(*arguments: str) -> int:
        command = [program("curl", "curl"), "-s", "-o", "/dev/null", "-u", "username:password", *arguments]
        return subprocess.run([*command, f"{api.url}/instances.json"], check=False, timeout=20).returncode

    with api.emulator.fail(drop=True):
        assert code() == 56  # failure in receiving network data
    with api.emulator.fail(truncate="half"):
        assert code() == 18  # only a part of the file was transferred
    with api.emulator.fail(delay=5):
        assert code("-m", "0.2") == 28  # the time was up
    with api.emulator.fail(status=503):
        assert code("-f") == 22  # the server said that it failed


def test_faults_are_the_same_over_tls(serve: Serve) -> None:
    api = serve(tls=True)
    api.session.verify = str(api.emulator.certificate)
    api.create()

    with api.emulator.fail("GET", drop="before"), pytest.raises(requests.ConnectionError) as dropped:
        api.get("/instances")
    with api.emulator.fail("GET", truncate="half"), pytest.raises(requests.RequestException, match="IncompleteRead"):
        api.get("/instances")
    with api.emulator.fail("GET", delay=0.2) as fault:
        begun = time.monotonic()
        assert api.get("/instances").status_code == 200
        assert time.monotonic() - begun > 0.2

    assert not isinstance(dropped.value, requests.exceptions.SSLError)
    assert fault.applied == 1
