"""``--account any``: every name is an account of its own."""

from __future__ import annotations

import base64
import json
import socket
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests

from rtgmock.cli.output import banner
from rtgmock.emulator import Emulator
from rtgmock.model.types import MAX_LENGTH
from rtgmock.storage.change_journal import ChangeJournal
from rtgmock.text import MB
from tests.support import raw
from tests.support.control import control
from tests.support.scaling import growth

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.service.provisioner import Provisioner
    from tests.conftest import Serve, Served

CONTROL = "is invalid: it has a control character, or one that XML cannot carry"
NAMED = ("any", "bob:builder-of-all")


def call(api: Served, method: str, path: str, name: str, password: str = "x", **options: Any) -> requests.Response:
    login = base64.b64encode(f"{name}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"}
    return requests.request(method, api.url + path, headers=headers, timeout=10, **options)


def create(api: Served, name: str, **attributes: Any) -> dict[str, Any]:
    answer = call(api, "POST", "/instances.json", name, json={"plan": "nano", **attributes})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def ids(api: Served, name: str) -> list[int]:
    return [item["instance"]["id"] for item in call(api, "GET", "/instances.json", name).json()]


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(accounts="any")


@pytest.mark.parametrize("name", ["worker-1", "any", "bøb", "a b", "n" * MAX_LENGTH, "'\"\\$(x)", "🦞"])
def test_every_name_is_an_account_of_its_own(api: Served, name: str) -> None:
    made, other = create(api, name), create(api, "other")

    assert (ids(api, name), ids(api, "other")) == ([made["id"]], [other["id"]])
    for method in ("GET", "PUT", "DELETE"):
        answer = call(api, method, f"/instances/{other['id']}.json?timeout=7", name)
        assert answer.status_code == 404
        missing = call(api, method, "/instances/9.json?timeout=7", name).text
        assert answer.text == missing.replace("instance 9", f"instance {other['id']}")


def test_any_password_will_do_each_time(api: Served) -> None:
    create(api, "ann")

    answers = [call(api, "GET", "/instances/1.json", "ann", password) for password in ("", "x", "wrong:er", "größer")]

    assert [answer.status_code for answer in answers] == [200] * 4


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("", "every name is an account here, but the request has none"),
        (
            "n" * (MAX_LENGTH + 1),
            f"every name is an account here, but the request's is too long (maximum is {MAX_LENGTH} characters)",
        ),
        ("a\tb", f"every name is an account here, but the request's {CONTROL}"),
        ("a\u2028b", "every name is an account here, but the request's has a character that cannot be printed"),
    ],
)
def test_what_cannot_be_a_name_is_refused_with_a_hint(api: Served, name: str, hint: str) -> None:
    answer = call(api, "POST", "/instances.json", name, json={"plan": "nano"})

    assert (answer.status_code, answer.text) == (401, "HTTP Basic: Access denied.\n")
    assert answer.headers["X-Rtgmock-Hint"] == hint
    assert control(api, "GET", "state").json()["instances"] == []


def test_a_request_without_credentials_is_refused_with_a_hint(api: Served) -> None:
    answer = requests.get(f"{api.url}/instances.json", timeout=10)

    assert answer.status_code == 401
    assert answer.headers["X-Rtgmock-Hint"] == "every name is an account here, but the request has none"


def test_a_named_account_keeps_its_password(serve: Serve) -> None:
    api = serve(accounts=NAMED)
    create(api, "ann")

    refused = call(api, "GET", "/instances.json", "bob", "x")

    assert refused.status_code == 401
    assert "X-Rtgmock-Hint" not in refused.headers
    assert call(api, "GET", "/instances.json", "bob", "builder-of-all").json() == []
    assert ids(api, "bobby") == []


