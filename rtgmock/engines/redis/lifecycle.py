"""What happens to an instance's server from its start to its end, and when it dies, hangs or no longer fits its record.

The monitor finds out when that happens, and the service's supervisor calls ``ServerLifecycle.bring_back`` then: it
starts the server on the data that its persistence has kept.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import redis

from rtgmock.engines.base import Condition
from rtgmock.engines.redis import config_file, info, live_settings, probe
from rtgmock.errors import EngineFailed
from rtgmock.text import shortened

if TYPE_CHECKING:
    from rtgmock.engines.redis.connections import Connections
    from rtgmock.engines.redis.probe import Replies
    from rtgmock.engines.redis.rewrites import RewriteTimes
    from rtgmock.engines.runner import Runner
    from rtgmock.model.types import Record

_START_TIMEOUT = 20.0
"""Seconds that a server may take from its start to its first answer, beside loading its data."""
_MAX_COMPLAINTS = 220
_OPEN_TIMEOUT = 2.0
"""Seconds after which a server that runs and takes no connection is restarted: Docker may have started it just now."""
_POLL_INTERVAL = 0.003
"""Seconds between two tries to connect: redis-server answers some 15 ms after its start."""


class ServerLifecycle:
    """Starts, restarts and stops servers. Each is exclusive for one instance: ``Connections.lock`` is held."""

    def __init__(self, runner: Runner, connections: Connections, rewrites: RewriteTimes, api: int) -> None:
        self._runner = runner
        self._connections = connections
        self._rewrites = rewrites
        self._api = api
        self._out_of_sync: set[int] = set()
        self._cancelled = threading.Event()

    def cancel_starts(self) -> None:
        """Wait no longer for any server that starts."""
        self._cancelled.set()

    def is_out_of_sync(self, instance_id: int) -> bool:
        """Return whether a server's settings may differ from its record: a rollback has failed, or it was adopted."""
        return instance_id in self._out_of_sync

    def mark_out_of_sync(self, instance_id: int) -> None:
        """Let ``bring_back`` give the server the settings of its record, by a restart if it does not take them."""
        self._out_of_sync.add(instance_id)

    def start(self, record: Record, account: str) -> str:
        """Start a server unless it runs, wait until it is ready, and return its version.

        If that fails, a new instance is removed, and an old one is stopped with its data kept. Raises EngineFailed.
        """
        instance_id = record["id"]
        with self._connections.lock(instance_id):
            if instance_id in self._out_of_sync:
                self._runner.stop(instance_id)
            elif self._runner.is_running(instance_id):  # another thread was faster
                return self.wait_until_ready(record)
            is_new = instance_id not in self._runner.present()
            if record["persistence"] == "none" and not is_new:  # it promises nothing, and starts empty
                with contextlib.suppress(EngineFailed):
                    self._runner.delete_snapshot(instance_id)
            try:
                self._launch(record, account)
                version = self._wait_for_all_data(record)
            except BaseException:
                self._connections.close(instance_id)
                with contextlib.suppress(EngineFailed):
                    self._runner.remove(instance_id) if is_new else self._runner.stop(instance_id)
                raise
            self._out_of_sync.discard(instance_id)
            return version

    def bring_back(self, record: Record, account: str) -> str | None:
        """Start a server that does not run, restart one that its instance's URL does not open; return the version.

        Return None for one that runs and hangs: it is left alone, since it would lose what it has in memory.
        Raises EngineFailed.
        """
        with self._connections.lock(record["id"]):
            if not self._runner.is_running(record["id"]):
                return self.start(record, account)
            match self._condition(record, account):
                case Condition.ANSWERS:
                    if record["id"] in self._out_of_sync:
                        self._bring_in_line(record, account)
                    return self.wait_until_ready(record)
                case Condition.HANGS:
                    return None
                case _:
                    return self.restart(record, account)

    def _condition(self, record: Record, account: str) -> Condition:
        """Return the condition of a server that runs; one that takes no connection may be starting, and gets time."""
        deadline = time.monotonic() + _OPEN_TIMEOUT
        while True:
            try:
                return self._condition_in(record, account, self._connections.probe(record))
            except redis.RedisError as error:
                condition = probe.condition_after(error)
                if condition is not Condition.DOWN or time.monotonic() > deadline:
                    return condition
            time.sleep(_POLL_INTERVAL)

    def condition(self, record: Record, account: str, replies: Replies) -> Condition:
        """Return what the replies to a probe say about the condition of an instance's server."""
        if record["id"] in self._out_of_sync:
            return Condition.INACCESSIBLE
        return self._condition_in(record, account, replies)

    def _condition_in(self, record: Record, account: str, replies: Replies) -> Condition:
        return probe.condition(record, account, self._runner.place(record), replies)

    def _bring_in_line(self, record: Record, account: str) -> None:
        """Give a server that answers the settings of its record. Raises EngineFailed."""
        self._runner.configure(record, self.configuration(record, account))
        try:
            with self._connections.to(record) as connection:
                administrator = self._runner.administrator
                live_settings.send_users(connection, record, account, administrator)
                changes = live_settings.differences(connection, self._runner.resolve_master(record), self._api)
                needs_restart = any(directive.restart for directive, _ in changes.values())
                if not needs_restart:
                    live_settings.send(connection, record, account, changes, administrator)
        except redis.RedisError:
            needs_restart = True
        if needs_restart:
            self.restart(record, account)
        self._out_of_sync.discard(record["id"])

    def restart(self, record: Record, account: str) -> str:
        """Stop a server, start it with the record's configuration on all its data, and return its version.

        Raises EngineFailed; if the server cannot save, it runs on as it was.
        """
        with self._connections.lock(record["id"]):
            self._save(record)
            self._connections.close(record["id"])
            self._runner.stop(record["id"])
            self._launch(record, account)
            version = self.wait_until_ready(record)
            self._out_of_sync.discard(record["id"])
            return version

    def stop(self, instance_id: int) -> None:
        """Stop a server and let it save. Raises EngineFailed if it cannot save; then it runs on."""
        with self._connections.lock(instance_id):
            self._connections.close(instance_id)
            self._runner.stop(instance_id)

    def remove(self, instance_id: int) -> None:
        """Remove a server and its data. Raises EngineFailed."""
        with self._connections.lock(instance_id):
            self._connections.close(instance_id)
            self._runner.remove(instance_id)
        self._rewrites.forget(instance_id)
        self._out_of_sync.discard(instance_id)

    def configuration(self, record: Record, account: str) -> str:
        """Return the text of redis.conf for the instance's server. Raises EngineFailed."""
        resolved = self._runner.resolve_master(record)
        place, administrator = self._runner.place(record), self._runner.administrator
        return config_file.build_config(resolved, account, place, self._api, administrator)

    def wait_until_ready(self, record: Record) -> str:
        """Wait until a server has loaded its data and answers, and return its version. Raises EngineFailed."""
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                with self._connections.to(record) as connection:
                    reply: dict[str, Any] = connection.info()
                if not self._runner.is_own(record["id"], reply["process_id"]):
                    raise _foreign_server(record)
                if not reply["loading"]:
                    return info.version(reply)
                deadline = time.monotonic() + _START_TIMEOUT  # loading may take any time, as long as it goes on
            except redis.AuthenticationError as error:
                raise _foreign_server(record) from error
            except (redis.ConnectionError, redis.TimeoutError):
                pass
            self._check_start(record["id"], deadline)
            time.sleep(_POLL_INTERVAL)

    def _check_start(self, instance_id: int, deadline: float) -> None:
        """Raise EngineFailed with the server's last words when it has ended, or when it is too late."""
        if self._cancelled.is_set():
            raise EngineFailed("The emulator ends, and the instance's Redis with it")
        if not self._runner.is_running(instance_id):
            log = _complaints(self._runner.log(instance_id)) or "it wrote nothing"
            raise EngineFailed(f"The instance's Redis did not start: {log}")
        if time.monotonic() > deadline:
            log = self._runner.log(instance_id) or "(empty)"
            raise EngineFailed(
                f"The instance's Redis did not answer within {_START_TIMEOUT:g} seconds; its log ends: {log}"
            )

    def _wait_for_all_data(self, record: Record) -> str:
        """Wait for a server, and refuse one that does not see the data of the version before it."""
        version = self.wait_until_ready(record)
        if record["persistence"] == "aof" and not info.reads_append_only_file(version, record["version"]):
            raise EngineFailed(
                f"The instance's append-only file was written by version {record['version']}, and {version} "
                "does not read it; run version 7 or later"
            )
        return version

    def _launch(self, record: Record, account: str) -> None:
        self._runner.launch(record, self.configuration(record, account))
        self._rewrites.server_started(record["id"])

    def _save(self, record: Record) -> None:
        """Save the data of a server that is to be restarted, if it answers. Raises EngineFailed if it cannot save."""
        if record["persistence"] == "aof":  # it has saved
            return
        try:
            self._connections.check(record)  # one that hangs is not waited for as long as a save takes
            with self._connections.to(record, live_settings.SAVE_TIMEOUT) as connection:
                connection.save()
        except redis.ResponseError as error:
            raise EngineFailed(f"The instance's Redis cannot save its data: {error}") from error
        except redis.RedisError:
            pass  # nothing can be asked of it, and it is restarted for that


def _foreign_server(record: Record) -> EngineFailed:
    return EngineFailed(f"Another Redis than the instance's answers on port {record['port']}; nothing was stored")


def _complaints(log: str) -> str:
    """Return what a server complained of, without its advice about the machine: a sentence has room for a part only.

    The lines of a log have `` / `` between them, and those of complaints a ``#`` before their text.
    """
    complaints = [text for line in log.split(" / ") if (text := line.partition(" # ")[2])]
    reasons = [text for text in complaints if not text.startswith("WARNING")]
    return shortened(" / ".join(reasons) or log, _MAX_COMPLAINTS)
