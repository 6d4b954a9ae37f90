"""What clients see after a change, of instances that were rendered before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.parsers import Credentials
from tests.support.control import control

if TYPE_CHECKING:
    from tests.conftest import Serve, Served

PATHS = ("/instances.json", "/instances.xml", "/instances/1.json", "/instances/1.xml")


def seen(api: Served) -> list[str]:
    """All that a client can read of instance 1."""
    return [api.get(path).text for path in PATHS]


def test_an_update_an_upgrade_and_a_new_status_are_seen_at_once(api: Served) -> None:
    api.create(label="first")
    seen(api)
    api.put("/instances/1.json", json={"label": "second"})
    assert all("second" in text and "first" not in text for text in seen(api))
    api.put("/instances/1.json", json={"plan": "mini"})
    assert all("mini" in text for text in seen(api))
    control(api, "POST", "instances/1/status", {"status": "failed"})
    assert all("failed" in text for text in seen(api))


@pytest.mark.parametrize("path", PATHS)
def test_an_instance_that_got_the_id_of_another_is_seen_at_once(api: Served, path: str) -> None:
    api.create(label="first")
    api.get(path)
    control(api, "PUT", "state", {"instances": [{"plan": "nano", "label": "second"}]})
    assert "second" in api.get(path).text
    api.delete("/instances/1.json")
    assert "second" not in api.get(path).text


def test_a_new_name_of_the_server_is_seen_at_once(serve: Serve) -> None:
    api = serve(hostname="{server}.example.org")
    api.create()
    state = control(api, "GET", "state").json()
    before = api.get("/instances/1.xml").text
    renamed = state | {"servers": [server | {"name": "renamed"} for server in state["servers"]]}
    control(api, "PUT", "state", renamed)

    assert "renamed.example.org" not in before
    assert "renamed.example.org" in api.get("/instances/1.xml").text


def test_each_client_sees_the_host_and_the_account_that_it_uses(serve: Serve) -> None:
    api = serve(accounts=(Credentials("a", "x"), Credentials("b", "y")))
    api.create()
    for _ in range(2):
        for host in ("127.0.0.1", "localhost"):
            assert api.get("/instances/1.json", headers={"Host": host}).json()["hostname"] == host
        assert api.get("/instances/1.json", auth=("b", "y")).status_code == 404


def test_the_clock_is_seen_in_the_next_change(api: Served) -> None:
    api.create()
    seen(api)
    api.clock.advance(1)
    api.put("/instances/1.json", json={"label": "second"})
    assert [text.count("2010-12-20T00:35:23Z") for text in seen(api)] == [1, 1, 1, 1]
