"""A client that asks all the time, and notes how long each answer takes, beside hostile ones."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil

from tests.support import raw
from tests.support.load import exchange

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

SHOW = raw.head(f"GET /instances/1.json HTTP/1.1\n{raw.AUTHORIZED}\nConnection: keep-alive")
_FRESH_EVERY = 10
"""Every so many requests, one is sent on a connection of its own."""


@dataclass(frozen=True)
class Figures:
    """What a series of requests showed."""

    milliseconds: list[float]
    cpu_ms: float
    """CPU time of the server for each request."""
    memory: float
    """The most memory that the server has ever had, in MB."""

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        return sorted(self.milliseconds)[int(len(self.milliseconds) * 0.99)]

    def __str__(self) -> str:
        return (
            f"{len(self.milliseconds)} requests: median {self.median:.2f} ms, p99 {self.p99:.2f} ms, "
            f"most {max(self.milliseconds):.1f} ms, {self.cpu_ms:.2f} ms CPU each, {self.memory:.0f} MB"
        )


class GoodClient:
    """Asks for one instance, on one connection and now and then on a new one. Its answers must be right."""

    def __init__(self, url: str, pid: int) -> None:
        self._url = url
        self._process = psutil.Process(pid)
        self._connection: socket.socket | None = None

    def ask_until(self, is_over: Callable[[int], bool]) -> Figures:
        """Ask until ``is_over`` says so of the number of requests."""
        times: list[float] = []
        used = sum(self._process.cpu_times()[:2])
        while not is_over(len(times)):
            begun = time.perf_counter()
            self._ask(fresh=len(times) % _FRESH_EVERY == 0)
            times.append((time.perf_counter() - begun) * 1000)
        used = sum(self._process.cpu_times()[:2]) - used
        return Figures(times, used / len(times) * 1000, peak_memory(self._process.pid))

    def _ask(self, *, fresh: bool) -> None:
        if fresh:
            with raw.connect(self._url) as connection:
                assert _exchange(connection)
            return
        if self._connection is None or not _exchange(self._connection):
            # As HTTP clients do when an idle connection was closed: here, when there are too many connections.
            self.close()
            self._connection = raw.connect(self._url)
            assert _exchange(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection:
            self._connection.close()


def _exchange(connection: socket.socket) -> bool:
    """Return whether the connection gave an answer, rather than having been closed before."""
    received = exchange(connection, SHOW)
    assert not received or raw.is_whole(received), received
    assert not received or received.startswith(b"HTTP/1.1 200 "), received
    return bool(received)


def peak_memory(pid: int) -> float:
    """Return the most resident memory that a process has had, in MB. Linux only."""
    with open(f"/proc/{pid}/status") as file:  # noqa: PTH123
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmHWM"].split()[0]) / 1024
