"""The server programs that can be run: where one is found, whether it is new enough, what an image calls it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVERS = ("redis-server", "valkey-server")
OLDEST = (6, 2)
"""The first version that knows all that redis.conf is given here."""
_ANSWER_TIMEOUT = 5.0


def find_server(path: str | None) -> str:
    """The server program to run. Raises StartupError that says how to get one, or a newer one."""
    for name in [path] if path else SERVERS:
        if found := shutil.which(name):
            _check(found)
            return found
    if path:
        raise StartupError(f"there is no program {path}; name another one: --redis-server PATH")
    raise StartupError(
        "neither redis-server nor valkey-server is on PATH; install one (apt install redis-server, "
        "brew install redis) or name it: --redis-server PATH"
    )


def _check(program: str) -> None:
    """Refuse a server that is too old; one that doesn't tell is given its chance."""
    version = _version(program)
    if version and _numbers(version) < OLDEST:
        raise StartupError(
            f"{program} is version {version}, and {'.'.join(map(str, OLDEST))} or later is needed; "
            "install a newer one, name it with --redis-server PATH, or take --redis docker"
        )


def _version(program: str) -> str:
    """What ``--version`` says: ``Redis server v=7.0.15 sha=…``, and of old ``Redis server version 2.4.10 (…)``."""
    try:
        done = subprocess.run(  # noqa: S603 - the program is the user's choice
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"server v(?:ersion |=)(\d+(?:\.\d+)+)", done.stdout)
    return match[1] if match else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def server_command(image: Mapping[str, Any], configuration: str) -> list[str]:
    """The command for a container: the server that the image runs by default, by whose name its entry point knows it.

    Valkey's drops its rights for ``valkey-server`` alone, as Redis's does for ``redis-server``.
    """
    entry, default = image.get("Entrypoint") or [], image.get("Cmd") or []
    if entry and _is_server(entry[-1]):
        return [configuration]
    return [next(filter(_is_server, default), SERVERS[0]), configuration]


def _is_server(word: str) -> bool:
    return PurePosixPath(word).name in SERVERS
