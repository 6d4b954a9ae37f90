"""The emulator's own connections to the instances' Redis servers."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rtgmock.engines.redis import config_file, probe
from rtgmock.locks import KeyedLocks

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from rtgmock.engines.redis.probe import Replies
    from rtgmock.model.types import Record

T = TypeVar("T")

TIMEOUT = 2.0
"""Seconds that a command may take."""
_CHUNK = 65536


class Connections:
    """One connection per instance, opened on first use and checked to lead to the instance's own Redis.

    It is only one, since it counts against the number of clients that a Redis allows. So the threads that change an
    instance and the monitor that probes all of them share it: the monitor sends its probe without waiting for the
    replies, and a thread that uses the connection meanwhile waits for them first.

    ``address`` returns where an instance's Redis is reached, or raises OSError. ``administrator`` is the password of
    the emulator's own user, where there is one.
    """

    def __init__(self, address: Callable[[Record], tuple[str, int]], administrator: str | None) -> None:
        self._address = address
        self._administrator = administrator
        self._open: dict[int, _Connection] = {}
        self._locks = KeyedLocks(threading.RLock)

    def lock(self, instance_id: int) -> threading.RLock:
        """Return the lock that a thread holds while it uses an instance's connection, or starts or stops its server."""
        return self._locks.of(instance_id)

    @contextlib.contextmanager
    def to(self, record: Record, timeout: float = TIMEOUT) -> Iterator[redis.Redis]:
        """Give the connection to an instance's Redis to one thread at a time. Raises redis.RedisError.

        ``timeout`` is how many seconds each command may take.
        """
        with self.lock(record["id"]), self._closing_if_lost(record["id"]):
            connection = self._opened(record)
            connection.finish_probe()
            connection.set_timeout(timeout)
            yield connection.client
            connection.set_timeout(TIMEOUT)

    def probe(self, record: Record) -> Replies:
        """Probe an instance's Redis, and wait for the replies. Raises redis.RedisError."""
        with self.lock(record["id"]), self._closing_if_lost(record["id"]):
            connection = self._opened(record)
            connection.finish_probe()
            connection.send_probe()
            return connection.finish_probe()

    def check(self, record: Record) -> None:
        """Return once an instance's Redis has shown that it takes commands. Raises redis.RedisError."""
        # Not PING, which a replica refuses that has lost its master.
        with self.to(record) as client:
            client.config_get("port")

    def send_probe(self, record: Record) -> bool:
        """Send a probe without waiting; ``replies`` returns what it is answered.

        Return False when a thread is using the connection. Raises redis.RedisError when there is none.
        """
        connection = self._open.get(record["id"])
        if connection is None or connection.password != record["password"]:
            raise redis.ConnectionError("there is no connection")
        return self._try(record["id"], connection, connection.send_probe) is not None

    def replies(self, instance_id: int) -> Replies | None:
        """Return the replies to the last probe; None as long as they have not all arrived.

        The list is empty when the connection was replaced meanwhile. Raises redis.RedisError when it is lost.
        """
        connection = self._open.get(instance_id)
        return [] if connection is None else self._try(instance_id, connection, connection.receive)

    def _try(self, instance_id: int, connection: _Connection, use: Callable[[], T]) -> T | None:
        """Use a connection without waiting for a thread that has it: then, return None."""
        if not connection.lock.acquire(blocking=False):
            return None
        try:
            # Another thread may have closed it meanwhile.
            with self._closing_if_lost(instance_id):
                return use() if self._open.get(instance_id) is connection else None
        finally:
            connection.lock.release()

    @contextlib.contextmanager
    def _closing_if_lost(self, instance_id: int) -> Iterator[None]:
        """Close a connection that breaks off, or on which a late reply could be taken for that to another command."""
        try:
            yield
        except _ProbeTimeout:
            raise  # the replies to a probe are known as such when they come
        except (redis.ConnectionError, redis.TimeoutError):
            self.close(instance_id)
            raise

    def _opened(self, record: Record) -> _Connection:
        """Return the connection to an instance's Redis, which is opened if need be. Raises redis.RedisError."""
        connection = self._open.get(record["id"])
        if connection is None or connection.password != record["password"]:
            self.close(record["id"])
            connection = self._open[record["id"]] = self._connect_and_check(record)
        return connection

    def started(self, instance_id: int) -> float:
        """Return when the server was started to which an instance's connection leads."""
        connection = self._open.get(instance_id)
        return connection.started if connection else 0.0

    def _connect_and_check(self, record: Record) -> _Connection:
        """Return a connection to a Redis whose password is the instance's.

        That it accepts the password proves nothing: a foreign Redis without a password, on a port that the instance
        lost, accepts any. It must not be changed, nor count as the instance's.
        """
        client = self._connect(record)
        try:
            if client.config_get("requirepass")["requirepass"] == record["password"]:
                started = time.time() - int(client.info("server")["uptime_in_seconds"])
                return _Connection(client, record["password"], started, self.lock(record["id"]))
        except BaseException:
            client.close()
            raise
        client.close()
        raise redis.AuthenticationError("another Redis answers on its port")

    def _connect(self, record: Record) -> redis.Redis:
        try:
            host, port = self._address(record)
        except OSError as error:
            raise redis.ConnectionError(str(error)) from error
        return redis.Redis(
            host=host,
            port=port,
            username=config_file.ADMINISTRATOR if self._administrator else None,
            password=self._administrator or record["password"],
            socket_timeout=TIMEOUT,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),  # a lost server is noticed at once, and its lifecycle decides what follows
            decode_responses=True,
            protocol=2,  # else the default of redis-py's version, on which the form of some replies depends
        )

    def close(self, instance_id: int) -> None:
        """Close the connection to an instance's Redis, if there is one."""
        connection = self._open.pop(instance_id, None)
        if connection is not None:
            connection.client.close()

    def close_unused(self, instance_id: int) -> None:
        """Close a connection, unless a thread is using it."""
        lock = self.lock(instance_id)
        if lock.acquire(blocking=False):
            try:
                self.close(instance_id)
            finally:
                lock.release()

    def close_all(self) -> None:
        """Close every connection."""
        for instance_id in list(self._open):
            self.close(instance_id)


