"""Build the engine that ``--redis`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.engines.off import OffEngine
from rtgmock.errors import StartupError
from rtgmock.settings.engine_names import AUTO_ORDER, EngineName

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtgmock.engines.base import Engine
    from rtgmock.settings.config import Config

    Report = Callable[[str], None]


def build_engine(config: Config, state_id: str, report: Report) -> Engine:
    """Return the engine that the settings name. Raises StartupError when it cannot be used here.

    ``report`` is called with a line for what takes long, such as the pull of an image.
    """
    return BUILDERS[config.redis](config, state_id, report)


def _build_off(config: Config, state_id: str, report: Report) -> Engine:  # noqa: ARG001
    return OffEngine()


# The imports below are lazy: redis-py takes 160 ms and the Docker SDK 140 ms, and --redis off needs neither.


def _build_process(config: Config, state_id: str, report: Report) -> Engine:  # noqa: ARG001
    from rtgmock.engines.process.runner import ProcessRunner  # noqa: PLC0415
    from rtgmock.engines.redis.binaries import find_server, is_protected  # noqa: PLC0415
    from rtgmock.engines.redis.engine import RedisEngine  # noqa: PLC0415

    server = find_server(config.redis_server)
    folder = config.state and config.state.resolve().with_name(f"{config.state.name}.redis")
    runner = ProcessRunner(server, config.host, folder, is_protected=is_protected(server))
    return RedisEngine(runner, config.api)


def _build_docker(config: Config, state_id: str, report: Report) -> Engine:
    from rtgmock.engines.docker.factory import build_runner  # noqa: PLC0415
    from rtgmock.engines.redis.engine import RedisEngine  # noqa: PLC0415

    return RedisEngine(build_runner(config, state_id, report), config.api)


def _build_first_available(config: Config, state_id: str, report: Report) -> Engine:
    problems = []
    for name in AUTO_ORDER:
        try:
            return BUILDERS[name](config, state_id, report)
        except StartupError as error:
            problems.append(str(error))
    raise StartupError(f"no Redis can be run: {'; and '.join(problems)}")


BUILDERS: dict[str, Callable[[Config, str, Report], Engine]] = {
    EngineName.OFF: _build_off,
    EngineName.PROCESS: _build_process,
    EngineName.DOCKER: _build_docker,
    EngineName.AUTO: _build_first_available,
}
"""How each engine of the table is built."""
