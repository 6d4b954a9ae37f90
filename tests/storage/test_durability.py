"""What was answered is kept: under many threads at once, after ``kill -9``, and through a stop under load."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest
from tinydb import TinyDB

from tests.conftest import AUTH
from tests.support import raw
from tests.support.rounds import rounds

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve
    from tests.support.command import Command

DEADLINE = 20.0
AUTHORIZATION = "Basic " + base64.b64encode(":".join(AUTH).encode()).decode()


class Client:
    """One connection that is kept. Raises OSError or HTTPException when it ends before an answer is whole."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE)

    def call(self, method: str, path: str, **attributes: Any) -> tuple[int, Any]:
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps(attributes) if attributes else None, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()


def stored(path: Path) -> dict[int, dict[str, Any]]:
    """The instances in a state file by id, read as anybody would read them."""
    with TinyDB(path) as database:
        return {record["id"]: dict(record) for record in database.table("instances")}


def listed(url: str) -> dict[int, dict[str, Any]]:
    """The instances by id, as a new client sees them."""
    with Client(url) as client:
        status, found = client.call("GET", "/instances.json")
    assert status == 200
    return {item["instance"]["id"]: item["instance"] for item in found}


@pytest.mark.long
def test_no_create_is_lost_when_twenty_threads_create_at_once(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    api = serve(state=path, ports=range(10001, 60000))
    deadline = time.monotonic() + rounds(1, 5)

    def create_until_the_deadline(_: int) -> list[tuple[int, Any]]:
        answers = []
        with Client(api.url) as client:
            while time.monotonic() < deadline:
                answers.append(client.call("POST", "/instances.json", plan="nano"))
        return answers

    with ThreadPoolExecutor(20) as pool:
        answers = [answer for answers in pool.map(create_until_the_deadline, range(20)) for answer in answers]

    assert {status for status, _ in answers} == {201}
    made = {record["id"]: record | {"status": "running"} for _, record in answers}
    assert len(made) == len(answers)
    assert len({record["port"] for record in made.values()}) == len(answers)
    assert listed(api.url).keys() == made.keys()
    api.close()
    kept = stored(path)
    assert kept.keys() == made.keys()
    for number, record in kept.items():
        assert record["boot"] is None
        assert {name: made[number][name] for name in record if name in made[number]}.items() <= record.items()


class Worker:
    """Creates, updates and deletes until the emulator is gone, and keeps book of what has to be true then."""

    def __init__(self, name: str) -> None:
        self.labels: dict[int, set[str | None]] = {}
        """What may be the label of each instance that was ever answered; None stands for being gone."""
        self.unanswered = ""
        """The label of a create whose answer never came."""
        self._name = name
        self._count = 0
        self._random = random.Random(name)

    def work(self, url: str, begun: threading.Event) -> None:
        self.unanswered = ""
        with Client(url) as client, contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                self._step(client)
                begun.set()

    def _step(self, client: Client) -> None:
        alive = [number for number, labels in self.labels.items() if None not in labels]
        action = self._random.choices([self._create, self._update, self._delete], [5, 3, 2])[0] if alive else None
        if action is None or action == self._create:
            self._create(client, 0)
        else:
            action(client, self._random.choice(alive))

    def _create(self, client: Client, _: int) -> None:
        self.unanswered = self._new_label()
        status, made = client.call("POST", "/instances.json", plan="nano", label=self.unanswered)
        assert status == 201
        assert made["id"] not in self.labels
        self.labels[made["id"]] = {self.unanswered}
        self.unanswered = ""

    def _update(self, client: Client, number: int) -> None:
        label = self._new_label()
        self.labels[number].add(label)
        status, _ = client.call("PUT", f"/instances/{number}.json", label=label)
        assert status == 200
        self.labels[number] = {label}

    def _delete(self, client: Client, number: int) -> None:
        self.labels[number].add(None)
        status, _ = client.call("DELETE", f"/instances/{number}.json")
        assert status == 200
        self.labels[number] = {None}

    def _new_label(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    def settle(self, shown: dict[int, dict[str, Any]]) -> None:
        """Compare the book with what there is, and go on from that."""
        for number, labels in self.labels.items():
            label = shown[number]["label"] if number in shown else None
            assert label in labels, f"instance {number} is {label}, expected {labels}"
            self.labels[number] = {label}

    def adopt(self, record: dict[str, Any]) -> bool:
        """Enter an instance that was made although the answer never came; false for one that isn't this worker's."""
        if not self.unanswered or record["label"] != self.unanswered:
            return False
        self.labels[record["id"]] = {self.unanswered}
        self.unanswered = ""
        return True


@pytest.mark.long
def test_what_was_answered_survives_kills_in_the_middle_of_writing(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    workers = [Worker(name) for name in ("ann", "bob", "carl", "dora")]
    delays = random.Random(50)
    for _ in range(rounds(8, 50)):
        server = command("--state", str(path), "--ports", "10001-59999")
        shown = listed(server.url)
        known = [number for worker in workers for number in worker.labels]
        assert len(known) == len(set(known))
        for worker in workers:
            worker.settle(shown)
        unknown = [record for number, record in shown.items() if number not in known]
        assert all(any(worker.adopt(record) for worker in workers) for record in unknown)
        assert len({record["port"] for record in shown.values()}) == len(shown)

        begun, never = threading.Event(), threading.Event()
        with ThreadPoolExecutor(len(workers)) as pool:
            working = [pool.submit(worker.work, server.url, begun) for worker in workers]
            assert begun.wait(DEADLINE)
            never.wait(delays.uniform(0.01, 0.08))
            server.kill()
        for future in working:
            future.result()
        kept = stored(path)
        assert all(len(record) == len(kept[min(kept)]) for record in kept.values())

    final = listed(command("--state", str(path)).url)
    for worker in workers:
        worker.settle(final)
    assert sum(len(worker.labels) for worker in workers) > rounds(16, 100)


def exchange(connection: socket.socket, request: bytes) -> bytes:
    """All of one answer, or as much of it as comes before the connection ends."""
    received = b""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(request)
    with contextlib.suppress(ConnectionResetError):
        while not is_whole(received) and (chunk := connection.recv(65536)):
            received += chunk
    return received


def is_whole(received: bytes) -> bool:
    if b"\r\n\r\n" not in received:
        return False
    answer = raw.parse(received)
    return len(answer.body) == int(answer.headers["content-length"])


def create_until(over: threading.Event, url: str, prefix: str, begun: threading.Event) -> list[bytes]:
    """What came back for each create over one connection, which ends when it is closed or all is ``over``."""
    came: list[bytes] = []
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError), raw.connect(url, DEADLINE) as connection:
        while not over.is_set() and not (came and came[-1] == b""):
            came.append(exchange(connection, create_request(f"{prefix}-{len(came)}", "keep-alive")))
            begun.set()
    return came


def create_until_refused(url: str, prefix: str, begun: threading.Event) -> list[bytes]:
    """What came back for each create, each over a connection of its own, until there are no more connections."""
    came: list[bytes] = []
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            with raw.connect(url, DEADLINE) as connection:
                came.append(exchange(connection, create_request(f"{prefix}-{len(came)}", "close")))
            begun.set()
    return came


def create_request(label: str, ending: str) -> bytes:
    body = json.dumps({"plan": "nano", "label": label}).encode()
    fields = f"Host: localhost\nAuthorization: {AUTHORIZATION}\nContent-Type: application/json\nConnection: {ending}"
    return raw.head(f"POST /instances.json HTTP/1.1\n{fields}", body)


@pytest.mark.long
def test_a_stop_under_load_answers_each_request_whole_or_not_at_all(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    delays = random.Random(5)
    answered: dict[int, str] = {}
    for turn in range(rounds(3, 10)):
        server = command("--state", str(path), "--ports", "10001-59999")
        begun, over = threading.Event(), threading.Event()
        with ThreadPoolExecutor(8) as pool:
            working = [pool.submit(create_until_refused, server.url, f"{turn}-new-{n}", begun) for n in range(6)]
            working += [pool.submit(create_until, over, server.url, f"{turn}-kept-{n}", begun) for n in range(2)]
            assert begun.wait(DEADLINE)
            over.wait(delays.uniform(0.01, 0.3))
            server.signal(signal.SIGTERM)
            over.set()
            assert server.wait() == 0
        came = [received for future in working for received in future.result() if received]
        assert all(is_whole(received) for received in came)
        answers = [raw.parse(received) for received in came]
        assert {answer.status for answer in answers} == {201}
        answered |= {made["id"]: made["label"] for made in (json.loads(answer.body) for answer in answers)}

        kept = {number: record["label"] for number, record in stored(path).items()}
        assert answered.items() <= kept.items()
        assert not server.ready_file.exists()
