"""The instances that ``--instance`` names, with a real Redis: its URL is known before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock import Emulator
from rtgmock.errors import StartupError
from rtgmock.settings.config import Config
from tests.support.command import until
from tests.support.ports import occupied
from tests.support.redis_client import answers, ask
from tests.support.serve_process import banner_row

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

only_process = pytest.mark.parametrize("engine_name", ["process"], indirect=True)


def url_at(port: int, user: str = "redistogo") -> str:
    return f"redis://{user}:secret@127.0.0.1:{port}/"


def test_its_redis_answers_when_the_banner_is_printed(emulators: RedisEmulators) -> None:
    port = emulators.ports[2]
    server, _ = emulators.run("--instance", f"nano:secret@{port}", "--boot-delay", "3600")

    assert banner_row(server, "instance") == url_at(port)
    assert answers(url_at(port))
    for user in ("", "username", "nodejitsu"):
        assert answers(url_at(port, user))


def test_it_is_kept_over_a_stop_and_a_kill_with_its_data(emulators: RedisEmulators) -> None:
    port = emulators.ports[0]
    option = ("--instance", f"mini:secret@{port}")
    server, _ = emulators.run(*option)
    assert ask(url_at(port), "SET", "key", "kept")

    assert server.stop() == 0
    server, _ = emulators.run(*option)
    assert ask(url_at(port), "GET", "key") == "kept"
    server.kill()
    assert until(lambda: emulators.engine == "docker" or emulators.running() == 0)
    _, api = emulators.run(*option)

    assert ask(url_at(port), "GET", "key") == "kept"
    assert len(api.call("GET", "/instances.json").json()) == 1


def test_a_reset_empties_it_and_its_url_still_works(emulators: RedisEmulators) -> None:
    port = emulators.ports[0]
    api = emulators.start(instances=f"nano:secret@{port}")
    assert ask(url_at(port), "SET", "key", "value")

    api.emulator.reset()

    assert ask(url_at(port), "GET", "key") is None


def refused(emulators: RedisEmulators, name: str, wanted: str, *, redis: str = "") -> str:
    """Return why an emulator with a state file of its own does not start."""
    config = Config(
        port=0,
        state=emulators.folder / name,
        redis=redis or emulators.engine,
        ports=emulators.ports,
        instances=wanted,
    )
    with pytest.raises(StartupError) as error:
        Emulator(config).start()
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_port_that_another_program_has_is_refused(emulators: RedisEmulators) -> None:
    port = emulators.ports[1]
    with occupied(port):
        said = refused(emulators, "state.json", f"nano:secret@{port}")

    assert f"the port {port} of --instance nano@{port} is taken" in said
    assert emulators.nothing_exists()
    [made] = emulators.start(state=emulators.state, instances=f"nano:secret@{port}").emulator.instances
    assert answers(made["url"])


def test_a_port_that_another_program_takes_until_the_next_start_is_refused_then(emulators: RedisEmulators) -> None:
    port = emulators.ports[1]
    emulators.start(state=emulators.state, instances=f"nano:secret@{port}").close()

    with occupied(port):
        said = refused(emulators, "state.json", f"nano:secret@{port}")

    assert f"the port {port} of --instance nano@{port} is taken" in said


@only_process
def test_another_emulators_redis_with_the_same_password_is_not_taken_for_ones_own(emulators: RedisEmulators) -> None:
    port = emulators.ports[0]
    emulators.start(state=emulators.state, instances=f"nano:secret@{port}").close()
    other = emulators.start(instances=f"nano:secret@{port}")
    assert ask(url_at(port), "SET", "key", "theirs")

    said = refused(emulators, "state.json", f"nano:secret@{port}")

    assert f"the port {port} of --instance nano@{port} is taken by redis-server (process " in said
    assert ask(url_at(port), "GET", "key") == "theirs"
    assert other.get("/instances/1.json").json()["status"] == "running"


@only_process
def test_a_server_that_does_not_start_is_refused_with_the_reason(emulators: RedisEmulators, tmp_path: Path) -> None:
    broken = tmp_path / "broken-redis"
    broken.write_text('#!/bin/sh\ntest "$1" = --version && exec redis-server --version\necho "1:M # no luck today"\n')
    broken.chmod(0o755)
    config = Config(
        port=0, state=None, redis="process", redis_server=str(broken), ports=emulators.ports, instances="nano"
    )

    with pytest.raises(StartupError, match=r"the instance nano \(--instance\) is not available: .*no luck today"):
        Emulator(config).start()
