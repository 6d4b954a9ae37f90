"""The monitor: one thread that probes the Redis servers of all instances side by side, twice a second.

Probes are sent to all servers first, and the replies are read as they come: one that hangs delays nothing. To send, to
read and to judge one takes 70 microseconds, most of them the system's for sending it: 1.5 % of a core for 100 servers.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis

from rtgmock.engines.base import Condition, Observation
from rtgmock.engines.redis import info, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtgmock.engines.redis.connections import Connections
    from rtgmock.engines.redis.lifecycle import ServerLifecycle
    from rtgmock.engines.redis.observations import Observations
    from rtgmock.engines.redis.probe import Replies
    from rtgmock.engines.redis.rewrites import RewriteTimes
    from rtgmock.model.types import Record

    Instances = Callable[[], Iterable[tuple[Record, str]]]

INTERVAL = 0.48
"""Seconds between two probes of an instance: what is known of it is at most half a second old."""
DEADLINE = 1.0
"""Seconds after which a server that has not answered counts as hanging."""
_GIVE_UP = 10.0
"""Seconds after which another connection is tried: the address may lead nowhere any more, without an error."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.003, 0.1
"""Seconds between two looks for replies: most come at once, the others may take long."""
_MAX_CONNECTING = 16
_HANGS = Observation(Condition.HANGS)


@dataclass(slots=True)
class _Probe:
    """A probe whose replies are expected."""

    record: Record
    account: str
    begun: int
    """What ``Observations.moment`` has returned."""
    at: float


class Monitor:
    """Keeps ``observations`` up to date, and reports the instances that need the supervisor."""

    def __init__(
        self,
        connections: Connections,
        observations: Observations,
        rewrites: RewriteTimes,
        lifecycle: ServerLifecycle,
    ) -> None:
        self._connections, self._observations = connections, observations
        self._rewrites, self._lifecycle = rewrites, lifecycle
        self._probes: dict[int, _Probe] = {}
        self._answers: dict[int, tuple[tuple[str, str, Replies], Observation]] = {}
        """By instance: password, account and the last good replies, and what they said. An idle server repeats them."""
        self._connecting: set[int] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, instances: Instances, report: Callable[[int], None]) -> None:
        """Start the thread."""
        self._instances, self._report = instances, report
        self._thread = threading.Thread(target=self._run, name="rtgmock-monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if it was started. A connection that is being opened may still be tried for a while."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        # A new connection takes several round trips, and waits for a server that hangs: that is for other threads.
        self._pool = ThreadPoolExecutor(_MAX_CONNECTING, "rtgmock-connect")
        while not self._stopping.is_set():
            next_round = time.monotonic() + INTERVAL
            try:
                self._begin_round()
                self._collect_until(next_round)
            except Exception:
                logging.getLogger("rtgmock").exception("the Redis servers could not be probed")
                self._stopping.wait(INTERVAL)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin_round(self) -> None:
        known, begun = set(), self._observations.moment()
        for record, account in self._instances():
            known.add(record["id"])
            self._begin(record, account, begun)
        for gone in (self._probes.keys() | self._answers.keys()) - known:
            self._probes.pop(gone, None)
            self._answers.pop(gone, None)

    def _begin(self, record: Record, account: str, begun: int) -> None:
        instance_id = record["id"]
        is_busy = instance_id in self._probes or instance_id in self._connecting
        if is_busy or self._observations.is_changing(instance_id):
            return
        sent = _Probe(record, account, begun, time.monotonic())
        try:
            if self._connections.send_probe(record):
                self._probes[instance_id] = sent
        except redis.RedisError:
            self._connect(sent)

    def _collect_until(self, end: float) -> None:
        """Read replies as they come, until it is time for the next round."""
        pause = _FIRST_PAUSE
        while (left := end - time.monotonic()) > 0 and not self._stopping.is_set():
            self._stopping.wait(min(pause, left) if self._probes else left)
            pause = min(2 * pause, _LONGEST_PAUSE)
            for sent in list(self._probes.values()):
                self._collect(sent)

    def _collect(self, sent: _Probe) -> None:
        instance_id = sent.record["id"]
        try:
            replies = self._connections.replies(instance_id)
        except redis.RedisError:
            del self._probes[instance_id]
            self._connect(sent)  # whether the server is gone, or has only closed the connection
            return
        if replies is None:
            self._wait_on(sent)
            return
        del self._probes[instance_id]
        if replies:
            self._add(sent, self._judge(sent, replies))

    def _wait_on(self, sent: _Probe) -> None:
        """Note that a server hangs, once it has had the time to answer."""
        waited = time.monotonic() - sent.at
        if waited > DEADLINE:
            self._add(sent, _HANGS)
        if waited > _GIVE_UP:
            self._connections.close_unused(sent.record["id"])

    def _judge(self, sent: _Probe, replies: Replies) -> Observation:
        """Return what the replies to a probe say. An idle server repeats its last ones, which are not read again."""
        record = sent.record
        answer = record["password"], sent.account, replies
        known, observation = self._answers.get(record["id"], (None, _HANGS))
        if answer == known and not self._lifecycle.is_out_of_sync(record["id"]):
            return observation
        condition = self._lifecycle.condition(record, sent.account, replies)
        if condition is not Condition.ANSWERS:
            return Observation(condition)
        observation = Observation(condition, self._attributes(record["id"], probe.persistence(replies)))
        self._answers[record["id"]] = answer, observation
        return observation

    def _attributes(self, instance_id: int, reply: Record) -> Record:
        """Return when the server last saved, and last rewrote its append-only file."""
        times = {
            "last_backup_at": info.last_save(reply, self._connections.started(instance_id)),
            "last_bgrewriteaof_at": self._rewrites.last(instance_id, reply),
        }
        return {name: moment for name, moment in times.items() if moment}

    def _add(self, sent: _Probe, observation: Observation) -> None:
        """Keep an observation, and report it if the supervisor has something to do."""
        record = sent.record
        kept = self._observations.add(record["id"], sent.begun, observation)
        differs = any(record[name] != value for name, value in observation.attributes.items())
        if kept and (observation.is_lost or differs):
            self._report(record["id"])

    def _connect(self, failed: _Probe) -> None:
        """Try to open a connection, in another thread."""
        if failed.record["id"] not in self._connecting:
            self._connecting.add(failed.record["id"])
            self._pool.submit(self._try_to_connect, failed)

    def _try_to_connect(self, failed: _Probe) -> None:
        try:
            with self._connections.to(failed.record):
                pass  # the next round probes it
        except redis.RedisError as error:
            self._add(failed, Observation(probe.condition_after(error)))
        finally:
            self._connecting.discard(failed.record["id"])
