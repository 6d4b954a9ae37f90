"""The guard that keeps web pages out, on every route."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.support import raw

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

ROUTES = ["GET /instances.json", "POST /instances", "DELETE /instances/1.xml", "GET /_rtgmock/health", "GET /nowhere"]
AUTHORIZED = "Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQ="


def send(api: Served, line: str, *headers: str) -> raw.Answer:
    return raw.send(api.url, raw.head("\n".join([f"{line} HTTP/1.1", AUTHORIZED, *headers])))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "127.0.0.1:9",
        "192.168.7.8",
        "[::1]:8080",
        "[fe80::1]",
        "::1:8080",
        "::1",
        "fe80::1:8080",
        "::ffff:127.0.0.1:80",
        "1:2:3:4:5:6:7:8",
        "app.localhost",
        "host.docker.internal:8080",
        "api.test",
        socket.gethostname(),
        "emulator.example.net",
        "one.example.com",
        "any.other.example.com",
        "redis.example.org",
    ],
)
def test_a_known_host_is_answered(serve: Serve, host: str) -> None:
    api = serve(allow_hosts=("emulator.example.net", ".example.com"), hostname="redis.example.org")
    assert send(api, "GET /instances", f"Host: {host}").status == 200


@pytest.mark.parametrize("host", ["redistogo.com", "RedisToGo.com:443", "www.redistogo.com"])
def test_the_service_s_own_name_is_answered_when_its_certificate_must_be_ours(serve: Serve, host: str) -> None:
    refused = send(serve(), "GET /instances", f"Host: {host}")
    assert refused.status == 403
    assert "--allow-host" in refused.text

    assert send(serve(allow_hosts=(host.lower().partition(":")[0],)), "GET /instances", f"Host: {host}").status == 200
    assert serve(tls=True).get("/instances.json", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["rtgmock", "my_service:80"])
def test_a_name_without_a_dot_is_answered_where_others_than_this_machine_can_ask(serve: Serve, host: str) -> None:
    assert send(serve(), "GET /instances", f"Host: {host}").status == 403
    assert send(serve(host="0.0.0.0"), "GET /instances", f"Host: {host}").status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "0.0.0.0:8080", "[::]", "[::0]:80", ":::8080", "::"])
def test_the_address_of_no_machine_is_forbidden(serve: Serve, host: str) -> None:
    refused = send(serve(host="0.0.0.0"), "GET /instances", f"Host: {host}")

    assert refused.status == 403
    assert "127.0.0.1" in refused.text


@pytest.mark.parametrize(
    "line",
    [*ROUTES, "HEAD /instances", "GET /instances/1", "PUT /_rtgmock/state", "GET /_rtgmock/openapi.json", "GARBAGE"],
)
def test_every_answer_tells_browsers_to_keep_it_from_other_pages(api: Served, line: str) -> None:
    answer = send(api, line, "Host: localhost")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("line", ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "redistogo.com.evil.com",
        "127.0.0.1.nip.io:8080",
        "127.1",
        "localhost.evil.com",
        "evil-test",
        "test",
        "internal",
        "evil.example.com.test.com",
    ],
)
def test_another_host_is_forbidden(api: Served, line: str, host: str) -> None:
    answer = send(api, line, f"Host: {host}")

    assert answer.status == 403
    assert f"--allow-host {host.partition(':')[0]}" in answer.text
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("line", ROUTES)
@pytest.mark.parametrize(
    "header",
    [
        "Origin: https://evil.example.com",
        "Origin: null",
        "Origin: http://localhost",
        "Origin: http://localhost:81",
        "Origin: https://localhost:80",
        "Origin: http://localhost:80.evil.com",
        "Origin: ",
        "Origin: http://[",
        "Origin: http://[]",
        "Origin: http://a]b",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: Cross-Site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_a_page_of_another_origin_is_forbidden(api: Served, line: str, header: str) -> None:
    answer = send(api, line, "Host: localhost:8080", header)

    assert answer.status == 403
    assert "web page" in answer.text


def test_a_page_of_the_same_origin_is_allowed(api: Served) -> None:
    same_origin = ("Origin: http://localhost:8080", "Sec-Fetch-Site: same-origin")
    assert send(api, "GET /instances", "Host: localhost:8080", *same_origin).status == 200
    assert send(api, "GET /instances", "Host: localhost:80", "Origin: http://localhost").status == 200
    assert send(api, "GET /instances", "Host: localhost", "Sec-Fetch-Site: none").status == 200


@pytest.mark.parametrize("line", ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "http://localhost",
        "localhost:port",
        "[::1",
        "[::1]x",
        "lôcalhost",
        "a/b",
        ":::1:8080",
        "::1%lo:80",
        "evil.example.com:1:80",
        "1:2:3:4:5:6:7:8:9:80",
        ":8080",
    ],
)
def test_a_host_that_cannot_be_read_is_bad(api: Served, line: str, host: str) -> None:
    assert send(api, line, f"Host: {host}").status == 400


@pytest.mark.parametrize("line", ROUTES)
@pytest.mark.parametrize("host", ["[:::]", "[:]", "[1.2.3]", "[::ffff:1.2.3.4.5]:80"])
@pytest.mark.parametrize("origin", ["http://[:::]", "http://[", "http://localhost", "null", "http://[::1]:99999"])
def test_a_host_that_is_no_address_is_refused_with_any_origin(api: Served, line: str, host: str, origin: str) -> None:
    answer = send(api, line, f"Host: {host}", f"Origin: {origin}")

    assert answer.status in {400, 403}
    assert api.get("/instances.json").status_code == 200


def test_http_1_1_needs_a_host(api: Served) -> None:
    assert send(api, "GET /instances").status == 400

    old = raw.send(api.url, raw.head(f"POST /instances.json HTTP/1.0\n{AUTHORIZED}", b"plan=nano"))
    assert old.status == 201
    assert b'"hostname":"127.0.0.1"' in old.body


@pytest.mark.parametrize(
    ("host", "hostname", "in_url"),
    [
        ("localhost:8080", "localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("[fe80::1]:8080", "fe80::1", "[fe80::1]"),
        ("[::1]:8080", "localhost", "localhost"),
        ("::1:8080", "localhost", "localhost"),
        ("fe80::1:8080", "fe80::1", "[fe80::1]"),
        ("RedisToGo.com", "redistogo.com", "redistogo.com"),
        ("rtgmock:80", "rtgmock", "rtgmock"),
    ],
)
def test_urls_have_the_host_that_the_client_used(serve: Serve, host: str, hostname: str, in_url: str) -> None:
    api = serve(host="0.0.0.0", allow_hosts=("redistogo.com",))
    api.create()
    made = api.get("/instances/1.json", headers={"Host": host}).json()

    assert made["hostname"] == hostname
    assert made["url"] == f"redis://username:{made['password']}@{in_url}:9001/"


def test_a_url_has_an_address_that_only_ipv6_clients_reach_if_no_other_is_listened_on(serve: Serve) -> None:
    api = serve(host="::1")

    assert api.create()["url"].endswith("@[::1]:9001/")


def test_a_hostname_from_the_settings_is_in_all_urls(serve: Serve) -> None:
    api = serve(hostname="{server}.redistogo.com")
    made = api.create()

    server = made["label"].partition("-")[0]
    assert made["hostname"] == f"{server}.redistogo.com"
    assert f"@{server}.redistogo.com:9001/" in made["url"]
