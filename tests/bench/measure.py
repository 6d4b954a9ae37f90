"""The measurements of one server: its start, its answers under load, its cycles and its memory."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.http import BenchError, send_ok
from tests.bench.load import find_client
from tests.bench.processes import BusyCores, Process
from tests.bench.results import (
    BUSY_1,
    BUSY_8,
    BUSY_P99,
    CYCLES,
    FREE_1,
    FREE_8,
    FREE_P99,
    MEMORY_IDLE,
    MEMORY_USED,
    P99_8,
    RATE_1,
    RATE_8,
    STARTS,
    XML_8,
)
from tests.bench.servers import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.http import Request
    from tests.bench.load import Client
    from tests.bench.results import Results, Row
    from tests.bench.servers import Server
    from tests.support.ports import PortBlock


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 5
    seconds: float = 4.0
    """The length of each load."""
    warm_seconds: float = 4.0
    """The length of the load before it, which is not measured: WireMock's virtual machine compiles meanwhile."""
    cycles: int = 200
    requests: int = 100_000
    """The requests before the memory is looked at again."""
    max_seconds: float = 60.0
    """The most that these may take: a slow peer gets fewer."""
    emulators: int = 50
    calls: int = 300
    """The requests of each repeat in the process."""
    repeats: int = 30
    client: Client = field(default_factory=find_client)
    """The client that makes the load."""


@dataclass(frozen=True)
class Measurement:
    """The measurement of one server in one round."""

    server: Server
    package: Path
    plan: Plan
    results: Results
    ports: PortBlock

    def pinned(self, *, last: bool) -> None:
        """Measure start, cycles, answers and memory, with the server held to one core and the client to another."""
        with self._running(_SERVER_CORE) as (process, port, seconds):
            self._add(STARTS, seconds)
            self._add(MEMORY_IDLE, process.memory())
            self._cycles(port)
            self._warm(port, _CLIENT_CORE)
            self._rates(port, _CLIENT_CORE, (RATE_1, RATE_8, P99_8))
            if self.server.show_xml:
                found = self.plan.client(port, self.server.show_xml, 8, self.plan.seconds, _CLIENT_CORE)
                self._add(XML_8, found.rate)
            if last:
                self._use(port)
                self._add(MEMORY_USED, process.memory())

    def free(self) -> None:
        """Measure answers with every process on any core, and then while as many others keep all cores busy."""
        with self._running("") as (_, port, _):
            self._warm(port, "")
            self._rates(port, "", (FREE_1, FREE_8, FREE_P99))
            with BusyCores(os.cpu_count() or 1):
                self._rates(port, "", (BUSY_1, BUSY_8, BUSY_P99))

    def _cycles(self, port: int) -> None:
        """Measure cycles of create, list, show, update and delete, each request on a new connection."""
        if self.server.cycle:
            started = time.perf_counter()
            for number in range(self.plan.cycles):
                self._cycle(port, number)
            self._add(CYCLES, time.perf_counter() - started)

    def _cycle(self, port: int, number: int) -> None:
        create, *others = self.server.cycle
        answer = send_ok(port, _with_id(create, str(number)))
        found = re.search(self.server.cycle_id, answer.body)
        if found is None:
            raise BenchError(f"the answer to {create.method} {create.path} has no id")
        made = found[1].decode() if self.server.cycle_id else str(number)
        for request in others:
            send_ok(port, _with_id(request, made))

    def _rates(self, port: int, cores: str, rows: tuple[Row, Row, Row]) -> None:
        for connections, row in zip((1, 8), rows, strict=False):
            found = self.plan.client(port, self.server.show, connections, self.plan.seconds, cores)
            self._add(row, found.rate)
        self._add(rows[2], found.p99_ms)

    def _warm(self, port: int, cores: str) -> None:
        self.plan.client(port, self.server.show, 8, self.plan.warm_seconds, cores)

    def _use(self, port: int) -> None:
        """Make the requests after which the memory is measured, or as many as there is time for."""
        count, deadline = 0, time.monotonic() + self.plan.max_seconds
        while count < self.plan.requests and time.monotonic() < deadline:
            count += self.plan.client(port, self.server.show, 8, self.plan.seconds, _CLIENT_CORE).count
        if count < self.plan.requests:
            note = (
                f"{self.server.name} had {count:,} requests before its memory was measured, not {self.plan.requests:,}"
            )
            self.results.notes.append(note)

    @contextlib.contextmanager
    def _running(self, cores: str) -> Iterator[tuple[Process, int, float]]:
        """Give the running server with what it shows, its port, and the seconds that its start took."""
        with tempfile.TemporaryDirectory(prefix="rtgmock-bench-") as folder:
            place = Place(self.ports.take(2)[0], Path(folder), self.package)
            with Process(self.server.command(place), place.folder, cores) as process:
                seconds = process.await_answer(place.port, self.server.first)
                for request in self.server.setup:
                    send_ok(place.port, request)
                send_ok(place.port, self.server.show)
                yield process, place.port, seconds

    def _add(self, row: Row, value: float) -> None:
        self.results.add(row, self.server.name, value)


def _cores() -> tuple[str, str]:
    """Return the core of the servers and that of the client; empty ones where there is only one core."""
    return ("0", "1") if (os.cpu_count() or 1) > 1 else ("", "")


_SERVER_CORE, _CLIENT_CORE = _cores()


def _with_id(request: Request, value: str) -> Request:
    return replace(request, path=request.path.replace("{id}", value))
