"""The engine with real Redis servers, which a runner runs as processes or containers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

import redis

from rtgmock.engines.base import Condition, Observation, RedisAction
from rtgmock.engines.redis import info, probe
from rtgmock.engines.redis.changes import ChangeApplier
from rtgmock.engines.redis.connections import Connections
from rtgmock.engines.redis.lifecycle import ServerLifecycle
from rtgmock.engines.redis.monitor import Monitor
from rtgmock.engines.redis.observations import Observations
from rtgmock.engines.redis.rewrites import RewriteTimes
from rtgmock.errors import EngineFailed
from rtgmock.model.attributes import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from rtgmock.engines.runner import Runner
    from rtgmock.model.types import Record

T = TypeVar("T")


class RedisEngine:
    """An Engine whose servers are real. The emulator keeps a connection to each of them."""

    real = True
    problem = ""

    def __init__(self, runner: Runner, api: int = DOCUMENTED) -> None:
        self.name = runner.name
        self.description = runner.description
        self.hostname = runner.hostname
        self._runner = runner
        self._connections = Connections(runner.address, runner.administrator)
        rewrites = RewriteTimes()
        self._lifecycle = ServerLifecycle(runner, self._connections, rewrites, api)
        self._observations = Observations()
        self._monitor = Monitor(self._connections, self._observations, rewrites, self._lifecycle)
        self._changes = ChangeApplier(runner, self._connections, self._lifecycle, self._observations, api)

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port that a new server can have; the runner may learn only at its start that it cannot."""
        return self._runner.free_port(candidates)

    def start(self, record: Record, account: str) -> str:
        """Start an instance's server, wait until it is ready, and return its version. Raises EngineFailed."""
        return self._observed(record, lambda: self._lifecycle.start(record, account))

    def bring_back(self, record: Record, account: str) -> str:
        """Start a server that is down, restart one that is inaccessible; return its version. Raises EngineFailed."""
        version = self._observed(record, lambda: self._lifecycle.bring_back(record, account))
        return version or str(record["version"])

    def _observed(self, record: Record, work: Callable[[], T]) -> T:
        """Do what ends with a server that answers, or with None if it hangs.

        Until then, and if it fails, what was seen of the server before stays.
        """
        instance_id = record["id"]
        with self._observations.changing(instance_id):
            done = work()
            self._observations.put_condition(instance_id, Condition.HANGS if done is None else Condition.ANSWERS)
        return done

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Change a running server but for what would replace its data, or leave it as it is. Raises EngineFailed."""
        self._changes.apply(before, after, account)

    def take_back(self, before: Record, after: Record, account: str) -> None:
        """Change a running server back, now or as soon as it takes that."""
        self._changes.take_back(before, after, account)

    def settle(self, before: Record, after: Record, account: str) -> None:
        """Make the changes that replace the data, and delete what a server without persistence has saved before."""
        self._changes.complete(before, after, account)
        if after["persistence"] == "none":
            with contextlib.suppress(EngineFailed):  # the next start, which would load it, deletes it
                self._runner.delete_snapshot(after["id"])

    def used_memory(self, record: Record) -> int:
        """Return the bytes that count against maxmemory. Raises EngineFailed."""
        self._changes.check(record)
        try:
            with self._connections.to(record) as connection:
                return info.used_memory(connection.info("memory"))
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not answer: {error}") from error

    def observation(self, instance_id: int) -> Observation:
        """Return what was last seen of an instance's server."""
        return self._observations.of(instance_id)

    def changing(self, instance_id: int) -> AbstractContextManager[None]:
        """Let nothing count that is seen of a server during the block."""
        return self._observations.changing(instance_id)

    def monitor(self, instances: Callable[[], Iterable[tuple[Record, str]]], report: Callable[[int], None]) -> None:
        """Probe all servers twice a second; where the runner tells at once that a server has ended, note it then."""

        def note_end(instance_id: int) -> None:
            if self._observations.add(instance_id, self._observations.moment(), Observation(Condition.DOWN)):
                report(instance_id)

        self._runner.report_ends(note_end)
        self._monitor.start(instances, report)

    def cancel_starts(self) -> None:
        """Let every start fail that is waited for."""
        self._lifecycle.cancel_starts()

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Perform an action: by the runner on the server, or by a command on its clients. Raises EngineFailed."""
        actions: dict[RedisAction, Callable[[], object]] = {
            RedisAction.STOP: lambda: self._stop(record["id"]),
            RedisAction.START: lambda: self.start(record, account),
            RedisAction.RESTART: lambda: self._observed(record, lambda: self._lifecycle.restart(record, account)),
            RedisAction.FREEZE: lambda: self._runner.freeze(record["id"]),
            RedisAction.THAW: lambda: self._thaw(record),
            RedisAction.PAUSE: lambda: self._send(record, "CLIENT", "PAUSE", milliseconds, "ALL"),
            RedisAction.DROP: lambda: self._send(record, "CLIENT", "KILL", "SKIPME", "yes"),
        }
        try:
            actions[action]()
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not take the {action}: {error}") from error

    def _stop(self, instance_id: int) -> None:
        self._lifecycle.stop(instance_id)
        self._observations.put(instance_id, Observation(Condition.DOWN))

    def _thaw(self, record: Record) -> None:
        """Resume a server, and wait for its answer, since nothing was seen of it while it was frozen."""
        self._runner.thaw(record["id"])
        condition = Condition.ANSWERS
        try:
            self._connections.check(record)
        except redis.RedisError as error:
            condition = probe.condition_after(error)
        self._observations.put_condition(record["id"], condition)

    def _send(self, record: Record, *command: str | int) -> None:
        with self._connections.to(record) as connection:
            execute: Callable[..., Any] = connection.execute_command
            execute(*command)

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's server and its data. Raises EngineFailed."""
        self._lifecycle.remove(instance_id)
        self._observations.forget(instance_id)

    def check(self) -> None:
        """Return if the runner can run servers. Raises EngineFailed."""
        self._runner.check()

    def present(self) -> set[int]:
        """Return the ids of the instances that have a server or data. Raises EngineFailed."""
        return self._runner.present()

    def adopt(self, instance_id: int) -> None:
        """Take over the server that an earlier emulator has left, or stop it. Raises EngineFailed."""
        self._runner.adopt(instance_id)
        if self._runner.is_running(instance_id):
            # That emulator may have been killed in the middle of a change, or of taking one back.
            self._lifecycle.mark_out_of_sync(instance_id)

    def close(self) -> None:
        """Stop every server and let it save."""
        self._monitor.stop()
        self._connections.close_all()
        self._runner.close()
        self._connections.close_all()  # one that was being opened to a server that hung
