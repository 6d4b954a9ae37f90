"""The image that Redis containers are made of: pulled when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from rtgmock.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker


def provided(client: docker.DockerClient, image: str) -> bool:
    """Whether the engine has the image."""
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def pull(client: docker.DockerClient, image: str, report: Callable[[str], None]) -> None:
    """Pull the image; ``report`` hears of the beginning, of each layer and of the end. Raises EngineFailed."""
    repository, tag = parse_repository_tag(image)
    report(f"pulling {image}")
    layers, done = set[str](), set[str]()
    for event in client.api.pull(repository, tag or "latest", stream=True, decode=True):
        if "error" in event:
            raise EngineFailed(f"The image {image} cannot be pulled: {event['error']}.")
        status, layer = event.get("status"), event.get("id", "")
        if status in {"Pulling fs layer", "Already exists"}:
            layers.add(layer)
        if status in {"Pull complete", "Already exists"}:
            done.add(layer)
            report(f"{image}: {len(done)} of {len(layers)} layers")
    report(f"pulled {image}")
