"""Apply a change of an instance to its running server: all of it, or nothing."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

import redis

from rtgmock.engines.base import Condition
from rtgmock.engines.redis import config_file, live_settings, probe
from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from rtgmock.engines.redis.connections import Connections
    from rtgmock.engines.redis.lifecycle import ServerLifecycle
    from rtgmock.engines.redis.live_settings import Changes
    from rtgmock.engines.redis.observations import Observations
    from rtgmock.engines.runner import Runner
    from rtgmock.model.types import Record

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
        """Change a server from one record to another, but for what would replace its data.

        Raises EngineFailed, and then it is as before.
        """
        after = config_file.without_replacement(before, after)
        changes = self._changes(before, after)
        if not changes:
            return
        if self._is_known_to_hang(before["id"]):
            raise _refusal(_HANGS)
        self._runner.check()
        # Before the check of the server, and so before any change: if Docker restarts it in the middle of this, it
        # starts with the new configuration, and not half-way between the two.
        self._configure(before, after, account)
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
        except (redis.RedisError, EngineFailed) as error:
            self._roll_back(before, after, account)
            raise _refusal(error.problem if isinstance(error, EngineFailed) else error) from error

    def complete(self, before: Record, after: Record, account: str) -> None:
        """Make the changes that ``apply`` has left out. If the server does not take them, it gets them later."""
        changes = self._changes(config_file.without_replacement(before, after), after)
        if not changes:
            return
        try:
            self._runner.configure(after, self._lifecycle.configuration(after, account))
            self._send(after, after, account, changes)
        except (redis.RedisError, EngineFailed) as error:
            self._lifecycle.mark_out_of_sync(after["id"])
            self._observations.put_condition(after["id"], Condition.HANGS)
            logging.getLogger("rtgmock").warning(
                "the Redis of instance %d does not take the stored settings of a replica yet, and gets them as soon as "
                "it does: %s",
                after["id"],
                error,
            )

    def take_back(self, before: Record, after: Record, account: str) -> None:
        """Change a server back that ``apply`` has changed. If it does not take that, it is restarted later."""
        try:
            self.apply(config_file.without_replacement(before, after), before, account)
        except EngineFailed as error:
            self._lifecycle.mark_out_of_sync(before["id"])
            logging.getLogger("rtgmock").warning(
                "the Redis of instance %d has settings that were not stored, and gets the stored ones again as soon as "
                "it takes them: %s",
                before["id"],
                error,
            )

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

    def _configure(self, before: Record, after: Record, account: str) -> None:
        try:
            self._runner.configure(after, self._lifecycle.configuration(after, account))
        except EngineFailed:  # a part of it may have been done
            self._configure_as(before, account)
            raise

    def _configure_as(self, before: Record, account: str) -> None:
        """Store the old configuration again, now or when the server is next looked at."""
        try:
            self._runner.configure(before, self._lifecycle.configuration(before, account))
        except EngineFailed:
            self._lifecycle.mark_out_of_sync(before["id"])

    def _send(self, before: Record, after: Record, account: str, changes: Changes) -> None:
        """Send changes as commands, on the connection that has the password of ``before``."""
        with self._connections.to(before) as connection:
            live_settings.send(connection, after, account, changes, self._runner.administrator)


def _refusal(reason: object) -> EngineFailed:
    return EngineFailed(f"The instance's Redis refused the change, and nothing has changed: {reason}")
