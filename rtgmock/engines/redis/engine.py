"""Real Redis servers: their life and configuration, whoever runs them."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import redis

from rtgmock.clock import timestamp
from rtgmock.engines.base import RedisAction
from rtgmock.engines.redis import config_file, connections, info
from rtgmock.engines.redis.connections import Connections
from rtgmock.errors import EngineFailed
from rtgmock.model.attributes import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rtgmock.engines.runner import Runner
    from rtgmock.model.directives import Directive
    from rtgmock.model.types import Record

_START_TIMEOUT = 20.0
"""Seconds that a Redis may take from its start to an authenticated PING."""


class RedisEngine:
    """An engine whose Redis servers are real. Each one is reached by a connection of the emulator's own."""

    real = True

    def __init__(self, runner: Runner, api: int = DOCUMENTED) -> None:
        self._runner = runner
        self._api = api
        self.name = runner.name
        self.description = runner.description
        self.hostname = runner.hostname
        self._rewrites: dict[int, tuple[str, str | None]] = {}
        self._connections = Connections(runner.address)
        self._unsure: set[int] = set()

    def is_port_free(self, port: int) -> bool:
        """Whether the port can be listened on."""
        return self._runner.is_port_free(port)

    def start(self, record: Record, account: str) -> str:
        """Start an instance's Redis, unless another thread has, and wait for it; its version."""
        with self._connections.alone(record["id"]):
            return self._started(record, account)

    def _started(self, record: Record, account: str) -> str:
        instance_id = record["id"]
        if instance_id in self._unsure:
            self._runner.stop(instance_id)
        elif self._runner.running(instance_id):
            return self._await(record)
        fresh = instance_id not in self._runner.present()
        try:
            self._launch(record, account)
            version = self._await_with_data(record)
        except BaseException:
            self._connections.close(instance_id)
            with contextlib.suppress(EngineFailed):
                self._runner.remove(instance_id) if fresh else self._runner.stop(instance_id)
            raise
        self._unsure.discard(instance_id)
        return version

    def _await_with_data(self, record: Record) -> str:
        """Wait for a Redis, and refuse one that would start empty for all that another version has written."""
        version = self._await(record)
        if record["persistence"] == "aof" and not info.reads_append_only_file(version, record["version"]):
            raise EngineFailed(
                f"The instance's append-only file was written by version {record['version']}, and {version} "
                "passes it over; run version 7 or later."
            )
        return version

    def _await(self, record: Record) -> str:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                with self._connections.to(record) as connection:
                    found: dict[str, Any] = connection.info()
                if not found["loading"]:
                    return info.version(found)
                deadline = time.monotonic() + _START_TIMEOUT  # it takes its time over much data
            except redis.AuthenticationError as error:
                raise EngineFailed(
                    f"Another Redis than the instance's answers on port {record['port']}; nothing was stored."
                ) from error
            except (redis.ConnectionError, redis.TimeoutError):
                pass
            if problem := self._gone(record["id"], deadline):
                raise EngineFailed(problem)
            time.sleep(0.003)

    def _gone(self, instance_id: int, deadline: float) -> str:
        """Why it makes no sense to wait any longer; empty while it does."""
        if not self._runner.running(instance_id):
            return f"The instance's Redis did not start: {self._runner.log(instance_id) or 'it wrote nothing'}"
        if time.monotonic() > deadline:
            return f"The instance's Redis did not answer within {_START_TIMEOUT:g} seconds; its log ends: " + (
                self._runner.log(instance_id) or "(empty)"
            )
        return ""

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Change a running Redis: by commands where Redis takes them, by a restart on the same data where not."""
        changes = self._changes(before, after)
        if not changes:
            return
        self._runner.configure(after, self._writer(after, account))
        try:
            live = {name: change for name, change in changes.items() if not change[0].restart}
            if live:
                self._command(before, after, account, live)
            if live.keys() != changes.keys():
                self._restart(after, account)
            if after["persistence"] == "none":
                self._runner.delete_snapshot(after["id"])
        except (redis.RedisError, EngineFailed) as error:
            self._take_back(before, after, account)
            reason = error.problem if isinstance(error, EngineFailed) else error
            raise EngineFailed(f"The instance's Redis refused the change, and nothing has changed: {reason}") from error

    def _changes(self, before: Record, after: Record) -> dict[str, tuple[Directive, str]]:
        inside = self._runner.from_within
        return config_file.changes(inside(before), inside(after), self._api)

    def _take_back(self, before: Record, after: Record, account: str) -> None:
        """Make a Redis what it was, by commands if it takes them, else by a restart on the same data."""
        with contextlib.suppress(EngineFailed):
            self._runner.configure(before, self._writer(before, account))
        try:
            self._command(before, before, account, self._changes(after, before))
        except (redis.RedisError, EngineFailed):
            self._unsure.add(before["id"])  # what it will be when its engine starts it again, nobody knows
            with contextlib.suppress(EngineFailed):
                self._restart(before, account)
                self._unsure.discard(before["id"])

    def _restart(self, record: Record, account: str) -> None:
        with self._connections.alone(record["id"]):
            self._keep_data(record)
            self._connections.close(record["id"])
            self._runner.stop(record["id"])
            self._launch(record, account)
            self._await(record)

    def _launch(self, record: Record, account: str) -> None:
        self._runner.launch(record, self._writer(record, account))
        _, moment = self._rewrites.get(record["id"], ("", None))
        self._rewrites[record["id"]] = ("", moment)

    def _keep_data(self, record: Record) -> None:
        """Save what a Redis without persistence would lose; the others save when they are stopped."""
        if record["persistence"] == "none":
            with contextlib.suppress(redis.RedisError), self._connections.to(record) as connection:
                connection.save()

    def _command(self, before: Record, after: Record, account: str, changes: dict[str, tuple[Any, str]]) -> None:
        with self._connections.to(before) as connection:
            for name, (_, value) in changes.items():
                if name == "replicaof":
                    connection.replicaof(*value.split())
                elif name == "requirepass":
                    for user, rules in config_file.users(after, account).items():
                        _set_user(connection, user, rules)
                    connection.config_set(name, value)
                else:
                    connection.config_set(name, value)
            if changes.keys() & {"appendonly", "save"}:
                _secure(connection, changes)

    def used_memory(self, record: Record) -> int:
        """The bytes that its data takes, as Redis counts them against maxmemory."""
        try:
            with self._connections.to(record) as connection:
                return info.used_memory(connection.info("memory"))
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not answer: {error}.") from error

    def is_alive(self, record: Record) -> bool:
        """Whether the instance's Redis answers, or at least runs."""
        if record["id"] in self._unsure:
            return False
        if self.probe(record) is not None:
            return True
        if not self._runner.running(record["id"]):
            return False
        with contextlib.suppress(EngineFailed):
            self._await(record)  # it may be loading its data
        return True

    def probe(self, record: Record) -> Record | None:
        """When the live Redis last saved and last rewrote its append-only file."""
        if record["id"] in self._unsure:
            return None
        busy = self._connections.alone(record["id"])
        if not busy.acquire(timeout=connections.TIMEOUT):  # its engine hangs while it starts it
            return None
        try:
            with self._connections.to(record) as connection:
                found: dict[str, Any] = connection.info()
        except redis.RedisError:
            return None
        finally:
            busy.release()
        if found["loading"]:
            return None
        seen = {
            "last_backup_at": info.last_save(found),
            "last_bgrewriteaof_at": self._last_rewrite(record["id"], found),
        }
        return {name: moment for name, moment in seen.items() if moment}

    def _last_rewrite(self, instance_id: int, found: dict[str, Any]) -> str | None:
        """When a rewrite was first seen to be done: Redis tells no time."""
        done = info.rewrites(found)
        known, moment = self._rewrites.get(instance_id, (done, None))  # what was done before we came has no time
        if done and done != known:
            moment = timestamp(datetime.now(UTC))
        self._rewrites[instance_id] = (done, moment)
        return moment

    def perform(self, record: Record, account: str, action: RedisAction, milliseconds: int) -> None:
        """What the runner can do to a server, and what Redis can do to its clients."""
        ways: dict[RedisAction, Callable[[], object]] = {
            RedisAction.STOP: lambda: self._stop(record["id"]),
            RedisAction.START: lambda: self.start(record, account),
            RedisAction.RESTART: lambda: self._restart(record, account),
            RedisAction.FREEZE: lambda: self._runner.freeze(record["id"]),
            RedisAction.THAW: lambda: self._runner.thaw(record["id"]),
            RedisAction.PAUSE: lambda: self._send(record, "CLIENT", "PAUSE", milliseconds, "ALL"),
            RedisAction.DROP: lambda: self._send(record, "CLIENT", "KILL", "SKIPME", "yes"),
        }
        try:
            ways[action]()
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not take the {action}: {error}.") from error

    def _stop(self, instance_id: int) -> None:
        with self._connections.alone(instance_id):
            self._connections.close(instance_id)
            self._runner.stop(instance_id)

    def _send(self, record: Record, *command: str | int) -> None:
        with self._connections.to(record) as connection:
            execute: Callable[..., Any] = connection.execute_command
            execute(*command)

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's Redis and its data."""
        with self._connections.alone(instance_id):
            self._connections.close(instance_id)
            self._runner.remove(instance_id)
        self._rewrites.pop(instance_id, None)
        self._unsure.discard(instance_id)

    def remove_orphans(self, known: Iterable[int]) -> None:
        """Remove what an emulator that died while it created has left, and take over the rest."""
        wanted = set(known)
        for instance_id in self._runner.present():
            if instance_id in wanted:
                self._runner.adopt(instance_id)
            else:
                self._runner.remove(instance_id)

    def close(self) -> None:
        """Stop every Redis, letting it save."""
        self._connections.close_all()
        self._runner.close()

    def _writer(self, record: Record, account: str) -> Callable[[list[tuple[str, str]]], str]:
        inside = self._runner.from_within(record)
        return lambda place: config_file.write(inside, account, place, self._api)


def _set_user(connection: redis.Redis, user: str, rules: Iterable[str]) -> None:
    command: Callable[..., Any] = connection.execute_command
    command("ACL", "SETUSER", user, *rules)


def _secure(connection: redis.Redis, changes: Mapping[str, tuple[Directive, str]]) -> None:
    """Wait until the data is where the new kind of persistence looks for it: a kill at once must not lose it.

    Redis fills an append-only file that was turned on in the background, and a snapshot only when it is due.
    """
    if changes.get("appendonly", ("", ""))[1] == "no" and connection.config_get("save")["save"]:
        with contextlib.suppress(redis.ResponseError):  # one is under way
            connection.bgsave()
    deadline = time.monotonic() + _START_TIMEOUT
    busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    while any(connection.info("persistence")[name] for name in busy):
        if time.monotonic() > deadline:
            raise EngineFailed("saving the data takes too long")
        time.sleep(0.005)
