"""What redis.conf says of an instance in each version of the API, and that a live Redis accepts every value of 2012."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
import redis

from rtgmock.engines.redis import config_file
from rtgmock.engines.runner import Place
from rtgmock.model.attributes import BY_NAME, DOCUMENTED, RECORDED, changeable
from rtgmock.model.types import Boolean, Choice, Integer, ValueType
from tests.support.redis_settings import CASES
from tests.support.values import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Serve

PLACE = Place(9001, "127.0.0.1", "/data")

# What redis.conf says of a new instance on the free plan in 2012 and not in 2010.
DIRECTIVES = {
    "auto-aof-rewrite-min-size": "67108864",
    "auto-aof-rewrite-percentage": "100",
    "list-max-ziplist-size": "512",
    "loglevel": "notice",
    "maxmemory-policy": "volatile-lru",
    "maxmemory-samples": "3",
    "no-appendfsync-on-rewrite": "no",
    "replica-serve-stale-data": "yes",
    "set-max-intset-entries": "512",
    "slowlog-log-slower-than": "-1",
    "slowlog-max-len": "102",
    "zset-max-ziplist-entries": "128",
    "zset-max-ziplist-value": "64",
}
CASES_2012 = [case for name, case in CASES.items() if BY_NAME[name].since == RECORDED]
CHANGES = {name: value for case in CASES_2012 for name, value in case.sent.items()}
CHANGED = {name: value for case in CASES_2012 for name, value in case.expected.items()}


def written(values: dict[str, Any], version: int) -> dict[str, str]:
    """The directives of a redis.conf, each of which is written once but for the save points."""
    lines = config_file.build_config(record(**values), "me", PLACE, version).splitlines()
    pairs = [(line.partition(" ")[0], line.partition(" ")[2].strip('"')) for line in lines if line[:5] != "user "]
    points = " ".join(value for name, value in pairs if name == "save")
    once = [pair for pair in pairs if pair[0] != "save"]
    assert len(dict(once)) == len(once)
    return dict(once) | {"save": points}


def test_redis_conf_says_more_in_2012() -> None:
    documented, recorded = written({}, DOCUMENTED), written({}, RECORDED)

    assert documented["maxmemory-policy"] == "noeviction"
    assert {name for name in recorded if name not in documented} == set(DIRECTIVES) - {"maxmemory-policy"}
    assert recorded == documented | DIRECTIVES


def test_redis_conf_has_the_settings_in_2012_and_not_in_2010() -> None:
    assert written(CHANGES, DOCUMENTED) == written({}, DOCUMENTED)
    assert written(CHANGES, RECORDED) == written({}, DOCUMENTED) | CHANGED


@pytest.mark.parametrize(
    ("enabled", "microseconds", "directive"), [(False, 50000, "-1"), (True, 50000, "50000"), (True, 0, "0")]
)
def test_a_slow_log_that_is_not_enabled_logs_nothing(enabled: bool, microseconds: int, directive: str) -> None:
    values = {"slowlog_enabled": enabled, "slowlog_log_slower_than": microseconds}

    assert written(values, RECORDED)["slowlog-log-slower-than"] == directive


def test_only_what_differs_is_changed_live() -> None:
    after = record(slowlog_enabled=True, log_level="debug", list_max_ziplist_value=1)

    changes = config_file.changes(record(), after, RECORDED)
    assert {name: value for name, (_, value) in changes.items()} == {
        "slowlog-log-slower-than": "50000",
        "loglevel": "debug",
    }
    assert config_file.changes(record(), after, DOCUMENTED) == {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def live(port: int, password: str) -> dict[str, str]:
    """What a Redis says of the directives that 2012 has more."""
    with redis.Redis(port=port, password=password, decode_responses=True) as connection:
        return {name: connection.config_get(name)[name] for name in DIRECTIVES}


def test_a_live_redis_does_what_the_attributes_say(serve: Serve, program: Callable[[str, str], str]) -> None:
    program("redis", "redis-server")
    port = free_port()
    api = serve(api=RECORDED, redis="process", ports=range(port, port + 1))
    made = api.create()
    assert live(port, made["password"]) == DIRECTIVES

    for name, value in CHANGES.items():
        answer = api.put("/instances/1.json", json={name: value})
        assert answer.status_code == 200, answer.text
    assert live(port, made["password"]) == CHANGED


@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_a_live_redis_takes_every_bound_and_word(serve: Serve, program: Callable[[str, str], str], end: str) -> None:
    program("redis", "redis-server")
    port = free_port()
    api = serve(api=RECORDED, redis="process", ports=range(port, port + 1))
    api.create()

    for attribute in changeable(RECORDED):
        if attribute.since == RECORDED:
            for value in _extremes(attribute.value_type, end):
                answer = api.put("/instances/1.json", json={attribute.name: value})
                assert answer.status_code == 200, answer.text
    # Other databases need a restart, for which all of it is read from redis.conf.
    assert api.put("/instances/1.json", json={"databases": 2}).status_code == 200


def _extremes(value_type: ValueType, end: str) -> list[Any]:
    match value_type:
        case Choice(choices):
            return list(choices)
        case Integer(minimum, maximum):
            return [minimum if end == "lowest" else maximum]
        case Boolean():
            return [end == "highest"]
    raise NotImplementedError(value_type)


def test_in_2010_a_live_redis_rejects_writes_when_it_is_full(serve: Serve, program: Callable[[str, str], str]) -> None:
    program("redis", "redis-server")
    port = free_port()
    made = serve(redis="process", ports=range(port, port + 1)).create()

    with redis.Redis(port=port, password=made["password"], decode_responses=True) as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
