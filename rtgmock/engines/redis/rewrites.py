"""When each instance's append-only file was last rewritten. Redis does not tell, so rewrites are watched for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtgmock.clock import timestamp
from rtgmock.engines.redis import info

if TYPE_CHECKING:
    from collections.abc import Mapping


class RewriteTimes:
    """The time of a rewrite is the time at which it was first seen in ``INFO``."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, str | None]] = {}
        """By instance: the marker of the last rewrite that was seen, and when that was."""

    def server_started(self, instance_id: int) -> None:
        """Expect the marker of a new server, which has made no rewrite yet."""
        _, moment = self._seen.get(instance_id, ("", None))
        self._seen[instance_id] = ("", moment)

    def last(self, instance_id: int, reply: Mapping[str, Any]) -> str | None:
        """Return when the last rewrite was first seen, given a new reply to ``INFO``; None when none was."""
        marker = info.rewrite_marker(reply)
        # A server that this emulator did not start may have made rewrites whose times are not known.
        known, moment = self._seen.get(instance_id, (marker, None))
        if marker and marker != known:
            moment = timestamp(datetime.now(UTC))
        self._seen[instance_id] = (marker, moment)
        return moment

    def forget(self, instance_id: int) -> None:
        """Forget an instance that is gone."""
        self._seen.pop(instance_id, None)
