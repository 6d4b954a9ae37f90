"""Which engine the settings ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rtgmock.engines.off import OffEngine
from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.engines.base import Engine
    from rtgmock.engines.runner import Runner
    from rtgmock.settings.config import Config


def choose(config: Config, state_id: str, report: Callable[[str], None]) -> Engine:
    """The engine that the settings ask for. Raises StartupError where it cannot be had.

    ``report`` is told of what takes long, as the pull of an image.
    """
    if config.redis == "off":
        return OffEngine()
    # Imported here: only an engine with real servers needs redis-py and, of those, one the Docker SDK.
    from rtgmock.engines.redis.engine import RedisEngine  # noqa: PLC0415

    if config.redis == "process":
        return RedisEngine(_processes(config), config.api)
    if config.redis == "docker":
        return RedisEngine(_containers(config, state_id, report), config.api)
    try:
        return RedisEngine(_containers(config, state_id, report), config.api)
    except StartupError as no_docker:
        try:
            return RedisEngine(_processes(config), config.api)
        except StartupError as no_server:
            raise StartupError(f"no Redis can be run: {no_server}; and {no_docker}") from no_server


def _processes(config: Config) -> Runner:
    from rtgmock.engines.process.runner import ProcessRunner  # noqa: PLC0415
    from rtgmock.engines.redis.binaries import find_server  # noqa: PLC0415

    server = find_server(config.redis_server)
    folder = config.state and config.state.resolve().with_name(f"{config.state.name}.redis")
    return ProcessRunner(server, config.host, folder)


def _containers(config: Config, state_id: str, report: Callable[[str], None]) -> Runner:
    from rtgmock.engines.docker.client import connect, remote_host  # noqa: PLC0415
    from rtgmock.engines.docker.sibling_runner import containers  # noqa: PLC0415

    client, file = connect(), config.state and config.state.resolve()
    remote = remote_host(os.environ)
    return containers(client, config.redis_image, config.host, state_id, remote=remote, file=file, report=report)
