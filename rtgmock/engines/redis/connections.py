"""The emulator's own connections to the instances' Redis servers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rtgmock.locks import KeyedLocks

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from rtgmock.model.types import Record

TIMEOUT = 5.0
"""Seconds that a command may take."""


class Connections:
    """One connection per instance, opened on first use and checked to lead to the instance's own Redis.

    ``address`` returns where an instance's Redis is reached, or raises OSError.
    """

    def __init__(self, address: Callable[[Record], tuple[str, int]]) -> None:
        self._address = address
        self._open: dict[int, tuple[str, redis.Redis]] = {}
        self._locks = KeyedLocks()

    def lock(self, instance_id: int) -> threading.RLock:
        """Return the lock that a thread holds while it uses an instance's connection, or starts or stops its server."""
        return self._locks.of(instance_id)

    @contextlib.contextmanager
    def to(self, record: Record) -> Iterator[redis.Redis]:
        """Give the connection to an instance's Redis to one thread at a time. Raises redis.RedisError."""
        instance_id, password = record["id"], record["password"]
        with self.lock(instance_id):
            known, connection = self._open.get(instance_id, ("", None))
            if connection is None or known != password:
                self.close(instance_id)
                connection = self._connect_and_check(record)
                self._open[instance_id] = (password, connection)
            try:
                yield connection
            except redis.ConnectionError:
                self.close(instance_id)
                raise

    def _connect_and_check(self, record: Record) -> redis.Redis:
        """Return a connection to a Redis whose password is the instance's.

        That it accepts the password proves nothing: a foreign Redis without a password, on a port that the instance
        lost, accepts any. It must not be changed, nor count as the instance's.
        """
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
            host, port = self._address(record)
        except OSError as error:
            raise redis.ConnectionError(str(error)) from error
        return redis.Redis(
            host=host,
            port=port,
            password=record["password"],
            socket_timeout=TIMEOUT,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),  # a lost server is noticed at once, and its lifecycle decides what follows
            decode_responses=True,
        )

    def close(self, instance_id: int) -> None:
        """Close the connection to an instance's Redis, if there is one."""
        _, connection = self._open.pop(instance_id, ("", None))
        if connection is not None:
            connection.close()

    def close_all(self) -> None:
        """Close every connection."""
        for instance_id in list(self._open):
            self.close(instance_id)
