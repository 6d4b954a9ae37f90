"""Requests by chance beside live Redis servers: these and the records agree, and the state can be read again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.support.command import until
from tests.support.generated_requests import RequestGenerator
from tests.support.generated_session import NOT_IMPLEMENTED, answered, errors, reset
from tests.support.instances import only_process
from tests.support.ports import free_ports
from tests.support.rounds import rounds
from tests.support.serve_process import call

if TYPE_CHECKING:
    from tests.support.command import Command
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

SEED = 3000
PORTS = 12
RUNS = rounds(1, 5)
REQUESTS = rounds(50, 3_000, in_ci=300)
"""Requests that each emulator is sent."""
BATCH = 50
"""Requests after which records and Redis servers are compared, and until the emulator is reset."""


@only_process
@pytest.mark.long
@pytest.mark.parametrize("run", range(RUNS))
def test_after_any_requests_each_running_instance_answers_and_nothing_else_is_left(
    emulators: RedisEmulators, run: int
) -> None:
    emulators.ports = free_ports(PORTS)
    server, _ = emulators.run("--log-format", "json")
    requests = RequestGenerator(SEED + run, with_faults=False, ports=emulators.ports)
    for _ in range(REQUESTS // BATCH):
        replies = answered(server, [requests.next() for _ in range(BATCH)])
        assert [reply for reply in replies if (reply.status or 0) >= 500 and reply.status != NOT_IMPLEMENTED] == []
        before = stored(server)
        assert_agreement(emulators, before)
        assert errors(server) == []
        server, _ = emulators.run("--log-format", "json")
        assert stored(server) == before
        assert_agreement(emulators, before)
        reset(server)
    assert errors(server) == []


def stored(server: Command) -> dict[int, dict[str, Any]]:
    """Return the instances of all accounts by id."""
    document = call("GET", f"{server.url}/_rtgmock/state").json()
    return {instance["id"]: instance for instance in document["instances"]}


def assert_agreement(emulators: RedisEmulators, instances: dict[int, dict[str, Any]]) -> None:
    """Assert that each instance that runs has a Redis that answers, and that no other one has a Redis or data."""
    running = [number for number, instance in instances.items() if instance["status"] == "running"]
    assert [number for number in running if not until(partial(pings, instances[number]))] == []
    folders = emulators.home(1).parent
    served = {int(Path(process.cwd()).name) for process in emulators.processes()}
    assert served >= set(running)
    assert {int(folder.name) for folder in folders.glob("[0-9]*")} | served <= instances.keys()


def pings(instance: dict[str, Any]) -> bool:
    """Return whether an instance's Redis answers with the instance's password."""
    try:
        with redis.Redis("127.0.0.1", instance["port"], password=instance["password"]) as client:
            return bool(client.ping())
    except redis.exceptions.MasterDownError:  # a replica that was told to answer so
        return True
    except redis.RedisError:
        return False
