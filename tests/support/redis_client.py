"""A client for the Redis servers under test: one command, one answer."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable


def connection(url: str, **options: Any) -> redis.Redis:
    """Return a client with a single connection and no retries, so that a test sees each failure; use it in ``with``."""
    never = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(
        url, single_connection_client=True, decode_responses=True, retry=never, socket_timeout=10, **options
    )


def ask(url: str, *command: str | int, **options: Any) -> Any:
    """Send one command on a new connection and return its answer. Raises redis.RedisError."""
    with connection(url, **options) as client:
        execute: Callable[..., Any] = client.execute_command
        return execute(*command)


def answers(url: str) -> bool:
    """Return whether a Redis answers a PING at the URL, with the URL's password."""
    with contextlib.suppress(redis.RedisError):
        return bool(ask(url, "PING"))
    return False


def config(url: str, *names: str) -> dict[str, str]:
    """Return what CONFIG GET answers for these directives."""
    with connection(url) as client:
        execute: Callable[..., dict[str, str]] = client.execute_command
        return {name: execute("CONFIG", "GET", name)[name] for name in names}


def run_id(url: str) -> str:
    """Return the id of the server's present run; a restart changes it."""
    return str(ask(url, "INFO", "server")["run_id"])


def redis_cli(*arguments: str) -> str:
    """Return what ``redis-cli`` prints."""
    finished = subprocess.run(["redis-cli", *arguments], capture_output=True, text=True, timeout=20, check=False)
    return finished.stdout.strip()
