"""Replies are parsed as Redis sends them, as soon as they have arrived."""

from __future__ import annotations

import pytest
import redis

from rtgmock.engines.redis import resp

REPLIES = b"$7\r\na:1\r\nb2\r\n*3\r\n$4\r\nport\r\n:6379\r\n*0\r\n-ERR no\r\n+OK\r\n$-1\r\n"
PARSED = ["a:1\r\nb2", ["port", 6379, []], "ERR no", "OK", None]


def test_all_kinds_of_replies() -> None:
    parsed = resp.parse(REPLIES, 5)

    assert parsed is not None
    error = parsed[2]
    assert isinstance(error, redis.ResponseError)
    assert [*parsed[:2], str(error), *parsed[3:]] == PARSED


@pytest.mark.parametrize("size", range(len(REPLIES)))
def test_replies_of_which_a_part_has_not_arrived(size: int) -> None:
    assert resp.parse(REPLIES[:size], 5) is None


def test_text_that_is_not_utf_8() -> None:
    assert resp.parse(b"$1\r\n\xff\r\n", 1) == ["\ufffd"]
