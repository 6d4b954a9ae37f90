"""Build the engine that ``--redis`` names, or for ``auto`` one that can be had here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from rtgmock.engines.deferred import DeferredEngine
from rtgmock.engines.off import OffEngine
from rtgmock.errors import StartupError
from rtgmock.settings.engine_names import AUTO_ORDER, EngineName

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.engines.base import Engine
    from rtgmock.engines.redis.binaries import Server
    from rtgmock.settings.config import Config

    Report = Callable[[str], None]
    Found = tuple[Engine | None, str]
    """An engine, or None and the reason why it cannot be had."""


def build_engine(config: Config, state_id: str, report: Report, keeper: str = "") -> Engine:
    """Return the engine that the settings name. Raises StartupError when it cannot be used here; ``auto`` never does.

    ``report`` is called with a line for what takes long, such as the pull of an image. ``keeper`` is the engine that
    has the data of the state's instances, if there are any: ``auto`` stays with it if it can.
    """
    if config.redis == EngineName.AUTO:
        return _build_first_available(config, state_id, report, keeper)
    return BUILDERS[config.redis](config, state_id, report)


def _build_off(config: Config, state_id: str, report: Report) -> Engine:  # noqa: ARG001
    return OffEngine()


# The imports below are lazy: redis-py takes 100 ms and the Docker SDK 200 ms, and --redis off needs neither.


def _build_process(config: Config, state_id: str, report: Report) -> Engine:  # noqa: ARG001
    from rtgmock.engines.redis.binaries import find_server  # noqa: PLC0415

    return _process_engine(config, find_server(config.redis_server))


def _process_engine(config: Config, server: Server) -> Engine:
    folder = config.state and config.state.resolve().with_name(f"{config.state.name}.redis")

    def build() -> Engine:
        from rtgmock.engines.process.runner import ProcessRunner  # noqa: PLC0415
        from rtgmock.engines.redis.engine import RedisEngine  # noqa: PLC0415

        runner = ProcessRunner(server.path, config.host, folder, is_protected=server.is_protected)
        return RedisEngine(runner, config.api)

    description = f"process: {server}, data in {folder or 'a temporary folder'}"
    engine = DeferredEngine(EngineName.PROCESS.value, description, build)
    if folder and folder.exists():  # there may be data of instances, and servers that an emulator has left
        engine.build()
    return cast("Engine", engine)


def _build_docker(config: Config, state_id: str, report: Report) -> Engine:
    from rtgmock.engines.docker.factory import build_runner  # noqa: PLC0415
    from rtgmock.engines.redis.engine import RedisEngine  # noqa: PLC0415

    return RedisEngine(build_runner(config, state_id, report), config.api)


def _build_first_available(config: Config, state_id: str, report: Report, keeper: str) -> Engine:
    from rtgmock.engines.redis.binaries import how_to_get_one  # noqa: PLC0415

    problems = []
    for name in sorted(AUTO_ORDER, key=lambda name: name != keeper):
        engine, problem = SEARCHES[name](config, state_id, report)
        if engine:
            return engine
        problems.append(problem)
    return OffEngine(problems, f"{how_to_get_one()}, or take --redis docker, which pulls {config.redis_image}")


def _search_process(config: Config, state_id: str, report: Report) -> Found:  # noqa: ARG001
    from rtgmock.engines.redis.binaries import search_server  # noqa: PLC0415

    server, problem = search_server()
    return (_process_engine(config, server) if server else None), problem


def _search_docker(config: Config, state_id: str, report: Report) -> Found:
    from rtgmock.engines.docker import presence  # noqa: PLC0415

    if problem := presence.problem(os.environ, config.redis_image):
        return None, problem
    try:
        return _build_docker(config, state_id, report), ""
    except StartupError as error:
        return None, str(error)


BUILDERS: dict[str, Callable[[Config, str, Report], Engine]] = {
    EngineName.OFF: _build_off,
    EngineName.PROCESS: _build_process,
    EngineName.DOCKER: _build_docker,
}
"""How each engine of the table is built."""
SEARCHES: dict[str, Callable[[Config, str, Report], Found]] = {
    EngineName.PROCESS: _search_process,
    EngineName.DOCKER: _search_docker,
}
"""How ``auto`` looks for each engine: quickly, without a request to another host, and without an error."""
