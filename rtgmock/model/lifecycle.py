"""The lifecycle of an instance: its statuses, the transitions between them, and the boot delay.

The documentation shows ``new`` and ``running``, a recorded response ``starting``. The moments of the transitions are
ours: at once, unless a boot delay is set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from datetime import datetime


class Status(StrEnum):
    """The values of an instance's ``status``."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"


class Event(StrEnum):
    """The events that lead from one status to another."""

    BOOT = "boot"
    READY = "ready"
    LOST = "lost"


TRANSITIONS = {
    (Status.NEW, Event.BOOT): Status.STARTING,
    (Status.STARTING, Event.READY): Status.RUNNING,
    # A Redis can be lost at any time, also before the instance is running.
    **dict.fromkeys(((status, Event.LOST) for status in Status), Status.FAILED),
}


class Boot(TypedDict, total=False):
    """The condition, as it is stored, that a starting instance waits for. It has one of the keys."""

    until: float
    """The moment at which the instance is running, in seconds since 1970."""
    reads: int
    """The number of reads that are left, including the one that finds the instance running."""


@dataclass(frozen=True)
class BootDelay:
    """The time that an instance is ``starting``: some seconds, or until it has been read ``reads`` times."""

    seconds: float = 0
    reads: int = 0

    @classmethod
    def parse(cls, text: str) -> BootDelay:
        """Return the delay that ``0``, ``2.5`` or ``3reads`` means. Raises ValueError for anything else."""
        # Six digits are over eleven days, and keep the moment within the range of datetime.
        if match := re.fullmatch(r"(\d{1,6})\s*reads?", text, re.ASCII):
            return cls(reads=int(match[1]))
        if re.fullmatch(r"\d{1,6}(\.\d{1,6})?s?", text, re.ASCII):
            return cls(seconds=float(text.rstrip("s")))
        raise ValueError(f"{text!r} is not a delay; write seconds, as 2.5, or reads, as 3reads")


def step(status: str, event: Event) -> str:
    """Return the status that ``event`` leads to from ``status``. Raises KeyError when there is no such transition."""
    return TRANSITIONS[Status(status), event].value


def may_precede(earlier: str, later: str) -> bool:
    """Whether the transitions lead from one status to another, so that an instance with the second has had the first.

    A client that saves what a create answered sends ``new`` long after the instance is running.
    """
    following = {status for (start, _), status in TRANSITIONS.items() if start == earlier and status != earlier}
    return later in following or any(may_precede(status, later) for status in following)


def begin(delay: BootDelay, now: datetime) -> tuple[str, Boot | None]:
    """Return the status that a new instance has once its create is answered, and what its boot waits for."""
    status = step(Status.NEW, Event.BOOT)
    if delay.reads:
        return status, Boot(reads=delay.reads)
    if delay.seconds:
        return status, Boot(until=now.timestamp() + delay.seconds)
    return step(status, Event.READY), None


def settle(status: str, boot: Boot | None, now: datetime) -> tuple[str, Boot | None]:
    """Return the status and the boot at ``now``; only time has passed since they were stored."""
    if boot is None or "reads" in boot or now.timestamp() < boot["until"]:
        return status, boot
    return step(status, Event.READY), None


def read_once(status: str, boot: Boot | None, now: datetime) -> tuple[str, Boot | None]:
    """Return the status that a read at ``now`` finds, and the boot after that read."""
    # A boot that waits for a moment is not brought forward by a read.
    if boot is None or "reads" not in boot:
        return settle(status, boot, now)
    if boot["reads"] > 1:
        return status, Boot(reads=boot["reads"] - 1)
    return step(status, Event.READY), None


def is_boot(status: str, value: object) -> bool:
    """Whether a stored record with ``status`` may have this boot.

    Only a starting instance has a boot. One without it is starting until a client sets another status.
    """
    if status != Status.STARTING or value is None:
        return value is None
    if not (isinstance(value, dict) and len(value) == 1):
        return False
    reads, until = value.get("reads"), value.get("until")
    return (type(reads) is int and reads > 0) or type(until) in {int, float}
