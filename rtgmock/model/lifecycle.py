"""An instance's life: its statuses, what leads from one to the next, and the boot delay.

The documentation shows ``new`` and ``running``, a recorded response ``starting``. When each turns into the
next is ours: at once, unless a boot delay is set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from datetime import datetime


class Status(StrEnum):
    """What an instance's ``status`` may say."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"


class Event(StrEnum):
    """What may happen to an instance."""

    BOOT = "boot"
    READY = "ready"
    LOST = "lost"


TRANSITIONS = {
    (Status.NEW, Event.BOOT): Status.STARTING,
    (Status.STARTING, Event.READY): Status.RUNNING,
    **dict.fromkeys(((status, Event.LOST) for status in Status), Status.FAILED),
}


class Boot(TypedDict, total=False):
    """How far an instance has got with starting, as it is stored. One key is set."""

    until: float
    """The moment when it is ready, in seconds since 1970."""
    reads: int
    """How many reads are left, the one that finds it running included."""


@dataclass(frozen=True)
class BootDelay:
    """How long an instance is ``starting``: for some seconds, or until the n-th time that it is read."""

    seconds: float = 0
    reads: int = 0

    @classmethod
    def parse(cls, text: str) -> BootDelay:
        """Read ``0``, ``2.5`` or ``3reads``. Raises ValueError for anything else."""
        if match := re.fullmatch(r"(\d{1,6})\s*reads?", text, re.ASCII):
            return cls(reads=int(match[1]))
        if re.fullmatch(r"\d{1,6}(\.\d{1,6})?s?", text, re.ASCII):
            return cls(seconds=float(text.rstrip("s")))
        raise ValueError(f"{text!r} is not a delay; write seconds, as 2.5, or reads, as 3reads")


def step(status: str, event: Event) -> str:
    """Where ``event`` leads from ``status``. Raises KeyError where the table has no such way."""
    return TRANSITIONS[Status(status), event].value


def begin(delay: BootDelay, now: datetime) -> tuple[str, Boot | None]:
    """The status that a new instance has once its create is answered, and what its boot waits for."""
    status = step(Status.NEW, Event.BOOT)
    if delay.reads:
        return status, Boot(reads=delay.reads)
    if delay.seconds:
        return status, Boot(until=(now + timedelta(seconds=delay.seconds)).timestamp())
    return step(status, Event.READY), None


def settle(status: str, boot: Boot | None, now: datetime) -> tuple[str, Boot | None]:
    """The status at ``now``, once what time alone brings about has happened."""
    if boot is None or "reads" in boot or now.timestamp() < boot["until"]:
        return status, boot
    return step(status, Event.READY), None


def read_once(status: str, boot: Boot | None, now: datetime) -> tuple[str, Boot | None]:
    """The status that a read at ``now`` finds, and what the boot waits for after that read."""
    if boot is None or "reads" not in boot:
        return settle(status, boot, now)
    if boot["reads"] > 1:
        return status, Boot(reads=boot["reads"] - 1)
    return step(status, Event.READY), None


def is_boot(status: str, value: object) -> bool:
    """Whether a stored record of that status may have this as its boot.

    Only one that is starting has one, and without one it is starting until it is moved to another status.
    """
    if status != Status.STARTING or value is None:
        return value is None
    if not (isinstance(value, dict) and len(value) == 1):
        return False
    reads, until = value.get("reads"), value.get("until")
    return (type(reads) is int and reads > 0) or type(until) in {int, float}