def test_what_reads_or_is_refused_writes_nothing(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(accounts="any", state=tmp_path / "state.json")
    written: list[object] = []
    monkeypatch.setattr(ChangeJournal, "append", lambda _, changes, base: written.append(changes))

    for number in range(20):
        name = f"worker-{number}"
        assert ids(api, name) == []
        assert call(api, "GET", "/instances/1.json", name).status_code == 404
        assert call(api, "PUT", "/instances/1.json", name, json={"timeout": 7}).status_code == 404
        assert call(api, "POST", "/instances.json", name, json={"plan": "x"}).status_code == 422

    assert written == []
    assert list(api.emulator.store.accounts()) == ["username"]


def test_accounts_are_kept_over_a_restart(serve: Serve, tmp_path: Path) -> None:
    first = serve(accounts="any", state=tmp_path / "state.json")
    made = {name: create(first, name) for name in ("ann", "bøb")}
    first.emulator.store._storage.abandon()  # as a kill -9 leaves it

    second = serve(accounts="any", state=tmp_path / "state.json", ports=range(9001, 9010))

    for name, record in made.items():
        shown = call(second, "GET", f"/instances/{record['id']}.json", name).json()
        assert shown["user_id"] == record["user_id"]
        assert ids(second, name) == [record["id"]]


@pytest.mark.parametrize("path", ["/instances.json", "/instances/2.json", "/instances/3.json"])
def test_what_an_account_is_shown_does_not_tell_how_many_others_there_are(serve: Serve, path: str) -> None:
    answers = set()
    for others in (1, 50):
        api = serve(accounts="any", ports=range(9001, 9100), random_seed=1)
        create(api, "first")
        create(api, "ann")
        for number in range(others):
            create(api, f"other-{number}")
        answer = call(api, "GET", path, "ann")
        answers.add((answer.status_code, answer.text.replace(str(api.emulator.config.port), ""), *answer.headers))

    assert len(answers) == 1


def test_each_account_has_servers_of_its_own(serve: Serve) -> None:
    api = serve(accounts="any", server_memory=30 * MB)
    anns = [create(api, "ann") for _ in range(3)]
    bobs = [create(api, "bob") for _ in range(3)]

    assert {one["server_id"] for one in anns}.isdisjoint(one["server_id"] for one in bobs)
    for name, made in (("ann", anns), ("bob", bobs)):
        upgraded = call(api, "PUT", f"/instances/{made[0]['id']}.json", name, json={"plan": "mini"})
        assert upgraded.status_code == 200, upgraded.text
        refused = call(api, "PUT", f"/instances/{made[1]['id']}.json", name, json={"plan": "mini"})
        assert "has 0 bytes free" in refused.text


def test_a_server_that_is_empty_again_is_given_to_another_account(serve: Serve) -> None:
    api = serve(accounts="any")
    for number in range(3):
        made = create(api, f"worker-{number}")
        assert made["server_id"] == 1
        call(api, "DELETE", f"/instances/{made['id']}.json", f"worker-{number}")


def test_a_fixture_may_name_any_account(serve: Serve, tmp_path: Path) -> None:
    rows = [{"plan": "nano"}, *({"plan": "nano", "account": name} for name in ("ann", "ann", "bob"))]
    (tmp_path / "fixture.json").write_text(json.dumps({"instances": rows}))
    api = serve(accounts="any", fixture=tmp_path / "fixture.json")

    assert {name: ids(api, name) for name in ("username", "ann", "bob")} == {"username": [1], "ann": [2, 3], "bob": [4]}
    servers = [record["server_id"] for record in api.emulator.store.instances()]
    assert servers[1] == servers[2]
    assert len({*servers}) == 3


def test_a_password_of_any_is_not_shown(api: Served) -> None:
    answer = call(api, "POST", "/instances.json?label=secret-of-ann", "ann", "secret-of-ann", json={"plan": "nano"})

    assert answer.status_code == 201
    shown = json.dumps(control(api, "GET", "requests").json())
    assert "ann" in shown
    assert base64.b64encode(b"ann:secret-of-ann").decode() not in shown


def test_in_python_the_first_account_is_the_default_one() -> None:
    with Emulator(accounts=["any"]) as emulator:
        made = emulator.create(plan="nano")
        shown = requests.get(f"{emulator.url}/instances.json", auth=("username", "whatever"), timeout=10).json()

        assert (emulator.username, emulator.password) == ("username", "password")
        assert [item["instance"]["id"] for item in shown] == [made["id"]]


def test_the_banner_says_who_is_let_in(api: Served) -> None:
    printed = banner(api.emulator)

    assert "  account  any name, with any password\n" in printed
    assert f"-u username:password -d plan=nano {api.url}" in printed


def test_in_python_the_first_account_is_the_first_with_a_password() -> None:
    emulator = Emulator(accounts=[*NAMED, "ann:x"])

    assert (emulator.username, emulator.password) == ("bob", "builder-of-all")


@pytest.mark.parametrize(
    ("accounts", "login", "status"),
    [
        ("any", None, 401),
        ("any", ("username", "password"), 401),
        ("any", ("any", ""), 401),
        (NAMED, ("ann", "x"), 401),
        (NAMED, ("bob", "x"), 401),
        (NAMED, ("bob", "builder-of-all"), 200),
        ((*NAMED, "eve:x"), ("eve", "x"), 401),
    ],
)
def test_from_another_machine_the_control_api_needs_an_account_with_a_password(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, accounts: Any, login: tuple[str, str] | None, status: int
) -> None:
    api = serve(accounts=accounts)
    bridge = api.emulator._parts.server.bridge
    handle = bridge.application
    monkeypatch.setattr(
        bridge, "application", lambda environ, start: handle(environ | {"REMOTE_ADDR": "192.0.2.7"}, start)
    )

    for method, path in (("GET", "state"), ("POST", "reset"), ("GET", "requests"), ("GET", "faults")):
        answer = control(api, method, path, auth=login)
        assert answer.status_code == status
        if accounts == "any":
            assert "restart with --account any --account NAME:PASSWORD" in answer.text


def test_the_same_holds_for_a_client_that_comes_by_another_address_than_loopback(serve: Serve) -> None:
    addresses = [one.address for some in psutil.net_if_addrs().values() for one in some if one.family == socket.AF_INET]
    own = next((address for address in addresses if not address.startswith("127.")), None)
    if own is None:
        pytest.skip("the machine has no other address than loopback")
    for accounts, status in (("any", 401), (NAMED, 200)):
        api = serve(accounts=accounts, host="0.0.0.0")
        api.url = api.url.replace("127.0.0.1", own)

        assert ids(api, "ann") == []
        assert control(api, "POST", "reset", {"account": "ann"}, auth=("ann", "x")).status_code == 401
        login = ("bob", "builder-of-all")
        assert control(api, "POST", "reset", {"account": "ann"}, auth=login).status_code == status


def test_a_list_takes_the_same_time_beside_four_times_as_many_accounts(serve: Serve) -> None:
    def beside(count: int) -> Provisioner:
        api = serve(accounts="any", ports=range(10001, 60000))
        rows = [{"plan": "nano", "account": f"worker-{number}"} for number in range(count)]
        assert control(api, "PUT", "state", {"instances": rows}).status_code == 200
        return api.emulator._parts.provisioner

    def look(provisioner: Provisioner) -> None:
        [record] = provisioner.list("worker-1")
        assert provisioner.get("worker-1", record["id"]) == record
        assert provisioner.list("nobody") == []

    assert growth(look, beside, 500, enough=2) <= 2


def test_a_thousand_accounts_are_made(serve: Serve) -> None:
    api = serve(accounts="any", ports=range(10001, 20000))
    names = [f"worker-{number}" for number in range(1000)]
    made = [api.emulator._parts.provisioner.create(name, {"plan": "nano"}) for name in names]

    assert len({record["user_id"] for record in made}) == len({record["server_id"] for record in made}) == 1000
    head = raw.head("GET /instances.json HTTP/1.1\nHost: localhost\nAuthorization: Basic d29ya2VyLTc6")
    assert [item["instance"]["id"] for item in json.loads(raw.send(api.url, head).body)] == [made[7]["id"]]
