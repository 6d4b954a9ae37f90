"""The journal: what is kept, what is shown, and how it is asked for."""

from __future__ import annotations

import base64
import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.journal.exchange import MAX_BODY_BYTES, Body, Exchange
from rtgmock.journal.filter import Filter
from rtgmock.journal.journal import Journal
from rtgmock.settings.parsers import Credentials
from tests.support import raw
from tests.support.clock import START

if TYPE_CHECKING:
    from tests.conftest import Serve, Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

JSON = {"Content-Type": "application/json"}


def exchange(path: str = "/instances", size: int = 0, **more: Any) -> Exchange:
    return Exchange(
        **{"method": "GET", "path": path, "status": 200, "moment": START, **more}, body=Body.of(b"x" * size)
    )


def asked(api: Served, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/_rtgmock/requests{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["requests"]
    return found


def paths(api: Served, query: str = "") -> list[str]:
    return [entry["path"] for entry in asked(api, query)]


# What is kept


def test_the_oldest_are_dropped_when_there_are_too_many() -> None:
    journal = Journal(max_requests=3)
    for number in range(5):
        journal.add(exchange(f"/{number}"))

    assert [(entry.number, entry.path) for entry in journal.entries()] == [(3, "/2"), (4, "/3"), (5, "/4")]
    assert journal.dropped == 2


def test_the_oldest_are_dropped_when_they_are_too_large() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(20):
        journal.add(exchange(size=MAX_BODY_BYTES))

    kept = journal.exchanges()
    assert sum(one.size for one in kept) <= 100_000
    assert 4 <= len(kept) < 7
    assert journal.dropped == 20 - len(kept)


def test_large_headers_count() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(20):
        journal.add(exchange(headers=(("X", "x" * 30_000),)))

    assert len(journal.exchanges()) == 3


def test_numbers_rise_on_after_the_journal_was_emptied() -> None:
    journal = Journal(max_requests=1)
    journal.add(exchange())
    journal.add(exchange())
    journal.clear()
    assert (journal.entries(), journal.dropped) == ([], 0)
    journal.add(exchange())
    assert [entry.number for entry in journal.entries()] == [3]


def test_many_threads_may_write_while_others_read() -> None:
    journal = Journal(max_requests=50)

    def write() -> None:
        for _ in range(200):
            journal.add(exchange(size=100))
            journal.entries(Filter(limit=1))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert journal.dropped == 750
    numbers = [entry.number for entry in journal.entries()]
    assert numbers == list(range(751, 801))


def test_two_emulators_know_nothing_of_each_others_requests(serve: Serve) -> None:
    one, other = serve(), serve()
    one.get("/instances")
    assert (len(asked(one)), len(asked(other))) == (1, 0)


# What is shown


def test_an_exchange_is_shown_whole(api: Served) -> None:
    api.clock.advance(60)
    api.post(
        "/instances.json?timeout=30", json={"plan": "nano", "label": "x", "colour": "red"}, headers={"X-Mine": "1"}
    )
    [entry] = asked(api)

    request, response = entry.pop("request"), entry.pop("response")
    assert entry == {
        "number": 1,
        "time": "2010-12-20T00:36:22Z",
        "method": "POST",
        "path": "/instances.json",
        "query": "timeout=30",
        "status": 201,
        "ms": 0.0,
        "account": "username",
        "unmatched": False,
        "nearest": [],
        "ignored": ["colour"],
        "hint": None,
        "fault": None,
    }
    assert request["headers"]["X-Mine"] == "1"
    assert request["headers"]["Authorization"] == "Basic ***"
    assert json.loads(request["body"]) == {"plan": "nano", "label": "x", "colour": "red"}
    assert response["headers"]["Location"] == "/instances/1.json"
    assert response["headers"]["X-Rtgmock-Ignored"] == "colour"
    assert json.loads(response["body"])["password"] == "***"
    assert json.loads(response["body"])["url"] == "redis://***@127.0.0.1:9001/"


def test_what_was_refused_is_there_with_its_reason(api: Served) -> None:
    api.get("/instances", auth=("username", "wrong-password"))
    api.get("/instances", headers={"Host": "evil.example.com"})
    api.post("/instances", data='{"plan": "nano"}')
    raw.send(api.url, raw.head("GET /instances?a=b HTTP/1.1\nHost: localhost\nTransfer-Encoding: gzip"))
    raw.send(api.url, raw.head("nonsense"))
    api.post("/instances", data=b"x" * 1_100_000)

    assert [(entry["method"], entry["path"], entry["status"]) for entry in asked(api)] == [
        ("GET", "/instances", 401),
        ("GET", "/instances", 403),
        ("POST", "/instances", 422),
        ("GET", "/instances", 501),
        ("-", "-", 400),
        ("POST", "/instances", 413),
    ]
    assert [entry["account"] for entry in asked(api)] == [None, None, "username", None, None, None]
    assert "--allow-host" in asked(api)[1]["response"]["body"]
    assert asked(api)[2]["hint"].startswith("the body looks like JSON")
    assert asked(api)[3]["query"] == "a=b"


def test_a_head_has_no_body(api: Served) -> None:
    api.call("HEAD", "/instances")
    assert asked(api)[0]["response"]["body"] == ""


def test_a_long_body_is_cut(api: Served) -> None:
    api.post("/instances", data="label=" + "x" * 20_000)
    body = asked(api)[0]["request"]["body"]

    assert body.startswith("label=xxx")
    assert body.endswith("... (cut: 20006 bytes in all)")
    assert len(body) < MAX_BODY_BYTES + 100


def test_the_control_api_itself_is_not_in_it(api: Served) -> None:
    api.get("/_rtgmock/health")
    api.get("/_rtgmock/nothing")
    api.get("/_rtgmock")
    api.get("/_rtgmocks")
    assert paths(api) == ["/_rtgmocks"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "nearest"),
    [
        ("GET", "/instnaces/7.json", {}, "GET /instances/7.json"),
        ("GET", "/instances/mongrel", {}, "GET /instances/:id"),
        ("PATCH", "/instances/7", {"data": "plan=mini"}, "PUT /instances/7"),
        ("GET", "/instances.jsn", {}, "GET /instances.json"),
        ("POST", "/instances", {"data": "{}", "headers": {"Content-Type": "text/plain"}},
         "POST /instances with Content-Type: application/json"),
        ("POST", "/instances", {"data": '{"plan": "nano"}'}, "POST /instances with Content-Type: application/json"),
        ("POST", "/instances.xml", {"data": "<plan>nano</plan>", "headers": JSON},
         "POST /instances.xml with Content-Type: application/xml"),
        ("POST", "/instances", {"data": "plan=nano", "headers": JSON},
         "POST /instances with Content-Type: application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_what_no_endpoint_takes_is_marked_with_the_nearest(
    api: Served, method: str, path: str, sent: dict[str, Any], nearest: str
) -> None:
    api.call(method, path, **sent)
    [entry] = asked(api, "?unmatched=true")

    assert entry["nearest"][0] == nearest


def test_what_an_endpoint_refuses_is_not_unmatched(api: Served) -> None:
    api.get("/instances/99.json")
    api.post("/instances", data="plan=pico")
    api.post("/instances", data='{"plan": nano}', headers=JSON)
    api.get("/instances", auth=("a", "b"))
    assert [entry["status"] for entry in asked(api, "?unmatched=false")] == [404, 422, 400, 401]


def test_what_a_fault_answered_is_not_unmatched() -> None:
    assert not exchange(status=405, fault="gone").unmatched
    assert exchange(status=405).unmatched


# How it is asked for


@pytest.fixture
def told(api: Served) -> Served:
    """An emulator to which this came, a minute apart."""
    for method, path in (
        ("POST", "/instances.json"),
        ("GET", "/instances/1.json"),
        ("GET", "/instance"),
        ("GET", "/x"),
    ):
        api.call(method, path, data={"plan": "nano"} if method == "POST" else None)
        api.clock.advance(60)
    return api


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4]),
        ("?method=get", [2, 3, 4]),
        ("?path=/instances.json", [1]),
        ("?path=/instances*", [1, 2]),
        ("?path=*json", [1, 2]),
        ("?path=/inst", []),
        ("?path=/i.*", []),
        ("?status=404", [3, 4]),
        ("?status=2XX", [1, 2]),
        ("?since=2", [3, 4]),
        ("?since=2010-12-20T00:37:22Z", [3, 4]),
        ("?since=2010-12-20T01:37:22%2B01:00", [3, 4]),
        ("?since=2010-12-20T01:37:22+01:00", [3, 4]),
        ("?since=2010-12-20T00:38:00", [4]),
        ("?account=username", [1, 2]),
        ("?unmatched=1", [3, 4]),
        ("?limit=2", [3, 4]),
        ("?limit=1&status=2xx", [2]),
        ("?text=PLAN=nano", [1]),
        ("?text=did+you+mean", [3]),
        ("?text=nano&limit=1", [2]),
        ("?method=GET&status=404&path=/x", [4]),
    ],
)
def test_it_is_filtered(told: Served, query: str, numbers: list[int]) -> None:
    assert [entry["number"] for entry in asked(told, query)] == numbers


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?methd=GET", "methd is not known; did you mean method?"),
        ("?status=abc", "status is invalid: it must be a status, as 404, or a class of them, as 4xx"),
        ("?status=9xx", "status is invalid: it must be a status, as 404, or a class of them, as 4xx"),
        ("?since=noon", "since is invalid: it must be a request's number, as 12, or a moment, as 2010-12-20T00:35:22Z"),
        ("?limit=0", "limit must be greater than 0"),
        ("?unmatched=maybe", "unmatched is not included in the list"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(api: Served, query: str, message: str) -> None:
    answer = api.get(f"/_rtgmock/requests{query}")

    assert answer.status_code == 422
    assert answer.json() == {"errors": [message]}


def test_it_can_be_emptied(told: Served) -> None:
    answer = told.delete("/_rtgmock/requests", headers=JSON)

    assert (answer.status_code, answer.json()) == (200, {"requests": [], "dropped": 0})
    assert asked(told) == []


def test_a_web_page_cannot_empty_it(told: Served) -> None:
    assert told.delete("/_rtgmock/requests").status_code == 415
    assert len(asked(told)) == 4


def test_a_secret_is_not_found_by_searching_for_it(api: Served) -> None:
    made = api.create(label="mongrel")

    assert asked(api, "?text=mongrel") != []
    assert asked(api, f"?text={made['password']}") == []
    assert asked(api, f"?text={made['password'][:4]}") == []


# No password in it


def everything_with(api: Served, password: str, account: str) -> list[str]:
    """Requests in all formats, good and bad; gives the passwords that the answers had."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    made = api.create(password=f"{password}-json")
    api.post("/instances.xml", data={"plan": "nano", "instance[password]": f"{password}-form"})
    xml = f"<instance><plan>nano</plan><password>{password}-xml</password></instance>"
    api.post("/instances.xml", data=xml, headers={"Content-Type": "application/xml"})
    api.post("/instances.xml", data=xml, headers=form)
    api.post("/instances", data=f'{{"password": "{password}-broken"', headers=JSON)
    api.post("/instances", data=f'{{"password": "{password}-labelled"}}', headers=form)
    api.post("/instances", files={"plan": (None, "nano"), "password": (None, f"{password}-multipart")})
    api.put(f"/instances/1?password={password}-query", json=made)
    api.put("/instances/1", json={"pasword": f"{password}-misspelt", "url": f"redis://a:{password}@h/"})
    api.get("/instances", auth=("username", f"{password}-wrong"))
    api.get(f"/{account}", headers={"X-Forwarded-User": account, "Referer": f"http://u:{password}@h/"})
    raw.send(api.url, raw.head(f"GET /instances?password={password}-raw HTTP/1.1\nTransfer-Encoding: x"))
    raw.send(api.url, raw.head(f'{{"password": "{password}-line"}}'))
    listed = api.get("/instances.json").json()
    api.get("/instances.xml")
    commands = [made["config_command"]] if "config_command" in made else []
    return [*commands, *(item["instance"]["password"] for item in listed)]


def assert_no_password(api: Served, account: str) -> None:
    given = everything_with(api, "s3CREt&<\"'+%é x", account)
    basic = base64.b64encode(f"username:{account}".encode()).decode()
    assert len(given) >= 3

    for shown in (
        api.get("/_rtgmock/requests").text,
        repr(list(api.emulator.requests)),
        json.dumps([entry.document() for entry in api.emulator.requests]),
    ):
        assert [secret for secret in ("s3CREt", account, basic, *given) if secret in shown] == []
        assert shown.count("/instances") > 10


@pytest.mark.parametrize("version", [2010, 2012])
def test_no_password_is_in_the_journal(serve: Serve, version: int) -> None:
    account = "the-4ccounts-own"
    assert_no_password(serve(accounts=(Credentials("username", account),), api=version), account)


@pytest.mark.parametrize("engine_name", ["process"], indirect=True)
def test_no_password_of_a_real_redis_is_in_the_journal(emulators: RedisEmulators) -> None:
    account = "the-4ccounts-own"
    api = emulators.start(accounts=(Credentials("username", account),))
    assert_no_password(api, account)


def test_time_is_the_emulators_own(api: Served) -> None:
    api.clock.advance(timedelta(days=1).total_seconds())
    api.get("/instances")
    assert asked(api)[0]["time"] == "2010-12-21T00:35:22Z"
