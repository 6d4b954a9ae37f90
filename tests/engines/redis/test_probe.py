"""What the replies to a probe say about a server's condition."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import redis

from rtgmock.engines.base import Condition
from rtgmock.engines.redis import probe
from rtgmock.engines.runner import Place

RECORD = {"id": 1, "password": "sesame", "memory": 5000}
PLACE = Place(9001, "127.0.0.1", "/data")
DIGEST = hashlib.sha256(b"sesame").hexdigest()
INFO = "# Persistence\r\nloading:0\r\n"
PORT, BIND, MEMORY = ["port", "9001"], ["bind", "127.0.0.1"], ["maxmemory", "5000"]
PLACED = [INFO, PORT, BIND, MEMORY]
USERS = [f"user {name} on #{DIGEST} ~* &* +@all" for name in ("default", "nodejitsu", "redistogo", "username")]
REFUSED = redis.ResponseError("NOPERM this user has no permissions to run the command")
BUSY = redis.ResponseError("BUSY Redis is busy running a script.")


@pytest.mark.parametrize(
    ("replies", "condition"),
    [
        ([*PLACED, USERS], Condition.ANSWERS),
        ([INFO, PORT, BIND, ["maxmemory", "4999"], USERS], Condition.ANSWERS),
        ([INFO, *[REFUSED] * 4], Condition.ANSWERS),
        ([INFO.replace("0", "1"), PORT, BIND, MEMORY, USERS], Condition.HANGS),
        ([BUSY] * 5, Condition.HANGS),
        ([INFO, ["port", "9002"], BIND, MEMORY, USERS], Condition.INACCESSIBLE),
        ([INFO, PORT, ["bind", "0.0.0.0"], MEMORY, USERS], Condition.INACCESSIBLE),
        ([INFO, PORT, ["bind", ""], MEMORY, USERS], Condition.INACCESSIBLE),
        ([INFO, PORT, BIND, ["maxmemory", "0"], USERS], Condition.INACCESSIBLE),
        ([INFO, PORT, BIND, ["maxmemory", "5001"], USERS], Condition.INACCESSIBLE),
        ([*PLACED, USERS[:3]], Condition.INACCESSIBLE),
        ([*PLACED, USERS[1:]], Condition.INACCESSIBLE),
        ([*PLACED, [USERS[0].replace(" on ", " off "), *USERS[1:]]], Condition.INACCESSIBLE),
        ([*PLACED, [USERS[0].replace(DIGEST, "0"), *USERS[1:]]], Condition.INACCESSIBLE),
    ],
)
def test_the_condition_that_replies_show(replies: list[Any], condition: Condition) -> None:
    assert probe.condition(RECORD, "username", PLACE, replies) is condition


@pytest.mark.parametrize(
    ("error", "condition"),
    [
        (redis.AuthenticationError("another Redis"), Condition.INACCESSIBLE),
        (redis.ConnectionError("max number of clients reached"), Condition.ANSWERS),
        (redis.ConnectionError("Connection refused"), Condition.DOWN),
        (redis.BusyLoadingError("loading the dataset in memory"), Condition.HANGS),
        (redis.TimeoutError("Timeout reading from socket"), Condition.HANGS),
    ],
)
def test_the_condition_that_a_failed_connection_shows(error: redis.RedisError, condition: Condition) -> None:
    assert probe.condition_after(error) is condition
