"""What a container may do on its host, and images whose server is not root."""

from __future__ import annotations

import io
import secrets
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.plans import PLANS
from rtgmock.text import MB
from tests.support.instances import only_docker
from tests.support.redis_client import ask
from tests.support.redis_emulators import IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

NEEDED = {"CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"}
NEEDED_BITS = 1 << 0 | 1 << 1 | 1 << 6 | 1 << 7
"""The same, as the kernel shows them."""


def status(container: Container) -> dict[str, str]:
    """Return what the kernel says of a container's first process."""
    lines = Path(f"/proc/{container.attrs['State']['Pid']}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


@only_docker
def test_a_container_is_confined(emulators: RedisEmulators) -> None:
    api = emulators.start()
    made = api.create()

    container = emulators.container(1)
    host = container.attrs["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert {name.removeprefix("CAP_") for name in host["CapAdd"]} == NEEDED
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] == 64
    assert host["Memory"] == host["MemorySwap"] == 2 * PLANS["nano"].memory + 64 * MB
    assert (host["Privileged"], host["PidMode"], host["IpcMode"]) == (False, "", "private")
    assert [mount["Type"] for mount in container.attrs["Mounts"]] == ["volume"]
    kernel = status(container)
    assert (kernel["NoNewPrivs"], int(kernel["CapBnd"], 16)) == ("1", NEEDED_BITS)
    assert ask(made["url"], "SET", "key", "value")


ENTRY_POINT = """#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  find . ! -user daemon -exec chown daemon {} +
  exec setpriv --reuid daemon --regid daemon --clear-groups --bounding-set=-all "$0" "$@"
fi
umask 0077
exec "$@"
"""
"""What the entry points of Redis's and Valkey's official images do before they run the server."""
DOCKERFILE = f"""
FROM python:3.13-slim
COPY --from={IMAGE} /usr/bin/redis-server /usr/bin/
COPY --from={IMAGE} /lib /usr/lib
COPY entry-point /
RUN chmod 755 /entry-point && mkdir /data && chown daemon /data
WORKDIR /data
VOLUME /data
CMD ["redis-server"]
"""
ENDINGS = {"its entry point leaves root": 'ENTRYPOINT ["/entry-point"]\n', "it names its user": "USER daemon\n"}


@pytest.fixture(params=ENDINGS)
def image_without_root(docker_client: docker.DockerClient, request: pytest.FixtureRequest) -> Iterator[str]:
    """An image whose server is not root: the official one, or where that is a stand-in, one that we build of it."""
    if docker_client.images.get(IMAGE).attrs["Config"]["Entrypoint"]:
        if request.param != "its entry point leaves root":
            pytest.skip("the official image names no user")
        yield IMAGE
        return
    tag = f"rtgmock-test-user:{secrets.token_hex(4)}"
    files = {"Dockerfile": DOCKERFILE + ENDINGS[request.param], "entry-point": ENTRY_POINT}
    docker_client.images.build(fileobj=context(files), custom_context=True, tag=tag, rm=True, forcerm=True)
    yield tag
    docker_client.images.remove(tag, force=True)


def context(files: dict[str, str]) -> io.BytesIO:
    """Return an archive of files that an image is built from."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    buffer.seek(0)
    return buffer


@only_docker
def test_a_server_that_is_not_root_has_no_capability_and_keeps_its_data(
    emulators: RedisEmulators, image_without_root: str
) -> None:
    api = emulators.start(redis_image=image_without_root)
    made = [api.create(persistence=kind) for kind in ("aof", "snapshot")]
    for instance in made:
        ask(instance["url"], "SET", "key", "value")

    for instance in made:  # a change that needs a new container on the same volume
        changed: Any = api.put(f"/instances/{instance['id']}.json", json={"databases": 4})
        assert changed.status_code == 200, changed.text

    for instance in made:
        assert ask(instance["url"], "GET", "key") == "value"
        kernel = status(emulators.container(instance["id"]))
        assert set(kernel["Uid"].split()) != {"0"}
        assert int(kernel["CapEff"], 16) == 0
    assert api.put(f"/instances/{made[1]['id']}.json", json={"persistence": "none"}).status_code == 200
