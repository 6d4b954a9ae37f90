"""Replies as Redis sends them: version 2 of its protocol, of which a probe's commands need no more.

redis-py's parser reads from a connection, and waits for it. Reading what has arrived takes a quarter of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Sequence

    Reply = str | int | None | redis.ResponseError | Sequence["Reply"]

_LINE_END = b"\r\n"


def parse(data: bytes, number: int) -> list[Reply] | None:
    """Return this number of replies, errors included; None as long as they have not all arrived."""
    replies: list[Reply] = []
    offset = 0
    try:
        while len(replies) < number:
            reply, offset = _parse_one(data, offset)
            replies.append(reply)
    except _IncompleteError:
        return None
    return replies


class _IncompleteError(Exception):
    """The rest of a reply has not arrived."""


def _parse_one(data: bytes, offset: int) -> tuple[Reply, int]:
    """Return the reply that begins at an offset, and the offset of the next one."""
    end = data.find(_LINE_END, offset)
    if end < 0:
        raise _IncompleteError
    kind, line, offset = data[offset : offset + 1], data[offset + 1 : end], end + len(_LINE_END)
    match kind:
        case b"$":
            return _parse_text(data, offset, int(line))
        case b"*":
            return _parse_array(data, offset, int(line))
        case b":":
            return int(line), offset
        case b"-":
            return redis.ResponseError(_text(line)), offset
        case _:
            return _text(line), offset


def _parse_text(data: bytes, offset: int, size: int) -> tuple[str | None, int]:
    if size < 0:
        return None, offset
    end = offset + size
    if len(data) < end + len(_LINE_END):
        raise _IncompleteError
    return _text(data[offset:end]), end + len(_LINE_END)


def _parse_array(data: bytes, offset: int, size: int) -> tuple[list[Reply], int]:
    replies = []
    for _ in range(size):
        reply, offset = _parse_one(data, offset)
        replies.append(reply)
    return replies, offset


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
