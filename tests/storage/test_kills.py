"""What was answered is kept after ``kill -9`` in the middle of writing."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.load import DEADLINE, Client, listed
from tests.support.rounds import rounds
from tests.support.state_files import stored_instances

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.command import Command

FEW = 2


class Worker:
    """A client that creates, updates and deletes until the emulator is gone, and notes what must be true then."""

    def __init__(self, name: str) -> None:
        self.labels: dict[int, set[str | None]] = {}
        """The labels that each instance of an answered create may have; None means that it may be deleted."""
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
        """Check that the instances shown agree with the notes, and note what they show."""
        for number, labels in self.labels.items():
            label = shown[number]["label"] if number in shown else None
            assert label in labels, f"instance {number} is {label}, expected {labels}"
            self.labels[number] = {label}

    def adopt(self, record: dict[str, Any]) -> bool:
        """Note an instance whose create was not answered; return false when it isn't this worker's."""
        if not self.unanswered or record["label"] != self.unanswered:
            return False
        self.labels[record["id"]] = {self.unanswered}
        self.unanswered = ""
        return True


def kill_repeatedly(command: Callable[..., Command], path: Path, delays: random.Random, count: int) -> None:
    """Kill the emulators of a state file while clients work, and check after each kill what was answered before."""
    workers = [Worker(name) for name in ("ann", "bob", "carl", "dora")]
    for _ in range(count):
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
        kept = stored_instances(path)
        assert all(len(record) == len(kept[min(kept)]) for record in kept.values())

    server = command("--state", str(path))
    final = listed(server.url)
    server.kill()
    for worker in workers:
        worker.settle(final)
    # In a few rounds on a busy machine, no more than the first create of each may be certain.
    assert sum(len(worker.labels) for worker in workers) > (count if count > FEW else 0)


@pytest.mark.long
@pytest.mark.parametrize("seed", [50, 51])
def test_what_was_answered_survives_kills_in_the_middle_of_writing(
    command: Callable[..., Command], tmp_path: Path, seed: int
) -> None:
    """Two times 25 kills in CI, and ten times as many in the long run."""
    delays = random.Random(seed)
    for turn in range(rounds(1, 10)):
        # Files of their own, since listing what all rounds have made would take longer each time.
        kill_repeatedly(command, tmp_path / f"state-{turn}.json", delays, rounds(FEW, 25, in_ci=25))
