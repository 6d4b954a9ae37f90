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
