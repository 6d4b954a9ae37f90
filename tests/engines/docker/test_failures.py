"""What Docker refuses: images that it cannot pull or run, and an engine that goes away."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support.instances import only_docker
from tests.support.redis_client import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


class Registry:
    """A registry without images, which records the requested paths."""

    def __init__(self) -> None:
        requested = self.requested = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requested.append(self.path)
                is_version_check = self.path == "/v2/"
                self.send_response(200 if is_version_check else 404)
                self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@only_docker
@pytest.mark.parametrize("image", ["team/nothing:7", "nothing", "nothing@sha256:" + "0" * 64])
def test_an_image_that_cannot_be_pulled_is_a_503_that_names_it(
    emulators: RedisEmulators, registry: Registry, image: str
) -> None:
    name = f"{registry.name}/{image}"
    api = emulators.start(redis_image=name)

    answer = api.post("/instances.json", json={"plan": "nano"})

    assert answer.status_code == 503
    assert name in answer.text
    assert emulators.nothing_exists()
    repository, _, reference = image.replace("@", ":", 1).partition(":")
    assert f"/v2/{repository}/manifests/{reference or 'latest'}" in registry.requested


@only_docker
def test_an_image_without_a_redis_is_a_503_and_leaves_nothing(emulators: RedisEmulators) -> None:
    client = emulators.docker
    base = client.containers.create(emulators.start().emulator.config.redis_image)
    try:
        image = base.commit("rtgmock-test-broken", changes='ENTRYPOINT ["/nonexistent"]')
    finally:
        base.remove(force=True, v=True)
    try:
        answer = emulators.start(redis_image="rtgmock-test-broken:latest").post(
            "/instances.json", json={"plan": "nano"}
        )
    finally:
        client.images.remove(str(image.id), force=True)

    assert answer.status_code == 503
    assert "nonexistent" in answer.text
    assert emulators.nothing_exists()


@only_docker
def test_a_docker_engine_that_goes_away_makes_requests_503_and_leaves_the_instances(
    emulators: RedisEmulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = emulators.start()
    made = api.create()
    client = api.emulator.engine._runner._client  # type: ignore[attr-defined]

    def send(*arguments: Any, **options: Any) -> Any:
        raise requests.exceptions.ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(client.api, "send", send)
        answer = api.post("/instances.json", json={"plan": "nano"})
        gone = api.delete("/instances/1")

    assert (answer.status_code, gone.status_code) == (503, 503)
    assert "Docker" in answer.text
    assert api.get("/instances.json").json()[0]["instance"]["id"] == 1
    assert answers(made["url"])
    assert api.delete("/instances/1").status_code == 200
