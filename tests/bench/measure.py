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

from tests.bench.http import Answer, BenchError, send_ok
from tests.bench.load import find_client
from tests.bench.processes import CPU_STEP, BusyCores, Process
from tests.bench.results import BUSY, CYCLES, FREE, MEMORY_IDLE, MEMORY_USED, PINNED, STARTS, XML_8
from tests.bench.servers import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.http import Request
    from tests.bench.load import Client
    from tests.bench.results import LoadRows, Results, Row
    from tests.bench.servers import Server
    from tests.support.ports import PortBlock


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 5
    starts: int = 10
    """The starts of each server. They are short, so that a few would tell the machine's speed in that moment."""
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
class _Running:
    """A running server: its port, the request for what it shows, and the seconds that its start took."""

    process: Process
    port: int
    show: Request
    seconds: float


@dataclass(frozen=True)
class Measurement:
    """The measurement of one server in one round."""

    server: Server
    package: Path
    plan: Plan
    results: Results
    ports: PortBlock

    def pinned(self, *, last: bool) -> None:
        """Measure cycles, answers and memory, with the server held to one core and the client to another."""
        with self._running(_SERVER_CORE) as server:
            self._add(MEMORY_IDLE, server.process.memory())
            self._cycles(server.port)
            self._warm(server, _CLIENT_CORE)
            self._rates(server, _CLIENT_CORE, PINNED)
            if self.server.show_xml:
                found = self.plan.client(server.port, self.server.show_xml, 8, self.plan.seconds, _CLIENT_CORE)
                self._add(XML_8, found.rate)
            if last:
                self._use(server)
                self._add(MEMORY_USED, server.process.memory())

    def start(self) -> None:
        """Measure a start, with the server held to a core."""
        with self._running(_SERVER_CORE) as server:
            self._add(STARTS, server.seconds)

    def free(self) -> None:
        """Measure answers with every process on any core, and then while as many others keep all cores busy."""
        with self._running("") as server:
            self._warm(server, "")
            self._rates(server, "", FREE)
            with BusyCores(os.cpu_count() or 1):
                self._rates(server, "", BUSY)

    def _cycles(self, port: int) -> None:
        """Measure cycles of create, list, show, update and delete, each request on a new connection."""
        if self.server.cycle:
            started = time.perf_counter()
            for number in range(self.plan.cycles):
                self._cycle(port, number)
            self._add(CYCLES, time.perf_counter() - started)

    def _cycle(self, port: int, number: int) -> None:
        create, *others = self.server.cycle
        made = self._id(send_ok(port, _with_id(create, str(number))), str(number))
        for request in others:
            send_ok(port, _with_id(request, made))

    def _id(self, answer: Answer, otherwise: str) -> str:
        """Return the id of what a request has created."""
        found = re.search(self.server.id_pattern, answer.body)
        if found is None:
            raise BenchError(f"the answer to a create has no id: {answer.body[:200]!r}")
        return found[1].decode() if self.server.id_pattern else otherwise

    def _rates(self, server: _Running, cores: str, rows: LoadRows) -> None:
        alone = self.plan.client(server.port, server.show, 1, self.plan.seconds, cores)
        self._add(rows.rate_1, alone.rate)
        cpu_before, began = server.process.cpu_seconds(), time.perf_counter()
        found = self.plan.client(server.port, server.show, 8, self.plan.seconds, cores)
        cpu, seconds = server.process.cpu_seconds() - cpu_before, time.perf_counter() - began
        self._add(rows.rate_8, found.rate)
        self._add(rows.p99_8, found.p99_ms)
        self._add(rows.cores_8, cpu / seconds)
        self._add(rows.per_cpu_second_8, found.count / max(cpu, CPU_STEP))

    def _warm(self, server: _Running, cores: str) -> None:
        self.plan.client(server.port, server.show, 8, self.plan.warm_seconds, cores)

    def _use(self, server: _Running) -> None:
        """Make the requests after which the memory is measured, or as many as there is time for."""
        count, deadline = 0, time.monotonic() + self.plan.max_seconds
        while count < self.plan.requests and time.monotonic() < deadline:
            count += self.plan.client(server.port, server.show, 8, self.plan.seconds, _CLIENT_CORE).count
        if count < self.plan.requests:
            note = (
                f"{self.server.name} had {count:,} requests before its memory was measured, not {self.plan.requests:,}"
            )
            self.results.notes.append(note)

    @contextlib.contextmanager
    def _running(self, cores: str) -> Iterator[_Running]:
        """Give the running server, once there is what it shows."""
        with tempfile.TemporaryDirectory(prefix="rtgmock-bench-") as folder:
            place = Place(self.ports.take(2)[0], Path(folder), self.package)
            with Process(self.server.command(place), place.folder, cores) as process:
                seconds = process.await_answer(place.port, self.server.first)
                show = self.server.show
                for request in self.server.setup:
                    show = _with_id(show, self._id(send_ok(place.port, request), ""))
                send_ok(place.port, show)
                yield _Running(process, place.port, show, seconds)

    def _add(self, row: Row, value: float) -> None:
        self.results.add(row, self.server.name, value)


def _cores() -> tuple[str, str]:
    """Return the core of the servers and that of the client; empty ones where there is only one core."""
    return ("0", "1") if (os.cpu_count() or 1) > 1 else ("", "")


_SERVER_CORE, _CLIENT_CORE = _cores()


def _with_id(request: Request, value: str) -> Request:
    return replace(request, path=request.path.replace("{id}", value))
