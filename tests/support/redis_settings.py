"""For each attribute: what to send to change it from its default, and what its Redis then answers to CONFIG GET."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import redis

from rtgmock.model.attributes import known
from rtgmock.text import MB
from tests.support.redis_client import ask, config, connection, run_id

if TYPE_CHECKING:
    from tests.conftest import Served


class Case(NamedTuple):
    sent: dict[str, Any]
    expected: dict[str, str]
    restarts: bool = False


_MASTER = {"master_host": "10.255.255.1", "master_port": "6399", "slave": True}

CASES = {
    "persistence": Case({"persistence": "aof"}, {"appendonly": "yes", "save": ""}),
    "master_password": Case({"master_password": 'sesame "x"'}, {"masterauth": 'sesame "x"'}),
    "memory": Case({"plan": "mini"}, {"maxmemory": str(20 * MB)}),
    "connections": Case({"plan": "small"}, {"maxclients": "257"}),
    "timeout": Case({"timeout": 31}, {"timeout": "31"}),
    "databases": Case({"databases": 16}, {"databases": "16"}, restarts=True),
    "hash_max_zipmap_value": Case({"hash_max_zipmap_value": 1024}, {"hash-max-ziplist-value": "1024"}),
    "hash_max_zipmap_entries": Case(
        {"hash_max_zipmap_entries": 2**63 - 1}, {"hash-max-ziplist-entries": str(2**63 - 1)}
    ),
    "snapshots": Case(
        {"snapshots": ["60 1", "5 2"], "persistence": "snapshot"}, {"save": "60 1 5 2", "appendonly": "no"}
    ),
    "activerehashing": Case({"activerehashing": False}, {"activerehashing": "no"}),
    "appendfsync": Case({"appendfsync": "always"}, {"appendfsync": "always"}),
    "password": Case({"password": "open sesame"}, {"requirepass": "open sesame"}),
    "auto_aof_rewrite_min_size": Case({"auto_aof_rewrite_min_size": 1048576}, {"auto-aof-rewrite-min-size": "1048576"}),
    "auto_aof_rewrite_percentage": Case({"auto_aof_rewrite_percentage": 50}, {"auto-aof-rewrite-percentage": "50"}),
    "list_max_ziplist_entries": Case({"list_max_ziplist_entries": 100}, {"list-max-ziplist-size": "100"}),
    "log_level": Case({"log_level": "verbose"}, {"loglevel": "verbose"}),
    "maxmemory_policy": Case({"maxmemory_policy": "allkeys-lru"}, {"maxmemory-policy": "allkeys-lru"}),
    "maxmemory_samples": Case({"maxmemory_samples": 7}, {"maxmemory-samples": "7"}),
    "no_appendfsync_on_rewrite": Case({"no_appendfsync_on_rewrite": "yes"}, {"no-appendfsync-on-rewrite": "yes"}),
    "set_max_intset_entries": Case({"set_max_intset_entries": 300}, {"set-max-intset-entries": "300"}),
    "slave_serve_stale_data": Case({"slave_serve_stale_data": False}, {"replica-serve-stale-data": "no"}),
    "slowlog_max_len": Case({"slowlog_max_len": 5}, {"slowlog-max-len": "5"}),
    "zset_max_ziplist_entries": Case({"zset_max_ziplist_entries": 99}, {"zset-max-ziplist-entries": "99"}),
    "zset_max_ziplist_value": Case({"zset_max_ziplist_value": 99}, {"zset-max-ziplist-value": "99"}),
    "slowlog_enabled": Case({"slowlog_enabled": True}, {"slowlog-log-slower-than": "50000"}),
    "slowlog_log_slower_than": Case(
        {"slowlog_enabled": True, "slowlog_log_slower_than": 7}, {"slowlog-log-slower-than": "7"}
    ),
    "slave": Case(_MASTER, {"replicaof": "10.255.255.1 6399"}),
    "master_host": Case({**_MASTER, "master_host": "10.255.255.2"}, {"replicaof": "10.255.255.2 6399"}),
    "master_port": Case(
        {**_MASTER, "master_host": "10.255.255.2", "master_port": "6400"}, {"replicaof": "10.255.255.2 6400"}
    ),
}


def all_at_once(api: int) -> Case:
    """Return a create with every attribute that an update can change."""
    chosen = [case for name, case in CASES.items() if name in known(api) and name not in {"memory", "snapshots"}]
    sent = {key: value for case in chosen for key, value in case.sent.items()}
    return Case(sent, {key: value for case in chosen for key, value in case.expected.items()})


def wrong_after_updates(api: Served, version: int, number: int = 1) -> dict[str, Any]:
    """Change an instance's settings one by one, and return what differs from the case's expectation, by attribute."""
    path = f"/instances/{number}.json"
    url = api.get(path).json()["url"]
    wrong: dict[str, Any] = {}
    for name, case in CASES.items():
        if name not in known(version):
            continue
        before = run_id(url)
        answer = api.put(path, json=case.sent)
        if answer.status_code != 200:
            wrong[name] = answer.text
            continue
        url = answer.json()["url"]
        actual = config(url, *case.expected)
        if actual != case.expected:
            wrong[name] = actual
        if (run_id(url) != before) != case.restarts:
            wrong[f"{name}, run_id"] = "another" if not case.restarts else "the same"
    return wrong


def fill(url: str, most: int) -> int:
    """Write up to ``most`` chunks of 100 KB, and return how many the Redis accepted before its memory was full."""
    start = int(ask(url, "DBSIZE"))
    with connection(url) as client:
        for number in range(start, start + most):
            try:
                client.set(f"chunk{number}", "x" * 100_000)
            except redis.OutOfMemoryError:  # OOM command not allowed when used memory > 'maxmemory'
                return number - start
    return most


def connect(url: str, clients: list[redis.Redis], most: int) -> tuple[int, str]:
    """Connect clients until one is refused or there are ``most``; return their number and the reason of the refusal."""
    while len(clients) < most:
        try:
            clients.append(connection(url))
        except redis.ConnectionError as error:
            return len(clients), str(error)
    return len(clients), "not refused"