class _ProbeTimeout(redis.TimeoutError):
    """The replies to a probe have not arrived in time."""


@dataclass(slots=True)
class _Connection:
    """A connection, and the probe that may be under way on it: its replies are read before anything else is sent."""

    client: redis.Redis
    password: str
    started: float
    lock: threading.RLock
    """The instance's, which is looked up here faster."""
    _is_probed: bool = False
    _received: bytes = b""
    _last: tuple[bytes, Replies] = (b"", [])
    """The last replies, as they arrived and parsed. An idle server repeats them, and they are parsed once."""

    @property
    def _socket(self) -> socket.socket:
        """The socket, on which probes pass redis-py by. With its timeout it is one that does not block."""
        link: Any = self.client.connection
        if link._sock is None:  # noqa: SLF001 - nothing public gives it
            raise redis.ConnectionError("the connection is closed")
        return cast("socket.socket", link._sock)  # noqa: SLF001

    def set_timeout(self, timeout: float) -> None:
        """Let each command take so many seconds."""
        self._socket.settimeout(timeout)

    def send_probe(self) -> bool:
        """Send a probe unless one is under way; it is so short that the system takes all of it or nothing."""
        if not self._is_probed:
            with _as_redis_error():
                os.write(self._socket.fileno(), probe.PACKET)
            self._is_probed, self._received = True, b""
        return True

    def receive(self) -> Replies | None:
        """Return the replies to the last probe, or None if they have not all arrived; do not wait."""
        if self._is_probed:
            with _as_redis_error(), contextlib.suppress(BlockingIOError):
                self._add(os.read(self._socket.fileno(), _CHUNK))
        return None if self._is_probed else self._last[1]

    def finish_probe(self) -> Replies:
        """Wait for the replies to the last probe, if there was one, and return them."""
        while self._is_probed:
            try:
                with _as_redis_error():
                    self._add(self._socket.recv(_CHUNK))
            except redis.TimeoutError as error:
                raise _ProbeTimeout("it does not answer") from error
        return self._last[1]

    def _add(self, data: bytes) -> None:
        if not data:
            raise redis.ConnectionError("the server has closed the connection")
        self._received += data
        if self._received != self._last[0]:
            replies = probe.parse(self._received)
            if replies is None:
                return
            self._last = self._received, replies
        self._is_probed = False


@contextlib.contextmanager
def _as_redis_error() -> Iterator[None]:
    """Raise an error of the system as redis-py does."""
    try:
        yield
    except TimeoutError as error:
        raise redis.TimeoutError(str(error)) from error
    except OSError as error:
        raise redis.ConnectionError(str(error)) from error
