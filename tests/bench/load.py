"""The load on a server: one request again and again, by wrk or by a client in Python."""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tests.bench.http import HOST, TIMEOUT, Answer, BenchError
from tests.bench.processes import on_cores

if TYPE_CHECKING:
    from tests.bench.http import Request

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """What a load has found: requests a second, the 99th percentile of their latencies, and how many there were."""

    rate: float
    p99_ms: float
    count: int


class Client(Protocol):
    """Loads a server with a request over some connections for some seconds; is held to ``cores``."""

    def __call__(self, port: int, request: Request, connections: int, seconds: float, cores: str) -> Load: ...


def find_client() -> Client:
    """Return the best client that is installed."""
    return by_wrk if shutil.which("wrk") else by_sockets


def by_wrk(port: int, request: Request, connections: int, seconds: float, cores: str) -> Load:
    """Load a server with wrk, which is written in C and never the bottleneck. Raises BenchError."""
    headers = [part for name, value in request.headers.items() for part in ("-H", f"{name}: {value}")]
    options = ["-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--timeout", "30s", "--latency"]
    command = [*on_cores(cores), "wrk", *options, *headers, f"http://{HOST}:{port}{request.path}"]
    out = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*", out):
        raise BenchError(f"{request.path}: {failed[0]}")
    rate, count = re.search(r"Requests/sec: +([\d.]+)", out), re.search(r"(\d+) requests in", out)
    p99 = re.search(r"99% +([\d.]+)([a-z]+)", out)
    if not (rate and count and p99):
        raise BenchError(f"wrk printed something else: {out}")
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]], int(count[1]))


def by_sockets(port: int, request: Request, connections: int, seconds: float, cores: str) -> Load:
    """Load a server from this process, on any core: where wrk is not installed, with some 15,000 requests a second."""
    payload, latencies = request.encoded(port), []
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            _Caller(port, payload).register(selector)
        started = time.perf_counter()
        end = started + seconds
        while (now := time.perf_counter()) < end:
            for key, _ in selector.select(TIMEOUT):
                if latency := key.data.read():
                    latencies.append(latency)
        for key in list(selector.get_map().values()):
            key.data.close()
    if not latencies:
        raise BenchError(f"{request.path} was not answered within {seconds} s")
    latencies.sort()
    return Load(len(latencies) / (now - started), latencies[int(len(latencies) * 0.99)] * 1000, len(latencies))


class _Caller:
    """One connection, which sends the next request as soon as it has the answer to the one before."""

    def __init__(self, port: int, payload: bytes) -> None:
        self._connection = socket.create_connection((HOST, port), timeout=TIMEOUT)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._payload = payload
        self._send()

    def register(self, selector: selectors.BaseSelector) -> None:
        selector.register(self._connection, selectors.EVENT_READ, self)

    def read(self) -> float:
        """Read what has arrived; return the answer's latency once it is complete, else 0."""
        data = self._connection.recv(65536)
        if not data:
            raise BenchError("the server closed a connection that it should keep")
        if not self._answer.feed(data):
            return 0.0
        if self._answer.status >= 400:
            raise BenchError(f"a request was answered with {self._answer.status}")
        latency = time.perf_counter() - self._sent
        self._send()
        return latency

    def close(self) -> None:
        self._connection.close()

    def _send(self) -> None:
        self._answer, self._sent = Answer(), time.perf_counter()
        self._connection.sendall(self._payload)
