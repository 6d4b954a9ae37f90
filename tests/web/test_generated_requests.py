"""Requests by chance, over sockets: each is answered in time and never with an error of ours, and nothing grows."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import psutil
import pytest

from tests.support.command import until
from tests.support.generated_requests import Generated, RequestGenerator
from tests.support.generated_session import answered, errors, reset
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.command import Command
    from tests.support.pipelining import Reply

SEED = 1000
RUNS = rounds(2, 10)
"""Emulators; every other one has faults."""
REQUESTS = rounds(1_000, 100_000, in_ci=10_000)
"""Requests that each of them is sent."""
BATCH = 250
"""Requests until the emulator is reset: a clock at the end of time or a full server would make all answers equal."""
MAX_SECONDS = 1.0
ATTEMPTS = 5
"""How often a request that was slow is sent alone: a busy machine is not slow for the same request each time."""
MAX_MEMORY_GROWTH = 24 * 2**20
"""Bytes by which the memory may grow in the second half of the requests: pieces of what was freed stay in use."""
MAX_THREADS = 24
"""The threads of pools start when they are first needed, and stay."""


class Footprint(NamedTuple):
    """What a process takes of the machine."""

    memory: int
    threads: int
    files: int


@pytest.mark.long
@pytest.mark.parametrize("run", range(RUNS))
def test_any_request_is_answered_at_once_and_leaves_nothing_behind(command: Callable[..., Command], run: int) -> None:
    server = command("--state", ":memory:", "--log-format", "json")
    session = Session(server, SEED + run, with_faults=run % 2 == 1)
    footprints = [footprint(server)]
    for _ in range(2):
        session.run(REQUESTS // 2)
        footprints.append(footprint(server))
    print(f"{session}, {', '.join(f'{one.memory / 2**20:.1f} MiB' for one in footprints)}")

    assert errors(server) == []
    _, middle, end = footprints
    assert end.memory - middle.memory < MAX_MEMORY_GROWTH
    assert end.threads <= MAX_THREADS
    assert end.files <= middle.files


class Session:
    """Sends requests to an emulator, and sees that each has its answer in time."""

    def __init__(self, server: Command, seed: int, *, with_faults: bool) -> None:
        self._server = server
        self._title = f"seed {seed}, {'with' if with_faults else 'without'} faults"
        self._with_faults = with_faults
        self._requests = RequestGenerator(seed, with_faults=with_faults)
        self._statuses: Counter[int | None] = Counter()
        self._seconds = 0.0

    def run(self, count: int) -> None:
        begun = time.monotonic()
        for number in range(0, count, BATCH):
            self._send([self._requests.next() for _ in range(min(BATCH, count - number))])
            reset(self._server)
        self._seconds += time.monotonic() - begun

    def _send(self, requests: list[Generated]) -> None:
        replies = answered(self._server, requests)
        self._statuses.update(reply.status for reply in replies)
        assert [reply for reply in replies if self._is_missing(reply)] == []
        slow = [reply.request for reply in replies if reply.seconds > MAX_SECONDS]
        assert [request for request in slow if is_slow(self._server, request)] == []

    def _is_missing(self, reply: Reply) -> bool:
        """Return whether there is no answer, though the request is whole and no fault drops or cuts an answer."""
        return reply.status is None and not (self._with_faults or reply.request.ends)

    def __str__(self) -> str:
        statuses = sorted(self._statuses.items(), key=lambda item: item[0] or 0)
        figures = f"{self._statuses.total()} requests in {self._seconds:.0f} s"
        return f"{self._title}: {figures}, {', '.join(f'{status}: {count}' for status, count in statuses)}"


def is_slow(server: Command, request: Generated) -> bool:
    """Return whether a request takes long each time that it is sent alone."""
    seconds: list[float] = []
    while len(seconds) < ATTEMPTS and min(seconds, default=MAX_SECONDS) >= MAX_SECONDS:
        reset(server)
        seconds += [reply.seconds for reply in answered(server, [request])]
    return min(seconds) >= MAX_SECONDS


def footprint(server: Command) -> Footprint:
    """Return what the server takes once it has no connection."""
    process = psutil.Process(server.process.pid)
    assert until(lambda: len(process.net_connections("tcp")) == 1)
    return Footprint(process.memory_info().rss, process.num_threads(), process.num_fds())
