"""Redis servers in containers beside the emulator's own: reached through it, or by the host's ports."""

from __future__ import annotations

import contextlib
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from rtgmock.engines.docker import own_container
from rtgmock.engines.docker.client import DOCKER_ERRORS, cause
from rtgmock.engines.docker.labels import PORT_LABEL
from rtgmock.engines.docker.port_forwarder import Forwarder
from rtgmock.engines.docker.runner import PORT, DockerRunner
from rtgmock.engines.ports import can_listen
from rtgmock.errors import EngineFailed, StartupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker
    from docker.models.networks import Network

    from rtgmock.engines.docker.own_container import OwnContainer
    from rtgmock.model.types import Record

_TAKEN = re.compile("port is already allocated|address already in use")


def containers(
    client: docker.DockerClient,
    image: str,
    bind: str,
    state_id: str,
    *,
    remote: str | None,
    file: Path | None,
    report: Callable[[str], None],
) -> DockerRunner:
    """The runner for where the emulator is: beside the containers, or outside of them. Raises StartupError."""
    own = own_container.find(client)
    if own and not own.on_host:
        return SiblingRunner(client, image, bind, state_id, file=file, report=report, own=own)
    if own is None and remote is None and own_container.in_container() and not own_container.has_engine(client):
        report(
            "this container is unknown to the Docker engine, so its containers may be out of reach; mount the socket "
            "of the engine that runs this container, or name another engine's host: DOCKER_HOST=tcp://HOST:2375"
        )
    return DockerRunner(client, image, bind, state_id, remote=remote, file=file, report=report, own=own)


class SiblingRunner(DockerRunner):
    """Runs containers on a network of which the emulator's container is part.

    The host in a URL is the one by which a client reached the API. For other containers that is the emulator's,
    which therefore answers on the instances' ports too, and passes the connections on. For the host it is the host
    itself, where a container publishes its port unless the emulator's own container has published that.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        bind: str,
        state_id: str,
        *,
        file: Path | None,
        report: Callable[[str], None],
        own: OwnContainer,
    ) -> None:
        super().__init__(client, image, bind, state_id, remote=None, file=file, report=report, own=own)
        self._own = own
        self._own_names |= own.names
        self._refused: set[int] = set()
        self.description += f", from the container {own.name}"
        try:
            # Now, and not with the first instance: joining a network may break the connections of published ports.
            self._provide_network()
        except DOCKER_ERRORS as error:
            self._remove_network()
            raise StartupError(
                f"the emulator's container {own.name} cannot join the network {self._network} ({cause(error)}); "
                "run it on a network of its own or on the host's: --network host"
            ) from error
        self._forwarder = Forwarder(bind)

    def is_port_free(self, port: int) -> bool:
        """Whether the port can be listened on here, and is free on the host as far as the engine knows."""
        return can_listen(self._bind, port) and port not in self._refused | self._published_by_others()

    def _published_by_others(self) -> set[int]:
        try:
            return self._own.published_by_others(self._client)
        except DOCKER_ERRORS as error:
            raise EngineFailed(f"Docker does not answer: {cause(error)}.") from error

    def address(self, record: Record) -> tuple[str, int]:
        """Where the emulator reaches a server: itself."""
        return self._locate(record["id"])

    def _locate(self, instance_id: int) -> tuple[str, int]:
        """Where a server is on the network; its name might be asked for elsewhere while it does not run."""
        try:
            container = self._client.containers.get(self._name(instance_id))
            address: str = container.attrs["NetworkSettings"]["Networks"][self._network]["IPAddress"]
        except (*DOCKER_ERRORS, KeyError) as error:
            raise ConnectionRefusedError(cause(error)) from error
        if not address:
            raise ConnectionRefusedError(f"the container {container.name} does not run")
        return address, PORT

    def launch(self, record: Record, write: Callable[[list[tuple[str, str]]], str]) -> None:
        """Run a container, and answer on its port."""
        port = record["port"]
        try:
            super().launch(record, write)
            self._answer(record["id"], port)
        except OSError as error:
            raise EngineFailed(f"The port {port} cannot be listened on: {error.strerror}.") from error
        except EngineFailed as error:
            if not _TAKEN.search(str(error)):
                raise
            self._refused.add(port)
            raise EngineFailed(
                f"The port {port} of the engine's host is taken; stop what has it, "
                "or repeat a create: it takes another port."
            ) from error

    def _answer(self, instance_id: int, port: int) -> None:
        self._forwarder.open(instance_id, port, partial(self._locate, instance_id))

    def _port_bindings(self, port: int) -> dict[str, Any]:
        return {} if self._own.publishes(port) else super()._port_bindings(port)

    def _published_on(self) -> str:
        return "127.0.0.1"

    def _provide_network(self) -> Network:
        network = super()._provide_network()
        self._own.join(network)
        return network

    def _release(self, network: Network) -> None:
        self._own.leave(network)

    def remove(self, instance_id: int) -> None:
        """Remove the container and the volume, and answer no more."""
        super().remove(instance_id)
        self._forwarder.shut(instance_id)

    def adopt(self, instance_id: int) -> None:
        """Answer for a container that is there already."""
        super().adopt(instance_id)
        with contextlib.suppress(*DOCKER_ERRORS):
            port = int(self._client.containers.get(self._name(instance_id)).labels[PORT_LABEL])
            try:
                self._answer(instance_id, port)
            except OSError as error:
                self._report(f"the port {port} of instance {instance_id} cannot be listened on: {error.strerror}")

    def close(self) -> None:
        """Answer no more, and stop all containers."""
        self._forwarder.close()
        super().close()
