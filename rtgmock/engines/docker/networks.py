"""The network of a state, on which its containers know each other by name."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from rtgmock.engines.docker.outages import DOCKER_ERRORS

if TYPE_CHECKING:
    from docker.models.networks import Network

    from rtgmock.engines.docker.connection import DockerConnection


class StateNetwork:
    """Created with the first container, and removed when the emulator stops.

    The emulator's own container is part of it as well, unless that uses the host's network, which reaches every other.
    """

    def __init__(self, connection: DockerConnection) -> None:
        self.name = connection.network_name
        self._connection = connection
        self._client = connection.client
        self._labels = connection.labels()
        own = connection.own
        self._member = None if own is None or own.uses_host_network else own
        self._lock = threading.Lock()

    def provide(self) -> Network:
        """Return the network, and create it if there is none.

        Raises an SDK error, and EngineFailed when a network of others has the name.
        """
        with self._lock:  # Docker accepts a second network with the same name, and then the name is ambiguous
            networks = self._find()
            for network in networks:
                self._connection.check_owner("network", self.name, network.attrs["Labels"])
            network = networks[0] if networks else self._client.networks.create(self.name, labels=self._labels)
        if self._member:
            self._member.join(network)
        return network

    def remove(self) -> None:
        """Remove the network, if Docker answers: its default address pools have room for some thirty networks."""
        with contextlib.suppress(*DOCKER_ERRORS):
            for network in self._find():
                if self._connection.is_ours(network.attrs["Labels"]):
                    self._remove(network)

    def _remove(self, network: Network) -> None:
        if self._member:
            self._member.leave(network)
        network.remove()

    def _find(self) -> list[Network]:
        # Docker takes a pattern: the plain name would match every name that contains it.
        return self._client.networks.list(names=[f"^{self.name}$"])
