"""HTTP Basic authentication, and the separation of accounts."""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.parsers import Credentials
from tests.support import raw

if TYPE_CHECKING:
    from requests import PreparedRequest

    from tests.conftest import Serve, Served

ALICE, BOB = Credentials("alice", "wonder:land"), Credentials("bøb", "größer 🦞")


@pytest.fixture
def two_accounts(serve: Serve) -> Served:
    return serve(accounts=(ALICE, BOB))


def header(account: Credentials) -> str:
    return "Basic " + base64.b64encode(f"{account.name}:{account.password}".encode()).decode()


def test_each_account_has_a_user_id_and_its_name_in_its_urls(two_accounts: Served) -> None:
    alices = two_accounts.post(
        "/instances.json", json={"plan": "nano"}, headers={"Authorization": header(ALICE)}, auth=without_session_auth
    )
    bobs = two_accounts.post(
        "/instances.json", json={"plan": "nano"}, headers={"Authorization": header(BOB)}, auth=without_session_auth
    )

    assert (alices.json()["user_id"], bobs.json()["user_id"]) == (1, 2)
    assert alices.json()["url"].startswith("redis://alice:")
    assert bobs.json()["url"].startswith("redis://b%C3%B8b:")
    assert (alices.json()["id"], bobs.json()["id"]) == (1, 2)
    assert alices.json()["port"] != bobs.json()["port"]


def without_session_auth(request: PreparedRequest) -> PreparedRequest:
    return request


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_another_accounts_instance_is_not_found(two_accounts: Served, method: str) -> None:
    two_accounts.create(label="alices")
    before = two_accounts.get("/instances/1.json").json()
    as_bob = {"headers": {"Authorization": header(BOB)}, "auth": without_session_auth}

    answer = two_accounts.call(method, "/instances/1.json?label=bobs", **as_bob)

    assert answer.status_code == 404
    assert answer.text == two_accounts.call(method, "/instances/77.json", **as_bob).text.replace("77", "1")
    assert two_accounts.get("/instances.json", **as_bob).json() == []
    assert two_accounts.get("/instances/1.json").json() == before


@pytest.mark.parametrize(
    "given",
    [
        Credentials("alice", "wonder"),
        Credentials("alice", ""),
        Credentials("", "wonder:land"),
        Credentials("bøb", "wonder:land"),
        Credentials("alice", "wonder:land "),
        Credentials("Alice", "wonder:land"),
    ],
)
def test_wrong_credentials_are_denied(two_accounts: Served, given: Credentials) -> None:
    answer = two_accounts.get("/instances.json", headers={"Authorization": header(given)}, auth=without_session_auth)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "value", ["", "Basic", "Basic ", "Basic =", "Basic YWxpY2U=", "Digest username=alice", "Bearer x", "Basic \xff\xfe"]
)
def test_a_header_that_is_no_basic_auth_is_denied(two_accounts: Served, value: str) -> None:
    request = raw.head(f"GET /instances.json HTTP/1.1\nHost: localhost\nAuthorization: {value}")
    assert raw.send(two_accounts.url, request).status == 401


CAFE = Credentials("renée", "crème:brûlée")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_credentials_are_read_in_utf_8_or_latin_1(serve: Serve, encoding: str) -> None:
    api = serve(accounts=(CAFE, Credentials("other", "password")))
    login = base64.b64encode(f"{CAFE.name}:{CAFE.password}".encode(encoding)).decode()
    request = f"GET /instances.json HTTP/1.1\nHost: localhost\nAuthorization: Basic {login}"

    assert raw.send(api.url, raw.head(request)).status == 200
    assert api.log[-1]["account"] == CAFE.name


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_wrong_credentials_are_denied_in_either_encoding(serve: Serve, encoding: str) -> None:
    api = serve(accounts=(CAFE,))
    login = base64.b64encode("renée:creme:brûlée".encode(encoding)).decode()
    request = f"GET /instances.json HTTP/1.1\nHost: localhost\nAuthorization: Basic {login}"
    answer = raw.send(api.url, raw.head(request))

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="Application", charset="UTF-8"'


def test_a_name_is_the_same_account_in_either_encoding(serve: Serve) -> None:
    api = serve(accounts="any")
    user_ids = set()
    for encoding in ("utf-8", "latin-1"):
        login = base64.b64encode("renée:x".encode(encoding)).decode()
        request = f"POST /instances.json HTTP/1.1\nHost: localhost\nAuthorization: Basic {login}"
        answer = raw.send(api.url, raw.head(request, b"plan=nano"))
        user_ids.add(json.loads(answer.body)["user_id"])

    assert len(user_ids) == 1


def test_the_scheme_is_read_in_any_case(two_accounts: Served) -> None:
    lower = header(ALICE).replace("Basic", "basic")
    assert (
        two_accounts.get("/instances.json", headers={"Authorization": lower}, auth=without_session_auth).status_code
        == 200
    )


def test_every_account_is_compared_in_constant_time(two_accounts: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    real = hmac.compare_digest

    def record(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr("rtgmock.web.auth.hmac.compare_digest", record)
    # Not a list, for which the server looks the account up once more: it asks how many instances that has.
    two_accounts.get("/instances/1.json")
    two_accounts.get("/instances/1.json", auth=("nobody", "x"))

    assert len(compared) == 8
