"""The engine with real Redis servers, which a runner runs as processes or containers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import redis

from rtgmock.engines.base import RedisAction
from rtgmock.engines.redis import connections, info
from rtgmock.engines.redis.changes import ChangeApplier
from rtgmock.engines.redis.connections import Connections
from rtgmock.engines.redis.lifecycle import ServerLifecycle
from rtgmock.engines.redis.rewrites import RewriteTimes
from rtgmock.errors import EngineFailed
from rtgmock.model.attributes import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.engines.runner import Runner
    from rtgmock.model.types import Record


class RedisEngine:
    """An Engine whose servers are real. The emulator keeps a connection to each of them."""

    real = True

    def __init__(self, runner: Runner, api: int = DOCUMENTED) -> None:
        self.name = runner.name
        self.description = runner.description
        self.hostname = runner.hostname
        self._runner = runner
        self._connections = Connections(runner.address)
        self._rewrites = RewriteTimes()
        self._lifecycle = ServerLifecycle(runner, self._connections, self._rewrites, api)
        self._changes = ChangeApplier(runner, self._connections, self._lifecycle, api)

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port that a new server can have; the runner may learn only at its start that it cannot."""
        return self._runner.free_port(candidates)

    def start(self, record: Record, account: str) -> str:
        """Start an instance's server, wait until it is ready, and return its version. Raises EngineFailed."""
        return self._lifecycle.start(record, account)

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Change a running server, or leave it as it is. Raises EngineFailed."""
        self._changes.apply(before, after, account)

    def used_memory(self, record: Record) -> int:
        """Return the bytes that count against maxmemory. Raises EngineFailed."""
        try:
            with self._connections.to(record) as connection:
                return info.used_memory(connection.info("memory"))
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not answer: {error}") from error

    def is_alive(self, record: Record) -> bool:
        """Return whether the instance's server answers, or at least runs; if it loads its data, wait for that."""
        if self._lifecycle.is_out_of_sync(record["id"]):
            return False
        if self.probe(record) is not None:
            return True
        if not self._runner.is_running(record["id"]):
            return False
        with contextlib.suppress(EngineFailed):
            self._lifecycle.wait_until_ready(record)
        return True

    def probe(self, record: Record) -> Record | None:
        """Return when the server last saved, and last rewrote its append-only file; None when it does not answer.

        It never waits for Docker: a read of the API ends within the timeout of a command, also while Docker hangs.
        """
        if self._lifecycle.is_out_of_sync(record["id"]):
            return None
        lock = self._connections.lock(record["id"])
        if not lock.acquire(timeout=connections.TIMEOUT):  # a start that hangs holds it
            return None
        try:
            with self._connections.to(record) as connection:
                reply: dict[str, Any] = connection.info()
        except redis.RedisError:
            return None
        finally:
            lock.release()
        if reply["loading"]:
            return None
        times = {
            "last_backup_at": info.last_save(reply),
            "last_bgrewriteaof_at": self._rewrites.last(record["id"], reply),
        }
        return {name: moment for name, moment in times.items() if moment}

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """Perform an action: by the runner on the server, or by a command on its clients. Raises EngineFailed."""
        actions: dict[RedisAction, Callable[[], object]] = {
            RedisAction.STOP: lambda: self._lifecycle.stop(record["id"]),
            RedisAction.START: lambda: self._lifecycle.start(record, account),
            RedisAction.RESTART: lambda: self._lifecycle.restart(record, account),
            RedisAction.FREEZE: lambda: self._runner.freeze(record["id"]),
            RedisAction.THAW: lambda: self._runner.thaw(record["id"]),
            RedisAction.PAUSE: lambda: self._send(record, "CLIENT", "PAUSE", milliseconds, "ALL"),
            RedisAction.DROP: lambda: self._send(record, "CLIENT", "KILL", "SKIPME", "yes"),
        }
        try:
            actions[action]()
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not take the {action}: {error}") from error

    def _send(self, record: Record, *command: str | int) -> None:
        with self._connections.to(record) as connection:
            execute: Callable[..., Any] = connection.execute_command
            execute(*command)

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's server and its data. Raises EngineFailed."""
        self._lifecycle.remove(instance_id)

    def remove_orphans(self, known: Iterable[int]) -> None:
        """Adopt the servers of known instances, and remove the others: a killed emulator's unfinished creates."""
        known = set(known)
        for instance_id in self._runner.present():
            if instance_id in known:
                self._runner.adopt(instance_id)
            else:
                self._runner.remove(instance_id)

    def close(self) -> None:
        """Stop every server and let it save."""
        self._connections.close_all()
        self._runner.close()
