"""Real Redis servers: their life and configuration, whoever runs them."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rtgmock.attributes import DOCUMENTED
from rtgmock.clock import timestamp
from rtgmock.engines import info, redis_conf
from rtgmock.engines.engine import Trouble
from rtgmock.errors import EngineFailed
from rtgmock.locks import Locks

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rtgmock.attributes import Directive, Record

_START_TIMEOUT = 20.0
"""Seconds that a Redis may take from its start to an authenticated PING."""
_COMMAND_TIMEOUT = 5.0


class Runner(Protocol):
    """Runs one Redis server for each instance: a process, or a container."""

    name: str
    description: str
    hostname: str | None

    def free(self, port: int) -> bool:
        """Whether the port can be listened on."""
        ...

    def launch(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Run a server with the configuration that ``write`` makes for its place."""
        ...

    def configure(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Let a server that is started again by others start with this configuration."""
        ...

    def address(self, record: Record) -> tuple[str, int]:
        """Where the emulator itself reaches a server. Raises OSError where that is nowhere."""
        ...

    def from_within(self, record: Record) -> Record:
        """The record with its master's address as the server itself reaches it."""
        ...

    def forget(self, instance_id: int) -> None:
        """Make that the next start finds no snapshot."""
        ...

    def freeze(self, instance_id: int) -> None:
        """Let the server stand still, its connections open."""
        ...

    def thaw(self, instance_id: int) -> None:
        """Let the server go on."""
        ...

    def running(self, instance_id: int) -> bool:
        """Whether the server runs."""
        ...

    def log(self, instance_id: int) -> str:
        """The last lines that the server wrote."""
        ...

    def halt(self, instance_id: int) -> None:
        """Stop the server, letting it save."""
        ...

    def remove(self, instance_id: int) -> None:
        """Remove the server and its data."""
        ...

    def take_over(self, instance_id: int) -> None:
        """Make a server that an emulator which died has left ours, or end it."""
        ...

    def present(self) -> set[int]:
        """The instances of which there is anything."""
        ...

    def close(self) -> None:
        """Stop all servers that are running."""
        ...


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
        self._connections: dict[int, tuple[str, redis.Redis]] = {}
        self._busy = Locks()

    def free(self, port: int) -> bool:
        """Whether the port can be listened on."""
        return self._runner.free(port)

    def start(self, record: Record, account: str) -> str:
        """Start an instance's Redis, unless another thread has, and wait for it; its version."""
        with self._alone(record["id"]):
            return self._started(record, account)

    def _started(self, record: Record, account: str) -> str:
        instance_id = record["id"]
        if self._runner.running(instance_id):
            return self._await(record)
        fresh = instance_id not in self._runner.present()
        try:
            self._launch(record, account)
            return self._await_with_data(record)
        except BaseException:
            self._disconnect(instance_id)
            with contextlib.suppress(EngineFailed):
                self._runner.remove(instance_id) if fresh else self._runner.halt(instance_id)
            raise

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
                with self._connection(record) as connection:
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
                self._runner.forget(after["id"])
        except (redis.RedisError, EngineFailed) as error:
            self._take_back(before, after, account)
            raise EngineFailed(f"The instance's Redis refused the change, and nothing has changed: {error}.") from error

    def _changes(self, before: Record, after: Record) -> dict[str, tuple[Directive, str]]:
        inside = self._runner.from_within
        return redis_conf.changes(inside(before), inside(after), self._api)

    def _take_back(self, before: Record, after: Record, account: str) -> None:
        """Make a Redis what it was, by commands if it takes them, else by a restart on the same data."""
        with contextlib.suppress(EngineFailed):
            self._runner.configure(before, self._writer(before, account))
        try:
            self._command(before, before, account, self._changes(after, before))
        except (redis.RedisError, EngineFailed):
            with contextlib.suppress(EngineFailed):
                self._restart(before, account)

    def _restart(self, record: Record, account: str) -> None:
        with self._alone(record["id"]):
            self._keep_data(record)
            self._disconnect(record["id"])
            self._runner.halt(record["id"])
            self._launch(record, account)
            self._await(record)

    def _launch(self, record: Record, account: str) -> None:
        self._runner.launch(record, self._writer(record, account))
        _, moment = self._rewrites.get(record["id"], ("", None))
        self._rewrites[record["id"]] = ("", moment)

    def _keep_data(self, record: Record) -> None:
        """Save what a Redis without persistence would lose; the others save when they are stopped."""
        if record["persistence"] == "none":
            with contextlib.suppress(redis.RedisError), self._connection(record) as connection:
                connection.save()

    def _command(self, before: Record, after: Record, account: str, changes: dict[str, tuple[Any, str]]) -> None:
        with self._connection(before) as connection:
            for name, (_, value) in changes.items():
                if name == "replicaof":
                    connection.replicaof(*value.split())
                elif name == "requirepass":
                    for user, rules in redis_conf.users(after, account).items():
                        _set_user(connection, user, rules)
                    connection.config_set(name, value)
                else:
                    connection.config_set(name, value)
            if changes.keys() & {"appendonly", "save"}:
                _secure(connection, changes)

    def holds(self, record: Record) -> int:
        """The bytes that its data takes, as Redis counts them against maxmemory."""
        try:
            with self._connection(record) as connection:
                return info.holds(connection.info("memory"))
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not answer: {error}.") from error

    def alive(self, record: Record) -> bool:
        """Whether the instance's Redis answers, or at least runs."""
        if self.observe(record) is not None:
            return True
        if not self._runner.running(record["id"]):
            return False
        with contextlib.suppress(EngineFailed):
            self._await(record)  # it may be loading its data
        return True

    def observe(self, record: Record) -> Record | None:
        """When the live Redis last saved and last rewrote its append-only file."""
        try:
            with self._connection(record) as connection:
                found: dict[str, Any] = connection.info()
        except redis.RedisError:
            return None
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

    def trouble(self, record: Record, account: str, trouble: Trouble, milliseconds: int) -> None:
        """What the runner can do to a server, and what Redis can do to its clients."""
        ways: dict[Trouble, Callable[[], object]] = {
            Trouble.STOP: lambda: self._stop(record["id"]),
            Trouble.START: lambda: self.start(record, account),
            Trouble.RESTART: lambda: self._restart(record, account),
            Trouble.FREEZE: lambda: self._runner.freeze(record["id"]),
            Trouble.THAW: lambda: self._runner.thaw(record["id"]),
            Trouble.PAUSE: lambda: self._tell(record, "CLIENT", "PAUSE", milliseconds, "ALL"),
            Trouble.DROP: lambda: self._tell(record, "CLIENT", "KILL", "SKIPME", "yes"),
        }
        try:
            ways[trouble]()
        except redis.RedisError as error:
            raise EngineFailed(f"The instance's Redis does not take the {trouble}: {error}.") from error

    def _stop(self, instance_id: int) -> None:
        with self._alone(instance_id):
            self._disconnect(instance_id)
            self._runner.halt(instance_id)

    def _tell(self, record: Record, *command: str | int) -> None:
        with self._connection(record) as connection:
            execute: Callable[..., Any] = connection.execute_command
            execute(*command)

    def destroy(self, instance_id: int) -> None:
        """Remove an instance's Redis and its data."""
        with self._alone(instance_id):
            self._disconnect(instance_id)
            self._runner.remove(instance_id)
        self._rewrites.pop(instance_id, None)

    def sweep(self, known: Iterable[int]) -> None:
        """Remove what an emulator that died while it created has left, and take over the rest."""
        wanted = set(known)
        for instance_id in self._runner.present():
            if instance_id in wanted:
                self._runner.take_over(instance_id)
            else:
                self._runner.remove(instance_id)

    def close(self) -> None:
        """Stop every Redis, letting it save."""
        for instance_id in list(self._connections):
            self._disconnect(instance_id)
        self._runner.close()

    @contextlib.contextmanager
    def _connection(self, record: Record) -> Iterator[redis.Redis]:
        """The emulator's connection to an instance's Redis, for one thread at a time."""
        instance_id, password = record["id"], record["password"]
        with self._alone(instance_id):
            known, connection = self._connections.get(instance_id, ("", None))
            if connection is None or known != password:
                self._disconnect(instance_id)
                connection = self._checked(record)
                self._connections[instance_id] = (password, connection)
            try:
                yield connection
            except redis.ConnectionError:
                self._disconnect(instance_id)
                raise

    def _alone(self, instance_id: int) -> threading.RLock:
        """What a thread holds while it uses an instance's connection, or while there can be none."""
        return self._busy.of(instance_id)

    def _writer(self, record: Record, account: str) -> Callable[[list[tuple[str, str]]], str]:
        inside = self._runner.from_within(record)
        return lambda place: redis_conf.write(inside, account, place, self._api)

    def _checked(self, record: Record) -> redis.Redis:
        """A connection to the instance's own Redis: one that is open to all would take any password."""
        connection = self._connect(record)
        try:
            if connection.config_get("requirepass")["requirepass"] == record["password"]:
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        raise redis.AuthenticationError("another Redis answers on its port")

    def _connect(self, record: Record) -> redis.Redis:
        try:
            host, port = self._runner.address(record)
        except OSError as error:
            raise redis.ConnectionError(str(error)) from error
        return redis.Redis(
            host=host,
            port=port,
            password=record["password"],
            socket_timeout=_COMMAND_TIMEOUT,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def _disconnect(self, instance_id: int) -> None:
        _, connection = self._connections.pop(instance_id, ("", None))
        if connection is not None:
            connection.close()


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
