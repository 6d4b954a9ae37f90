"""Apply a change of an instance to its running server: all of it, or nothing."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import redis

from rtgmock.engines.base import Condition
from rtgmock.engines.redis import config_file, probe
from rtgmock.engines.redis.lifecycle import START_TIMEOUT
from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rtgmock.engines.redis.connections import Connections
    from rtgmock.engines.redis.lifecycle import ServerLifecycle
    from rtgmock.engines.redis.observations import Observations
    from rtgmock.engines.runner import Runner
    from rtgmock.model.directives import Directive
    from rtgmock.model.types import Record

    Changes = Mapping[str, tuple[Directive, str]]

_SAVE_TIMEOUT = START_TIMEOUT
_POLL_INTERVAL = 0.005
_HANGS = "it hangs"


class ChangeApplier:
    """Applies changes by commands where Redis takes them, else by a restart on the same data."""

    def __init__(
        self,
        runner: Runner,
        connections: Connections,
        lifecycle: ServerLifecycle,
        observations: Observations,
        api: int,
    ) -> None:
        self._observations = observations
        self._runner = runner
        self._connections = connections
        self._lifecycle = lifecycle
        self._api = api

    def apply(self, before: Record, after: Record, account: str) -> None:
        """Change a server from one record to another. Raises EngineFailed, and then it is as before."""
        changes = self._changes(before, after)
        if not changes:
            return
        if self._is_known_to_hang(before["id"]):
            raise _refusal(_HANGS)
        # Before the check, and so before any change: if Docker restarts the server in the middle of this, it starts
        # with the new configuration, and not half-way between the two.
        self._runner.configure(after, self._lifecycle.configuration(after, account))
        if problem := self._problem(before):
            # A rollback would restart a server that hangs, or that a test has stopped.
            self._configure_as(before, account)
            raise _refusal(problem)
        try:
            live = {name: change for name, change in changes.items() if not change[0].restart}
            if live:
                self._send(before, after, account, live)
            if live.keys() != changes.keys():
                self._lifecycle.restart(after, account)
            if after["persistence"] == "none":
                self._runner.delete_snapshot(after["id"])  # else the next start would load what was saved before
        except (redis.RedisError, EngineFailed) as error:
            self._roll_back(before, after, account)
            raise _refusal(error.problem if isinstance(error, EngineFailed) else error) from error

    def check(self, record: Record) -> None:
        """Return once a server has shown that it takes commands. Raises EngineFailed."""
        problem = _HANGS if self._is_known_to_hang(record["id"]) else self._problem(record)
        if problem:
            raise EngineFailed(f"The instance's Redis does not answer: {problem}")

    def _problem(self, record: Record) -> str:
        """Return why a server takes no commands; an empty text if it takes them."""
        try:
            self._connections.check(record)
        except redis.RedisError as error:
            # Noted, so that the next change does not wait: while changes wait for each other, no probe counts.
            self._observations.put_condition(record["id"], probe.condition_after(error))
            return str(error)
        return ""

    def _is_known_to_hang(self, instance_id: int) -> bool:
        return self._observations.of(instance_id).condition is Condition.HANGS

    def _changes(self, before: Record, after: Record) -> Changes:
        resolve = self._runner.resolve_master
        return config_file.changes(resolve(before), resolve(after), self._api)

    def _roll_back(self, before: Record, after: Record, account: str) -> None:
        """Send the old values; if the server does not take them, restart it; if that fails, mark it for a restart."""
        self._configure_as(before, account)
        try:
            self._send(before, before, account, self._changes(after, before))
        except (redis.RedisError, EngineFailed):
            # Marked before the restart, which takes the mark away when it succeeds.
            self._lifecycle.mark_out_of_sync(before["id"])
            with contextlib.suppress(EngineFailed):
                self._lifecycle.restart(before, account)

    def _configure_as(self, before: Record, account: str) -> None:
        """Store the old configuration again, as far as that is possible."""
        with contextlib.suppress(EngineFailed):
            self._runner.configure(before, self._lifecycle.configuration(before, account))

    def _send(self, before: Record, after: Record, account: str, changes: Changes) -> None:
        """Send changes as commands, on the connection that has the password of ``before``."""
        with self._connections.to(before) as connection:
            for name, (_, value) in changes.items():
                if name == "replicaof":  # CONFIG SET does not take it
                    connection.replicaof(*value.split())
                elif name == "requirepass":  # the password of the user "default" alone
                    for user, rules in config_file.users(after, account, self._runner.administrator).items():
                        _set_user(connection, user, rules)
                    connection.config_set(name, value)
                else:
                    connection.config_set(name, value)
            if changes.keys() & {"appendonly", "save"}:
                _wait_until_persisted(connection, changes)


def _refusal(reason: object) -> EngineFailed:
    return EngineFailed(f"The instance's Redis refused the change, and nothing has changed: {reason}")


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
    deadline = time.monotonic() + _SAVE_TIMEOUT
    busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    while any(connection.info("persistence")[name] for name in busy):
        if time.monotonic() > deadline:
            raise EngineFailed(f"saving the data takes more than {_SAVE_TIMEOUT:g} seconds")
        time.sleep(_POLL_INTERVAL)
