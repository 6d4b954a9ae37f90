"""What every module of this package needs to know: the Docker engine, and the state whose containers it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtgmock.engines.docker.labels import STATE_LABEL, state_labels
from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import docker

    from rtgmock.engines.docker.own_container import OwnContainer


@dataclass(frozen=True, kw_only=True)
class DockerConnection:
    """A Docker engine, and the state whose containers it runs."""

    client: docker.DockerClient
    image: str
    bind: str
    """The address on which the emulator listens, and with it the Redis servers."""
    state_id: str
    state_file: Path | None
    """The absolute path of the state file; None when the state is in memory and nothing is kept."""
    remote_host: str | None
    """The engine's host when that is another machine."""
    own: OwnContainer | None
    """The container in which the emulator runs, if the engine knows it."""
    report: Callable[[str], None]
    """Called with a line for the user about what takes long or does not work."""

    @property
    def network_name(self) -> str:
        """The name of the network on which this state's containers are."""
        return f"rtgmock-{self.state_id}"

    def container_name(self, instance_id: int) -> str:
        """Return the name of an instance's container, and of its volume."""
        return f"rtgmock-{self.state_id}-{instance_id}"

    def is_ours(self, labels: Mapping[str, str] | None) -> bool:
        """Return whether something with these labels is of this state: a name alone says nothing."""
        return (labels or {}).get(STATE_LABEL) == self.state_id

    def check_owner(self, kind: str, name: str, labels: Mapping[str, str] | None) -> None:
        """Raise EngineFailed for something that has a name of ours and is not of this state."""
        if not self.is_ours(labels):
            raise EngineFailed(
                f"The {kind} {name} is left alone, since it lacks the label {STATE_LABEL}={self.state_id}; "
                "rename or remove it"
            )

    def labels(self) -> dict[str, str]:
        """Return the labels that everything of this state has."""
        return state_labels(self.state_id, self.state_file, self.own)
