"""Concurrent requests for one instance have the effect that they would have one after the other, in memory and file."""

from __future__ import annotations

import contextlib
import errno
import http.client
import math
import os
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.agreement import state_on_disk
from tests.support.linearizability import UNKNOWN, History, Operation, is_linearizable
from tests.support.load import Client
from tests.support.rounds import rounds
from tests.support.state_files import stored_instances

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Serve
    from tests.support.command import Command

GONE = "gone"
SHOWN = ("label", "timeout", "plan")
"""What the requests change, and what is compared."""
THREADS = 4


def apply(state: Any, request: Any, answer: Any) -> Any:
    """Return the instance after a request with an answer; None if the answer isn't right."""
    method, changes = request
    if state == GONE:
        return GONE if answer in (UNKNOWN, (404, None)) else None
    if answer == (500, None):  # nothing has changed
        return state if method != "GET" else None
    after = GONE if method == "DELETE" else tuple({**dict(zip(SHOWN, state, strict=True)), **dict(changes)}.values())
    expected = (200, None if after == GONE else after)
    return after if answer in (UNKNOWN, expected) else None


def shown(record: Any) -> Any:
    return tuple(record[name] for name in SHOWN) if record else None


class Worker:
    """A client that reads and changes instance 1, with values that no other request has."""

    def __init__(self, name: str, seed: int, history: History) -> None:
        self._name, self._history = name, history
        self._random = random.Random(f"{name}:{seed}")

    def work(self, url: str, count: int, may_delete: bool) -> None:
        with Client(url) as client:
            for number in range(count):
                self._send(client, self._request(number, may_delete))

    def work_until_the_end(self, url: str, begun: threading.Event) -> None:
        """Work until the emulator is gone, on at most as many requests as a history can be checked of."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.work(url, 8, may_delete=False)
            begun.set()
            self.work(url, 4, may_delete=False)

    def _request(self, number: int, may_delete: bool) -> tuple[str, tuple[tuple[str, Any], ...]]:
        kind = self._random.choices(["label", "both", "plan", "read", "delete"], [4, 2, 2, 3, may_delete])[0]
        value = f"{self._name}-{number}"
        match kind:
            case "label":
                return "PUT", (("label", value),)
            case "both":
                return "PUT", (("label", value), ("timeout", self._random.randrange(10**6)))
            case "plan":
                return "PUT", (("plan", self._random.choice(["nano", "mini", "small"])),)
        return ("GET" if kind == "read" else "DELETE"), ()

    def _send(self, client: Client, request: tuple[str, tuple[tuple[str, Any], ...]]) -> None:
        def perform() -> tuple[int, Any]:
            method, changes = request
            status, body = client.call(method, "/instances/1.json", **dict(changes))
            return status, shown(body)

        self._history.record(request, perform)


def final(record: Any, history: History) -> list[Operation]:
    """Return a history and, after all of it, what a file shows of the instance."""
    answer = (200, shown(record)) if record else (404, None)
    last = max(operation.called for operation in history.operations) + 10**6
    return [*history.operations, Operation(("GET", ()), answer, last, last + 1)]


def run(url: str, history: History, seed: int, count: int = 7) -> None:
    workers = [Worker(name, seed, history) for name in "abcd"[:THREADS]]
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(worker.work, url, count, seed % 3 == 0) for worker in workers]:
            done.result()


@pytest.mark.long
@pytest.mark.parametrize("fails", [False, True], ids=["a good disk", "a disk whose syncs fail"])
def test_concurrent_requests_are_linearizable(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    path = tmp_path / "state.json"
    api = serve(state=path)
    server = api.emulator._parts.server  # it must not cut a client that was suspended together with it
    server.limits = replace(server.limits, idle_seconds=math.inf, request_seconds=math.inf, answer_seconds=math.inf)
    sync, chance = os.fdatasync, random.Random(3)

    def sync_sometimes(descriptor: int) -> None:
        if chance.random() < 0.3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    outcomes = set()
    for seed in range(rounds(15, 1000, in_ci=60)):
        with Client(api.url) as client:
            assert client.call("POST", "/_rtgmock/reset")[0] == 200
            initial = shown(client.call("POST", "/instances.json", plan="nano")[1])
        history = History()
        with monkeypatch.context() as patch:
            if fails:
                patch.setattr(os, "fdatasync", sync_sometimes)
            run(api.url, history, seed)
        outcomes |= {operation.answer[0] for operation in history.operations}
        for instances in (state_on_disk(path)["instances"], api.emulator.store.instances()):
            assert is_linearizable(final(next(iter(instances), None), history), initial, apply), history
    assert outcomes == {200, 404, 500} if fails else {200, 404}


@pytest.mark.long
def test_requests_that_a_kill_interrupts_are_linearizable(command: Callable[..., Command], tmp_path: Path) -> None:
    path, delays = tmp_path / "state.json", random.Random(7)
    server = command("--state", str(path))
    with Client(server.url) as client:
        initial = shown(client.call("POST", "/instances.json", plan="nano")[1])
    for seed in range(rounds(2, 200, in_ci=10)):
        history, begun, never = History(), threading.Event(), threading.Event()
        workers = [Worker(name, seed, history) for name in "abcd"[:THREADS]]
        with ThreadPoolExecutor(THREADS) as pool:
            working = [pool.submit(worker.work_until_the_end, server.url, begun) for worker in workers]
            begun.wait(20)
            never.wait(delays.uniform(0, 0.005))
            server.kill()
        for done in working:
            done.result()
        server = command("--state", str(path))
        with Client(server.url) as client:
            kept = client.call("GET", "/instances/1.json")[1]
        assert stored_instances(path)[1]["label"] == kept["label"]
        assert is_linearizable(final(kept, history), initial, apply), history
        initial = shown(kept)


READ, OLD, NEW = ("GET", ()), ("a", 1, "nano"), ("b", 1, "nano")
RENAME = ("PUT", (("label", "b"),))


@pytest.mark.parametrize(
    ("history", "is_right"),
    [
        ([Operation(RENAME, (200, NEW), 0, 3), Operation(READ, (200, OLD), 1, 2)], True),
        ([Operation(RENAME, (200, NEW), 0, 3), Operation(READ, (200, NEW), 1, 2)], True),
        ([Operation(RENAME, (200, NEW), 0, 1), Operation(READ, (200, OLD), 2, 3)], False),
        ([Operation(RENAME, (200, NEW), 2, 3), Operation(READ, (200, NEW), 0, 1)], False),
        ([Operation(RENAME, UNKNOWN, 0), Operation(READ, (200, OLD), 2, 3)], True),
        ([Operation(RENAME, UNKNOWN, 0), Operation(READ, (200, NEW), 2, 3)], True),
        ([Operation(RENAME, UNKNOWN, 0), Operation(READ, (200, NEW), 2, 3), Operation(READ, (200, OLD), 4, 5)], False),
        ([Operation(RENAME, (500, None), 0, 3), Operation(READ, (200, NEW), 1, 2)], False),
        ([Operation(("DELETE", ()), (200, None), 0, 1), Operation(READ, (404, None), 2, 3)], True),
        ([Operation(("DELETE", ()), (200, None), 0, 1), Operation(READ, (200, OLD), 2, 3)], False),
        ([Operation(("DELETE", ()), (200, None), 0, 3), Operation(("DELETE", ()), (200, None), 1, 2)], False),
        ([Operation(("PUT", (("timeout", 2),)), (200, ("a", 2, "nano")), 0, 3), Operation(RENAME, (200, NEW), 1, 4),
          Operation(READ, (200, ("b", 2, "nano")), 5, 6)], False),
    ],
)  # fmt: skip
def test_the_check_tells_right_histories_from_wrong_ones(history: list[Operation], is_right: bool) -> None:
    assert is_linearizable(history, OLD, apply) is is_right


def test_a_client_gives_up_on_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.load.DEADLINE", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Client(f"http://127.0.0.1:{silent.getsockname()[1]}") as client,
        pytest.raises(TimeoutError, match=r"^nothing came for 0\.3 seconds$"),
    ):
        client.call("GET", "/instances.json")
