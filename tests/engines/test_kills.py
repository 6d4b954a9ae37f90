"""Everything is killed at a random moment, again and again, and no acknowledged write is lost."""

from __future__ import annotations

import contextlib
import random
import threading
from typing import TYPE_CHECKING

import psutil
import pytest
import redis

from tests.support.redis_client import ask, connection
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


class Writer(threading.Thread):
    """Increments a counter in one Redis until that is gone, and remembers the last acknowledged value."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.acknowledged = 0

    def run(self) -> None:
        with contextlib.suppress(redis.RedisError), connection(self.url) as client:
            while True:
                self.acknowledged = client.incr("count")


def servers(emulators: RedisEmulators) -> list[psutil.Process]:
    """Return the processes of the emulators' Redis servers, in containers or not."""
    if emulators.engine == "process":
        return emulators.processes()
    return [psutil.Process(one.attrs["State"]["Pid"]) for one in emulators.containers() if one.attrs["State"]["Pid"]]


@pytest.mark.long
def test_no_acknowledged_write_is_lost_when_everything_is_killed(emulators: RedisEmulators) -> None:
    command, api = emulators.run()
    # With appendfsync "everysec", Redis acknowledges writes that are not on the disk yet.
    urls = [api.create(plan="mini", appendfsync="always")["url"] for _ in range(3)]
    randomness = random.Random(7)

    for _ in range(rounds(4, 20)):
        writers = [Writer(url) for url in urls]
        for writer in writers:
            writer.start()
        threading.Event().wait(randomness.uniform(0.02, 0.2))
        running = servers(emulators)
        assert len(running) == len(urls)
        command.process.kill()
        for server in running:
            with contextlib.suppress(psutil.Error):
                server.kill()
        command.kill()
        for writer in writers:
            writer.join(20)

        command, api = emulators.run()
        for writer in writers:
            assert int(ask(writer.url, "GET", "count") or 0) >= writer.acknowledged
        assert emulators.running() == len(urls)

    known = api.call("GET", "/instances.json").json()
    assert [row["instance"]["status"] for row in known] == ["running"] * 3
