"""The table of engines: the values of ``--redis``, each with what it runs.

The engines themselves are in ``rtgmock.engines``; this table is below them, so that the settings can read it.
"""

from __future__ import annotations

from enum import StrEnum


class EngineName(StrEnum):
    """An engine, by the name that ``--redis`` accepts. A row is the name and, for help, what runs the Redis servers."""

    runs: str

    def __new__(cls, name: str, runs: str) -> EngineName:
        """Make a member that is equal to its name; ``runs`` is an attribute beside it."""
        member = str.__new__(cls, name)
        member._value_, member.runs = name, runs
        return member

    OFF = "off", "nothing"
    PROCESS = "process", "redis-server processes"
    DOCKER = "docker", "containers"
    AUTO = "auto", "processes if there is a server, else containers if Docker has the image, else nothing"


REAL_ENGINES = tuple(name for name in EngineName if name not in {EngineName.OFF, EngineName.AUTO})
"""The engines that run Redis servers."""
AUTO_ORDER = (EngineName.PROCESS, EngineName.DOCKER)
"""The engines that ``auto`` tries, in this order, until one can be used."""
