"""What counts as an orphan in Docker: something whose state file, or whose emulator, is gone."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest

from rtgmock.engines import prune
from tests.support.redis_emulators import LABEL, STATE

if TYPE_CHECKING:
    from pathlib import Path

    import docker


pytest_plugins = ["tests.support.redis_fixtures"]


@pytest.mark.parametrize(
    ("host", "left"),
    [
        ("volume:{own}/state.json", False),
        ("volume:rtgmock-test-none/state.json", True),
        ("path:{folder}/state.json", False),
        ("path:{folder}/another.json", True),
        ("path:{folder}/none.json", True),
        ("container:rtgmock-test-none", True),
        ("another-machine", False),
        ("", False),
    ],
)
def test_a_thing_is_left_over_when_what_it_belongs_to_is_gone(
    docker_client: docker.DockerClient, tmp_path: Path, host: str, left: bool
) -> None:
    for state, name in (("this", "state.json"), ("another", "another.json")):
        (tmp_path / name).write_text(json.dumps({"rtgmock": {"1": {"state_id": state}}}))
    name = f"rtgmock-test-{secrets.token_hex(4)}"
    labels = {LABEL: "yes", STATE: "this", f"{LABEL}.host": host.format(own=name, folder=tmp_path)}
    volume = docker_client.volumes.create(name, labels=labels | {f"{LABEL}.file": "/data/state.json"})
    try:
        assert (f"volume {name}" in {leftover.description for leftover in prune.find_orphans()}) is left
    finally:
        volume.remove()
