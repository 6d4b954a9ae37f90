"""What it costs to look at many Redis servers twice a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.instances import only_process
from tests.support.ports import free_ports
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

MAX_SHARE = 0.04
"""Of a core, for eighty instances. It is less than half of that where nothing else runs."""


@pytest.mark.long
@only_process
def test_idle_instances_cost_little(emulators: RedisEmulators) -> None:
    count, seconds = rounds(10, 80), rounds(2, 30)
    block = free_ports(1)[0] // 100 * 100  # of which some may be in use
    emulators.ports = range(block, block + 100)
    command, api = emulators.run("--server-memory", "1GB")
    for _ in range(count):
        api.create(plan="nano")
    process = psutil.Process(command.process.pid)

    used, begun = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(seconds)
    share = (sum(process.cpu_times()[:2]) - used) / (time.monotonic() - begun)

    assert share < MAX_SHARE
