"""The server programs: find one on this machine, check its version, and name the one in an image."""

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
"""The first version that accepts every directive and ACL rule that is written here."""
_PROTECTED = (7, 0)
"""The first version that refuses modules, DEBUG, and settings by which a client could reach the machine."""
_ANSWER_TIMEOUT = 5.0


def find_server(path: str | None) -> str:
    """Return the path of the server program to run. Raises StartupError that says how to get one, or a newer one."""
    for name in [path] if path else SERVERS:
        if program := shutil.which(name):
            _check(program)
            return program
    if path:
        raise StartupError(f"there is no program {path}; name another one: --redis-server PATH")
    raise StartupError(
        "neither redis-server nor valkey-server is on PATH; install one (apt install redis-server, "
        "brew install redis) or name it: --redis-server PATH"
    )


def is_protected(program: str) -> bool:
    """Return whether a server keeps its clients from the machine; one whose version cannot be read may not do it."""
    version = _version(program)
    return bool(version) and _numbers(version) >= _PROTECTED


def _check(program: str) -> None:
    """Raise StartupError for a server that is too old. One whose version cannot be read is accepted."""
    version = _version(program)
    if version and _numbers(version) < OLDEST:
        raise StartupError(
            f"{program} is version {version}, and {'.'.join(map(str, OLDEST))} or later is needed; "
            "install a newer one, name it with --redis-server PATH, or take --redis docker"
        )


def _version(program: str) -> str:
    """Return the version in ``Redis server v=7.0.15 sha=…`` or ``Redis server version 2.4.10 (…)``, or nothing."""
    try:
        finished = subprocess.run(  # noqa: S603 - the program is the user's choice
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
    match = re.search(r"server v(?:ersion |=)(\d+(?:\.\d+)+)", finished.stdout)
    return match[1] if match else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def server_command(image: Mapping[str, Any], configuration: str) -> list[str]:
    """Return the command of a container: the server that the image runs by default, with a configuration file.

    The name must be the image's own: the entry point of Redis's image drops root only for ``redis-server``, that of
    Valkey's only for ``valkey-server``.
    """
    entry, default = image.get("Entrypoint") or [], image.get("Cmd") or []
    if entry and _is_server(entry[-1]):  # the entry point is the server itself, and takes arguments only
        return [configuration]
    return [next(filter(_is_server, default), SERVERS[0]), configuration]


def _is_server(word: str) -> bool:
    return PurePosixPath(word).name in SERVERS
