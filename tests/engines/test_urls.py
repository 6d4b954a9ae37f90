"""What a create answers with: a URL that works at once, for every name that a client may send."""

from __future__ import annotations

import re
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import redis
import requests

from rtgmock.network import listening_hosts
from rtgmock.settings.parsers import Credentials
from tests.conftest import AUTH
from tests.support.ports import free_ports, is_port_free
from tests.support.redis_client import answers, ask, connection, redis_cli
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from tests.conftest import Serve
    from tests.support.redis_emulators import RedisEmulators

needs_ipv6 = pytest.mark.skipif(listening_hosts("localhost") == ("127.0.0.1",), reason="this machine has no IPv6")
pytest_plugins = ["tests.support.redis_fixtures"]

ODD = "\"qu'ote\\ # $x %20 Größe ロブスター \U0001f980"


def test_a_create_answers_with_a_url_that_works_at_once(emulators: RedisEmulators) -> None:
    made = emulators.start().create()

    assert made["port"] == emulators.ports[0]
    assert made["url"] == f"redis://username:{made['password']}@127.0.0.1:{made['port']}/"
    assert ask(made["url"], "PING") is True
    assert ask(made["url"], "ACL", "WHOAMI") == "username"


def test_the_version_is_that_of_the_redis_which_runs(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()

    info = ask(made["url"], "INFO", "server")
    version = info.get("valkey_version", info["redis_version"])
    assert made["version"] == version
    assert api.get("/instances/1.json").json()["version"] == version
    assert re.search(f"<version>{version}</version>", api.get("/instances/1.xml").text)


def test_a_client_may_send_each_of_the_users_with_the_password(emulators: RedisEmulators) -> None:
    made = emulators.start().create()

    for user in ("", "username", "redistogo", "nodejitsu", "default"):
        url = f"redis://{user}:{made['password']}@127.0.0.1:{made['port']}"
        assert ask(url, "SET", "key", user)
        assert ask(url, "GET", "key") == user


def test_a_wrong_password_and_none_are_refused(emulators: RedisEmulators) -> None:
    made = emulators.start().create()
    place = f"127.0.0.1:{made['port']}"

    for wrong in (f"redis://:wrong@{place}", f"redis://username:wrong@{place}", f"redis://redistogo:wrong@{place}"):
        with pytest.raises(redis.AuthenticationError, match=r"WRONGPASS|invalid"):
            ask(wrong, "PING")
    with pytest.raises(redis.AuthenticationError, match=r"(?i)authentic"):
        ask(f"redis://{place}", "PING")


def test_redis_cli_takes_the_url(emulators: RedisEmulators) -> None:
    if not shutil.which("redis-cli"):
        skip_or_fail("redis", "redis-cli is not installed")
    made = emulators.start().create()

    assert redis_cli("--no-auth-warning", "-u", made["url"], "ping") == "PONG"


def test_another_account_is_a_user_of_its_own_instance(emulators: RedisEmulators) -> None:
    api = emulators.start(accounts=(Credentials("mongrel", "secret"), Credentials("username", "password")))
    made = api.create()

    assert made["url"].startswith("redis://mongrel:")
    assert ask(made["url"], "ACL", "WHOAMI") == "mongrel"


@pytest.mark.parametrize(("name", "encoded"), [("a@b/c", "a%40b%2Fc"), ("Größe", "Gr%C3%B6%C3%9Fe"), ("x y", "x%20y")])
def test_a_client_that_does_not_decode_the_users_name_is_let_in(
    emulators: RedisEmulators, name: str, encoded: str
) -> None:
    made = emulators.start(accounts=(Credentials(name, "secret"),)).emulator.create(plan="nano")
    port, password = made["port"], made["password"]

    assert made["url"] == f"redis://{encoded}:{password}@127.0.0.1:{port}/"
    with redis.Redis(port=port, username=encoded, password=password) as client:
        assert client.acl_whoami() == encoded
    assert answers(f"redis://redistogo:{password}@127.0.0.1:{port}/")
    assert answers(made["url"]) == (" " not in name)  # such a name cannot be a user's


def test_any_password_works_from_a_create_and_from_an_update(emulators: RedisEmulators) -> None:
    api = emulators.start()
    second = api.create(password=ODD)
    assert second["password"] == ODD
    assert answers(second["url"])

    for password in ("\U0001f980" * 255, "#", '"', "\\x41", " a ", ODD):
        changed = api.put("/instances/1.json", json={"password": password})
        assert changed.status_code == 200, changed.text
        assert answers(changed.json()["url"]), password
    assert not answers(second["url"].replace("%F0", "%F1"))


def test_the_old_password_is_refused_for_every_user_once_it_is_changed(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()

    with connection(made["url"]) as client:
        assert client.ping()
        assert api.put("/instances/1.json", json={"password": "another"}).status_code == 200
        assert client.ping()
    for user in ("", "username", "redistogo", "nodejitsu"):
        assert answers(f"redis://{user}:another@127.0.0.1:{made['port']}")
        assert not answers(f"redis://{user}:{made['password']}@127.0.0.1:{made['port']}")


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::1"])
def test_the_url_works_wherever_the_emulator_listens(emulators: RedisEmulators, host: str) -> None:
    made = emulators.start(host=host).create()

    assert answers(made["url"])


@needs_ipv6
def test_an_instance_of_localhost_is_reached_at_both_loopback_addresses_and_its_url_has_a_name(
    emulators: RedisEmulators,
) -> None:
    api = emulators.start(host="localhost")
    made, port = api.create(), urlsplit(api.url).port

    asked = [f"http://{host}:{port}/instances/1.json" for host in ("[::1]", "127.0.0.1", "localhost")]
    urls = [api.session.get(url, timeout=10).json()["url"] for url in asked]

    assert [urlsplit(url).hostname for url in urls] == ["localhost", "127.0.0.1", "localhost"]
    for host in ("127.0.0.1", "[::1]", "localhost"):
        assert answers(f"redis://redistogo:{made['password']}@{host}:{made['port']}/")
    restarted = api.put("/instances/1.json", json={"databases": 2})
    assert restarted.status_code == 200
    assert answers(urls[0])


@needs_ipv6
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_that_is_taken_at_either_loopback_address_is_passed_over(
    emulators: RedisEmulators, family: socket.AddressFamily, host: str
) -> None:
    api = emulators.start(host="localhost")
    with socket.create_server((host, emulators.ports[0]), family=family):
        made = api.create()

    assert made["port"] == emulators.ports[1]


def test_a_delete_removes_the_redis_and_frees_the_port(emulators: RedisEmulators) -> None:
    api = emulators.start(state=emulators.state)
    made = api.create()
    assert emulators.running() == 1

    assert api.delete("/instances/1").status_code == 200

    assert not answers(made["url"])
    assert (emulators.running(), emulators.containers(), emulators.volumes()) == (0, [], [])
    assert not emulators.home(1).exists()
    assert is_port_free(made["port"])
    assert api.create()["port"] == made["port"]
    api.delete("/instances/2")


def test_a_port_that_is_taken_is_passed_over(emulators: RedisEmulators) -> None:
    first = emulators.start().create()
    second = emulators.start().create()

    assert [first["port"], second["port"]] == list(emulators.ports[:2])
    assert answers(first["url"])
    assert answers(second["url"])


def test_twenty_instances_are_created_and_deleted_at_once(emulators: RedisEmulators) -> None:
    emulators.ports = free_ports(20)
    api = emulators.start()

    def post(_: int) -> requests.Response:
        return requests.post(f"{api.url}/instances.json", json={"plan": "nano"}, auth=AUTH, timeout=60)

    def delete(number: int) -> requests.Response:
        return requests.delete(f"{api.url}/instances/{number}", auth=AUTH, timeout=60)

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(post, range(20)))
        assert {answer.status_code for answer in made} == {201}, made[0].text
        urls = [answer.json()["url"] for answer in made]
        assert all(pool.map(answers, urls))
        assert sorted(answer.json()["port"] for answer in made) == list(emulators.ports)
        assert sorted(answer.json()["id"] for answer in made) == list(range(1, 21))
        assert emulators.running() == 20
        assert {answer.status_code for answer in pool.map(delete, range(1, 21))} == {200}
        assert not any(pool.map(answers, urls))
    assert (emulators.running(), emulators.containers(), emulators.volumes()) == (0, [], [])


def test_without_an_engine_the_url_is_well_formed_and_nothing_listens(serve: Serve) -> None:
    made = serve(redis="off", ports=free_ports(1)).create()

    assert made["url"] == f"redis://username:{made['password']}@127.0.0.1:{made['port']}/"
    assert made["version"] == "v2.0.4-stable"
    with pytest.raises(redis.ConnectionError):
        ask(made["url"], "PING")
