"""Connect to Docker, and choose the runner for where the emulator runs: on a host, or in a container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rtgmock.engines.docker import own_container
from rtgmock.engines.docker.client import connect, remote_host
from rtgmock.engines.docker.connection import DockerConnection
from rtgmock.engines.docker.outages import DOCKER_ERRORS, root_cause
from rtgmock.engines.docker.runner import DockerRunner
from rtgmock.engines.docker.sibling_runner import SiblingRunner
from rtgmock.errors import StartupError
from rtgmock.processes import is_containerized

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

    from rtgmock.settings.config import Config


def build_runner(config: Config, state_id: str, report: Callable[[str], None]) -> DockerRunner:
    """Return the runner for the settings' state on the engine that ``connect`` finds. Raises StartupError."""
    client = connect()
    try:
        return choose_runner(_describe(config, state_id, client, report))
    except DOCKER_ERRORS as error:
        raise StartupError(
            f"the Docker engine answers no longer ({root_cause(error)}); see to it, and start again"
        ) from error


def _describe(
    config: Config, state_id: str, client: docker.DockerClient, report: Callable[[str], None]
) -> DockerConnection:
    return DockerConnection(
        client=client,
        image=config.redis_image,
        bind=config.host,
        state_id=state_id,
        state_file=config.state and config.state.resolve(),
        remote_host=remote_host(os.environ),
        own=own_container.find_own_container(client),
        report=report,
    )


def choose_runner(connection: DockerConnection) -> DockerRunner:
    """Return a SiblingRunner when the emulator is in a container of this engine, else a DockerRunner."""
    own = connection.own
    if own and not own.uses_host_network:  # on the host's network, everything is as on the host
        return SiblingRunner(connection, own)
    if own is None and connection.remote_host is None and _is_elsewhere(connection):
        connection.report(
            "this container is unknown to the Docker engine, so its containers may be out of reach; mount the socket "
            "of the engine that runs this container, or name another engine's host: DOCKER_HOST=tcp://HOST:2375"
        )
    return DockerRunner(connection)


def _is_elsewhere(connection: DockerConnection) -> bool:
    """Return whether this process is in a container of another engine than the one that it is connected to."""
    return is_containerized() and not own_container.contains_engine(connection.client)
