"""An instance's status, set by the control API, and the mistakes in requests about one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.model.lifecycle import BootDelay
from tests.support.control import control

if TYPE_CHECKING:
    from tests.conftest import Serve, Served


@pytest.mark.parametrize("status", ["new", "starting", "running", "failed"])
def test_an_instance_gets_any_status_and_keeps_it(api: Served, status: str) -> None:
    api.create()

    answer = control(api, "POST", "instances/1/status", {"status": status})

    assert answer.json() == {"id": 1, "status": status}
    assert [api.get("/instances/1.json").json()["status"] for _ in range(3)] == [status] * 3
    assert control(api, "POST", "instances/1/status", {"status": "running"}).json()["status"] == "running"


def test_an_instance_that_is_starting_can_be_set_to_running(serve: Serve) -> None:
    api = serve(boot_delay=BootDelay(reads=5))
    api.create()

    control(api, "POST", "instances/1/status", {"status": "running"})

    assert api.get("/instances/1.json").json()["status"] == "running"


@pytest.mark.parametrize(
    ("path", "document", "message"),
    [
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
    [error] = answer.json()["errors"]
    assert message in error


@pytest.mark.parametrize("path", ["instances/7/status", "instances/7/redis"])
def test_an_unknown_instance_is_404_and_the_known_ones_are_named(api: Served, path: str) -> None:
    api.create()
    document = {"status": "failed"} if path.endswith("status") else {"action": "stop"}

    answer = control(api, "POST", path, document)

    assert answer.status_code == 404
    assert "there are 1" in answer.text


def test_the_instances_of_all_accounts_are_listed_with_the_url_for_this_client(serve: Serve) -> None:
    api = serve(accounts=["ann:a1", "bob:b2"], hostname="{server}.example.org")
    made = api.create(label="mongrel")
    other = api.post("/instances.json", json={"plan": "mini"}, auth=("bob", "b2")).json()
    server = other["label"].partition("-")[0]

    listed = control(api, "GET", "instances").json()["instances"]

    assert listed == [
        {
            "id": 1,
            "label": "mongrel",
            "plan": "nano",
            "status": "running",
            "url": made["url"],
            "account": "ann",
            "server": server,
        },
        {
            "id": 2,
            "label": f"{server}-9002",
            "plan": "mini",
            "status": "running",
            "url": f"redis://bob:{other['password']}@{server}.example.org:9002/",
            "account": "bob",
            "server": server,
        },
    ]


def test_the_list_counts_as_no_read_and_has_the_clients_own_host(serve: Serve) -> None:
    api = serve(boot_delay="2reads")
    api.create()

    for host in ("localhost", "127.0.0.1"):
        [one] = control(api, "GET", "instances", headers={"Host": host}).json()["instances"]
        assert one["url"].endswith(f"@{host}:9001/")
    assert api.get("/instances/1.json").json()["status"] == "starting"


def test_credentials_are_not_needed_for_the_list_but_wrong_ones_are_refused(serve: Serve) -> None:
    api = serve(accounts=["ann:a1", "bob:b2"])

    for auth, status in (((), 200), (("ann", "a1"), 200), (("bob", "b2"), 200), (("ann", "b2"), 401)):
        assert control(api, "GET", "instances", auth=auth or None).status_code == status
