"""Redis servers in containers beside the emulator's own container, reached through it or by the host's ports."""

from __future__ import annotations

import contextlib
import re
from functools import partial
from typing import TYPE_CHECKING

from rtgmock.engines.docker.labels import PORT_LABEL
from rtgmock.engines.docker.outages import DOCKER_ERRORS, docker_failures, root_cause
from rtgmock.engines.docker.port_forwarder import PortForwarder
from rtgmock.engines.docker.runner import PORT, DockerRunner
from rtgmock.engines.ports import first_free_port
from rtgmock.errors import EngineFailed, StartupError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtgmock.engines.docker.connection import DockerConnection
    from rtgmock.engines.docker.own_container import OwnContainer
    from rtgmock.model.types import Record

_PORT_TAKEN = re.compile("port is already allocated|address already in use")


class SiblingRunner(DockerRunner):
    """Runs the servers in containers on a network that the emulator's own container has joined.

    The host in an instance's URL is the one by which a client reached the API, and it must lead to the Redis:

    - For another container that host is the emulator's container. So this one listens on the instances' ports, and
      forwards each connection to the instance's container.
    - For the engine's host it is the host itself. So an instance's container publishes its port there, unless the
      emulator's container already publishes the port of this number.
    """

    def __init__(self, connection: DockerConnection, own: OwnContainer) -> None:
        super().__init__(connection)
        self._own = own
        self._own_names |= own.hostnames
        self._refused_ports: set[int] = set()
        self.description += f", from the container {own.name}"
        try:
            # Now, not with the first instance: joining a network may break connections to our published ports.
            self._network.provide()
        except (*DOCKER_ERRORS, EngineFailed) as error:
            self._network.remove()
            raise StartupError(
                f"the emulator's container {own.name} cannot join the network {self._network.name} "
                f"({root_cause(error)}); run it on a user-defined network or on the host's: --network host"
            ) from error
        self._forwarder = PortForwarder(connection.bind)

    def free_port(self, candidates: Iterable[int]) -> int | None:
        """Return the first port that can be listened on here, and that no other container publishes on the host.

        Programs on the host cannot be seen from here: a port that one of them has is known once Docker refuses it.
        """
        taken = self._refused_ports | self._ports_of_others()
        return first_free_port(self._connection.bind, (port for port in candidates if port not in taken))

    def _ports_of_others(self) -> set[int]:
        with docker_failures():
            return self._own.ports_of_others(self._client)

    def address(self, record: Record) -> tuple[str, int]:
        """Return the server's address on the network."""
        return self._locate(record["id"])

    def _locate(self, instance_id: int) -> tuple[str, int]:
        """Return a server's address on the network. Raises OSError when it has none.

        By address and not by name: a resolver would ask other DNS servers for the name of a stopped container.
        """
        try:
            container = self._container(instance_id)
            address: str = container.attrs["NetworkSettings"]["Networks"][self._network.name]["IPAddress"]
        except (*DOCKER_ERRORS, KeyError) as error:
            raise ConnectionRefusedError(root_cause(error)) from error
        if not address:
            raise ConnectionRefusedError(f"the container {container.name} does not run")
        return address, PORT

    def launch(self, record: Record, configuration: str) -> None:
        """Run a container, and forward its port."""
        port = record["port"]
        try:
            super().launch(record, configuration)
            self._forward(record["id"], port)
        except OSError as error:
            raise EngineFailed(f"The port {port} cannot be listened on: {error.strerror}") from error
        except EngineFailed as error:
            if not _PORT_TAKEN.search(error.problem):
                raise
            self._refused_ports.add(port)  # so that the create is repeated with another port
            raise EngineFailed(
                f"The port {port} of the engine's host is taken; stop what has it, "
                "or repeat a create: it takes another port"
            ) from error

    def _forward(self, instance_id: int, port: int) -> None:
        self._forwarder.forward(instance_id, port, partial(self._locate, instance_id))

    def _port_bindings(self, port: int) -> dict[str, list[tuple[str, int]]]:
        return {} if self._own.publishes(port) else super()._port_bindings(port)

    def _host_addresses(self) -> list[str]:
        return ["127.0.0.1"]  # --host is an address of this container, not of the host

    def remove(self, instance_id: int) -> None:
        """Remove the container and the volume, and stop forwarding."""
        super().remove(instance_id)
        self._forwarder.stop(instance_id)

    def adopt(self, instance_id: int) -> None:
        """Forward the port of a container that is there already."""
        super().adopt(instance_id)
        with contextlib.suppress(*DOCKER_ERRORS):
            port = int(self._container(instance_id).labels[PORT_LABEL])
            try:
                self._forward(instance_id, port)
            except OSError as error:
                problem = f"the port {port} of instance {instance_id} cannot be listened on: {error.strerror}"
                self._connection.report(problem)

    def close(self) -> None:
        """Stop forwarding, and stop all containers."""
        self._forwarder.close()
        super().close()
