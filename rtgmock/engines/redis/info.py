"""Read replies to ``INFO``, whose field names differ between versions of Redis and Valkey."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtgmock.clock import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

_APPEND_ONLY_FOLDER_SINCE = 7


def parse(text: str) -> dict[str, Any]:
    """Return the fields of a reply as the server sends it; whole numbers as such."""
    fields = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name: int(value) if value.lstrip("-").isdecimal() else value for name, value in fields}


def version(reply: Mapping[str, Any]) -> str:
    """Return the server's version. Valkey has its own in ``valkey_version``, beside that of a compatible Redis."""
    return str(reply.get("valkey_version") or reply["redis_version"])


def reads_append_only_file(version: str, earlier: str) -> bool:
    """Return whether a version finds the append-only file of an earlier one.

    Since version 7 it is several files in a folder. An older server does not look there, and would start empty.
    """
    since = _APPEND_ONLY_FOLDER_SINCE
    return _major(version) >= since or _major(earlier) < since


def _major(version: str) -> int:
    match = re.match(r"v?(\d+)", version)
    return int(match[1]) if match else 0


def last_save(reply: Mapping[str, Any], started: float) -> str | None:
    """Return when the server last saved a snapshot; None when it never did. ``started`` is when it was started.

    ``rdb_last_save_time`` begins as the time of the server's start, which is not a save. So a time close to the start
    counts only if there was a save: ``rdb_saves`` counts them since Redis 7, and before it one that was made in the
    background has a duration.
    """
    saved = int(reply["rdb_last_save_time"])
    has_saved = int(reply["rdb_saves"]) > 0 if "rdb_saves" in reply else int(reply["rdb_last_bgsave_time_sec"]) >= 0
    if saved <= started + 1 and not has_saved:
        return None
    return timestamp(datetime.fromtimestamp(saved, UTC))


def rewrite_marker(reply: Mapping[str, Any]) -> str:
    """Return a text that changes with each rewrite of the append-only file; empty before the first one."""
    if "aof_rewrites" in reply:
        return str(reply["aof_rewrites"] or "")
    # Redis 6.2 does not count rewrites: the duration of the last one and the size it left tell most of them apart.
    seconds = int(reply["aof_last_rewrite_time_sec"])
    return "" if seconds < 0 else f"{seconds} s, {reply.get('aof_base_size')} bytes"


def used_memory(reply: Mapping[str, Any]) -> int:
    """Return the bytes that count against maxmemory: without replication and append-only buffers."""
    return int(reply["used_memory"]) - int(reply.get("mem_not_counted_for_evict", 0))
