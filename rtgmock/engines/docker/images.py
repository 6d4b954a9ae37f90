"""The image of the Redis containers, pulled when the first instance needs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from rtgmock.engines.docker.outages import docker_failures
from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker
    from docker.models.images import Image


class RedisImage:
    """The image that ``--redis-image`` names. ``report`` is called with a line for each step of a pull."""

    def __init__(self, client: docker.DockerClient, name: str, report: Callable[[str], None]) -> None:
        self.name = name
        self._client = client
        self._report = report
        self._lock = threading.Lock()

    def is_present(self) -> bool:
        """Return whether the engine has the image."""
        try:
            self._client.images.get(self.name)
        except ImageNotFound:
            return False
        return True

    def provide(self) -> Image:
        """Return the image, and pull it if the engine does not have it. Raises EngineFailed, or an SDK error."""
        with self._lock:  # several instances may be created at once, and the first of them pulls for all
            if not self.is_present():
                with docker_failures(f"The image {self.name} cannot be pulled"):
                    self._pull()
            return self._client.images.get(self.name)

    def _pull(self) -> None:
        repository, tag = parse_repository_tag(self.name)  # a digest counts as a tag
        self._report(f"pulling {self.name}")
        layers, done = set[str](), set[str]()
        # The low-level call: images.pull() of the SDK gives no events, and pulls every tag when none is named.
        for event in self._client.api.pull(repository, tag or "latest", stream=True, decode=True):
            if "error" in event:
                raise EngineFailed(f"The image {self.name} cannot be pulled: {event['error']}")
            status, layer = event.get("status"), event.get("id", "")
            if status in {"Pulling fs layer", "Already exists"}:
                layers.add(layer)
            if status in {"Pull complete", "Already exists"}:
                done.add(layer)
                self._report(f"{self.name}: {len(done)} of {len(layers)} layers")
        self._report(f"pulled {self.name}")
