"""What a live server tells of itself in ``INFO``, by whichever name its version has for it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtgmock.clock import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER_SINCE = 7


def version(found: Mapping[str, Any]) -> str:
    """The version that runs; Valkey's own, for ``redis_version`` is there the Redis that it is compatible with."""
    return str(found.get("valkey_version") or found["redis_version"])


def reads_append_only_file(version: str, earlier: str) -> bool:
    """Whether a version finds the append-only file of an earlier run: since 7 it is in a folder, passed over before."""
    return _major(version) >= _FOLDER_SINCE or _major(earlier) < _FOLDER_SINCE


def _major(version: str) -> int:
    match = re.match(r"v?(\d+)", version)
    return int(match[1]) if match else 0


def last_save(found: Mapping[str, Any]) -> str | None:
    """When it last saved. Its own start counts as a save for Redis, and not for us."""
    saved, started = int(found["rdb_last_save_time"]), time.time() - int(found["uptime_in_seconds"])
    has_saved = int(found["rdb_saves"]) > 0 if "rdb_saves" in found else int(found["rdb_last_bgsave_time_sec"]) >= 0
    if saved <= started + 1 and not has_saved:
        return None
    return timestamp(datetime.fromtimestamp(saved, UTC))


def rewrites(found: Mapping[str, Any]) -> str:
    """What changes with each rewrite of the append-only file; empty before the first. Redis 6.2 doesn't count them."""
    if "aof_rewrites" in found:
        return str(found["aof_rewrites"] or "")
    took = int(found["aof_last_rewrite_time_sec"])
    return "" if took < 0 else f"{took} s, {found.get('aof_base_size')} bytes"


def used_memory(found: Mapping[str, Any]) -> int:
    """The bytes that its data takes, as it counts them against maxmemory."""
    return int(found["used_memory"]) - int(found.get("mem_not_counted_for_evict", 0))
