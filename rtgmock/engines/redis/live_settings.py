"""The settings of a server that runs: how they are changed by commands, and in what they differ from a record."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import redis

from rtgmock.engines.redis import config_file
from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rtgmock.model.directives import Directive
    from rtgmock.model.types import Record

    Changes = Mapping[str, tuple[Directive, str]]

SAVE_TIMEOUT = 20.0
"""Seconds that a server may take to save its data."""
_POLL_INTERVAL = 0.005


def send(connection: redis.Redis, record: Record, account: str, changes: Changes, administrator: str | None) -> None:
    """Send changes as commands to the server of an instance, whose users get the record's password.

    ``administrator`` is the password of the emulator's own user, where the server has one.
    Raises redis.RedisError, and EngineFailed when saving takes too long.
    """
    for name, (_, value) in changes.items():
        if name == "replicaof":  # CONFIG SET does not take it
            connection.replicaof(*value.split())
        elif name == "requirepass":  # the password of the user "default" alone
            send_users(connection, record, account, administrator)
            connection.config_set(name, value)
        else:
            connection.config_set(name, value)
    if changes.keys() & {"appendonly", "save"}:
        _wait_until_persisted(connection, changes)


def send_users(connection: redis.Redis, record: Record, account: str, administrator: str | None) -> None:
    """Give the users that a URL may name the record's password. Raises redis.RedisError."""
    for user, rules in config_file.users(record, account, administrator).items():
        _set_user(connection, user, rules)


def differences(connection: redis.Redis, record: Record, api: int) -> Changes:
    """Return the settings that a server does not have as the record wants them. Raises redis.RedisError.

    One may be among them that the server only writes differently; to send it changes nothing.
    """
    actual = connection.config_get("*")
    wanted = config_file.directives(record, api)
    return {name: pair for name, pair in wanted.items() if actual.get(name) != _as_shown(name, pair[1])}


def _as_shown(name: str, value: str) -> str:
    return "" if (name, value) == ("replicaof", "no one") else value


def _set_user(connection: redis.Redis, user: str, rules: Iterable[str]) -> None:
    command: Callable[..., Any] = connection.execute_command
    command("ACL", "SETUSER", user, *rules)


def _wait_until_persisted(connection: redis.Redis, changes: Changes) -> None:
    """Wait until the data is where the new kind of persistence looks for it, so that a kill at once does not lose it.

    Redis fills an append-only file that was turned on in the background, and makes a snapshot only when one is due.
    """
    if changes.get("appendonly", ("", ""))[1] == "no" and connection.config_get("save")["save"]:
        with contextlib.suppress(redis.ResponseError):  # a save is under way already
            connection.bgsave()
    deadline = time.monotonic() + SAVE_TIMEOUT
    busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    while any(connection.info("persistence")[name] for name in busy):
        if time.monotonic() > deadline:
            raise EngineFailed(f"saving the data takes more than {SAVE_TIMEOUT:g} seconds")
        time.sleep(_POLL_INTERVAL)
