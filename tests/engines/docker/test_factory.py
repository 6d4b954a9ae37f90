"""The choice of the runner by where the emulator runs."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from rtgmock import processes
from rtgmock.engines.docker.connection import DockerConnection
from rtgmock.engines.docker.factory import choose_runner
from rtgmock.engines.docker.runner import DockerRunner
from tests.support.redis_emulators import IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    import docker
    import pytest


pytest_plugins = ["tests.support.redis_fixtures"]


def test_a_container_that_the_engine_does_not_know_is_told_so(
    docker_client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "marker").touch()
    monkeypatch.setattr(processes, "_CONTAINER_MARKERS", [str(tmp_path / "marker")])
    reports: list[str] = []
    connection = DockerConnection(
        client=docker_client,
        image=IMAGE,
        bind="127.0.0.1",
        state_id="none",
        state_file=None,
        remote_host=None,
        own=None,
        report=reports.append,
    )
    choose_runner(connection)
    assert reports == []  # the engine of these tests runs where they run

    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    assert type(choose_runner(connection)) is DockerRunner
    assert "mount the socket of the engine that runs this container" in reports[0]

    reports.clear()
    choose_runner(replace(connection, remote_host="docker"))
    assert reports == []
