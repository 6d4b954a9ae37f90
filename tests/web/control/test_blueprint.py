"""The control API under /_rtgmock: who may use it, and what it does to state, time and instances."""

from __future__ import annotations

import gc
import types
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests

from rtgmock.model.lifecycle import BootDelay
from rtgmock.settings.parsers import Credentials
from tests.support.raw import send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Serve, Served

JSON = {"Content-Type": "application/json"}
DAY = 86400


def control(api: Served, method: str, path: str, document: object = None, **options: Any) -> requests.Response:
    """A control request without credentials; a document is sent as JSON."""
    headers = JSON | options.pop("headers", {})
    body: dict[str, Any] = {"json": document} if document is not None else {}
    return requests.request(method, f"{api.url}/_rtgmock/{path}", headers=headers, timeout=10, **body, **options)


# Who may use it


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


def test_a_client_on_another_machine_needs_an_account(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(host="0.0.0.0", accounts=(Credentials("me", "secret"),))
    address = "192.0.2.7"
    handle = api.emulator._parts.server.application

    def from_afar(environ: dict[str, Any], start: Any) -> Any:
        return handle(environ | {"REMOTE_ADDR": address}, start)

    monkeypatch.setattr(api.emulator._parts.server, "application", from_afar)

    assert control(api, "GET", "state").status_code == 401
    assert control(api, "POST", "reset").status_code == 401
    assert control(api, "GET", "health").status_code == 200
    assert control(api, "POST", "reset", auth=("me", "secret")).status_code == 200
    address = "::ffff:127.0.0.1"
    assert control(api, "GET", "state").status_code == 200


def test_a_forwarded_address_is_not_believed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve()
    handle = api.emulator._parts.server.application
    monkeypatch.setattr(
        api.emulator._parts.server,
        "application",
        lambda environ, start: handle(environ | {"REMOTE_ADDR": "10.0.0.1"}, start),
    )

    assert control(api, "GET", "state", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401


# Errors


def test_an_unknown_control_path_says_what_there_is(api: Served) -> None:
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


@pytest.mark.parametrize(
    ("path", "document", "message"),
    [
        ("clock", {}, "Nothing to do: accepted are set, advance, freeze"),
        ("clock", {"advnace": 1}, "advnace is not known; did you mean advance?"),
        ("clock", {"advance": "1"}, "advance is not a number"),
        ("clock", {"advance": 1e300}, "advance must be from -1e+09 to 1e+09"),
        ("clock", {"set": "yesterday"}, "set is invalid"),
        ("clock", {"set": "2012-01-01T00:00:00"}, "set is invalid"),
        ("clock", {"freeze": "maybe"}, "freeze is not included in the list"),
        ("instances/1/status", {}, "status can't be blank"),
        (
            "instances/1/status",
            {"status": "dead"},
            "status is not included in the list: it is one of new, starting, running, failed",
        ),
        ("instances/1/redis", {"action": "pause"}, "ms is how long a pause takes"),
        ("instances/1/redis", {"action": "stop", "ms": 5}, "ms is how long a pause takes"),
        ("instances/1/redis", {"action": "stop"}, "restart with --redis process or --redis docker"),
    ],
)
def test_a_mistake_is_named(api: Served, path: str, document: object, message: str) -> None:
    api.create()

    answer = control(api, "POST", path, document)

    assert answer.status_code == 422
    [found] = answer.json()["errors"]
    assert message in found


@pytest.mark.parametrize("path", ["instances/7/status", "instances/7/redis"])
def test_an_unknown_instance_is_404_and_the_known_ones_are_named(api: Served, path: str) -> None:
    api.create()
    document = {"status": "failed"} if path.endswith("status") else {"action": "stop"}

    answer = control(api, "POST", path, document)

    assert answer.status_code == 404
    assert "there are 1" in answer.text


# The clock


def test_a_frozen_clock_gives_every_instance_the_same_moment(api: Served) -> None:
    answer = control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z", "freeze": True})

    assert answer.json() == {"now": "2012-09-21T15:03:44Z", "frozen": True}
    assert [api.create()["created_at"] for _ in range(2)] == ["2012-09-21T15:03:44Z"] * 2
    assert control(api, "GET", "clock").json() == answer.json()


def test_time_that_is_advanced_ends_a_boot_delay(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(seconds=60))
    api.create()
    assert api.get("/instances/1.json").json()["status"] == "starting"

    control(api, "POST", "clock", {"advance": 61})

    assert api.get("/instances/1.json").json()["status"] == "running"


def test_time_that_is_set_goes_on_from_there(api: Served) -> None:
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z"})
    api.clock.advance(2)

    assert control(api, "GET", "clock").json() == {"now": "2012-09-21T15:03:46Z", "frozen": False}


def test_time_that_is_thawed_goes_on_from_where_it_stood(api: Served) -> None:
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z", "freeze": True})
    api.clock.advance(DAY)
    control(api, "POST", "clock", {"freeze": False})
    api.clock.advance(1)

    assert control(api, "GET", "clock").json() == {"now": "2012-09-21T15:03:45Z", "frozen": False}


def test_python_advances_the_same_clock(api: Served) -> None:
    control(api, "POST", "clock", {"set": "2012-09-21T15:03:44Z", "freeze": True})

    api.emulator.advance(DAY)

    assert api.create()["created_at"] == "2012-09-22T15:03:44Z"


def test_a_moment_beyond_all_calendars_is_refused(api: Served) -> None:
    control(api, "POST", "clock", {"set": "9999-12-31T23:59:00Z", "freeze": True})

    assert control(api, "POST", "clock", {"advance": 3600}).status_code == 422
    assert control(api, "GET", "clock").json()["now"] == "9999-12-31T23:59:00Z"


# An instance's status


@pytest.mark.parametrize("status", ["new", "starting", "running", "failed"])
def test_an_instance_is_moved_to_any_status_and_stays_there(api: Served, status: str) -> None:
    api.create()

    answer = control(api, "POST", "instances/1/status", {"status": status})

    assert answer.json() == {"id": 1, "status": status}
    assert [api.get("/instances/1.json").json()["status"] for _ in range(3)] == [status] * 3
    assert control(api, "POST", "instances/1/status", {"status": "running"}).json()["status"] == "running"


def test_an_instance_that_is_starting_is_moved_to_running_before_its_time(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(reads=5))
    api.create()

    control(api, "POST", "instances/1/status", {"status": "running"})

    assert api.get("/instances/1.json").json()["status"] == "running"


# The whole state


def test_the_state_goes_out_and_in_again(serve: Serve) -> None:
    one, other = serve(random_seed=1), serve(random_seed=2, ports=range(9500, 9510))
    one.create(label="mongrel")
    one.create(plan="small", snapshots=["60 1"])
    one.delete("/instances/1")
    one.create(plan="mini")
    document = control(one, "GET", "state").json()

    answer = control(other, "PUT", "state", document)

    assert answer.status_code == 200
    assert answer.json() == document
    assert [other.get(f"/instances/{number}.xml").text.replace(other.url, one.url) for number in (2, 3)] == [
        one.get(f"/instances/{number}.xml").text for number in (2, 3)
    ]
    assert other.create()["id"] == 4


def test_a_state_with_a_mistake_changes_nothing(api: Served) -> None:
    api.create()
    before = control(api, "GET", "state").json()

    answer = control(api, "PUT", "state", {"instances": [{"plan": "nano"}, {"plan": "nono", "lable": "x"}]})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 2
    assert control(api, "GET", "state").json() == before


def test_a_state_that_was_put_is_on_disk(serve: Serve, tmp_path: Path) -> None:
    first = serve(state=tmp_path / "state.json")
    control(first, "PUT", "state", {"instances": [{"plan": "nano", "label": "mine"}]})
    first.emulator.stop()

    second = serve(state=tmp_path / "state.json")

    assert second.get("/instances/1.json").json()["label"] == "mine"


# Reset


def test_a_reset_goes_back_to_empty_and_ids_begin_anew(api: Served) -> None:
    first = api.create()
    control(api, "POST", "clock", {"freeze": True, "set": "2012-09-21T15:03:44Z"})

    answer = control(api, "POST", "reset")

    assert answer.json()["instances"] == []
    assert api.get("/instances.json").json() == []
    assert api.create() == first
    assert control(api, "GET", "clock").json()["frozen"] is False


def test_a_reset_keeps_the_accounts(serve: Serve) -> None:
    api = serve(accounts=(Credentials("a", "x"), Credentials("b", "y")))
    control(api, "POST", "reset")

    assert api.get("/instances.json").status_code == 200
    assert api.create()["user_id"] == 1


def test_a_reset_leaves_no_state_in_any_part_of_the_emulator(serve: Serve) -> None:
    """Whatever of ours an emulator can reach is as it was before it was used, whichever part it is in."""
    api = serve()
    api.create()
    api.emulator.reset()  # TinyDB opens a table when it is first used
    before = portrait(api.emulator)

    use(api)
    assert portrait(api.emulator) != before
    api.emulator.reset()

    assert portrait(api.emulator) - before == Counter()
    assert before - portrait(api.emulator) == Counter()


def use(api: Served) -> None:
    """Leave a trace in everything that can hold one."""
    api.create()
    api.create(plan="small")
    api.put("/instances/1.json", json={"label": "changed"})
    api.delete("/instances/2.json")
    api.get("/instanses")
    control(api, "POST", "clock", {"freeze": True, "set": "2012-09-21T15:03:44Z"})
    control(api, "POST", "instances/1/status", {"status": "failed"})
    api.emulator.fail("GET", "/instances", nth=2, status=500)
    api.get("/instances")
    send(api.url, b"GET http://[ HTTP/1.1\r\n\r\n")


def portrait(root: object) -> Counter[str]:
    """Every object of ours that can be reached, with the plain values in it; connections come and go."""
    found: Counter[str] = Counter()
    seen, waiting = {id(root)}, [root]
    while waiting:
        thing = waiting.pop()
        kind = type(thing)
        if kind.__module__.startswith("rtgmock.") and not kind.__module__.startswith("rtgmock.server."):
            found[f"{kind.__qualname__} {dict(plain(thing))}"] += 1
        for other in gc.get_referents(thing):
            if id(other) not in seen and not isinstance(other, type | types.ModuleType | types.FrameType):
                seen.add(id(other))
                waiting.append(other)
    return found


def plain(thing: object) -> Iterator[tuple[str, Any]]:
    for name, value in getattr(thing, "__dict__", {}).items():
        if isinstance(value, str | int | float | bool | dict | list | tuple | set | None):
            yield name, simple(value)


def simple(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): simple(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [simple(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__
