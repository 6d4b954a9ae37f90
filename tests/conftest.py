"""Fixtures: emulators in this process and as commands. Each is stopped after its test, also when the test fails."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import requests

from rtgmock.emulator import Emulator
from rtgmock.settings.config import Config
from tests.support.clock import ManualClock
from tests.support.command import Command
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xdist.remote import Producer
    from xdist.scheduler import Scheduling

    from rtgmock.web.access_log import Entry

AUTH = ("username", "password")


@pytest.hookimpl(optionalhook=True)  # the hook exists only with pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Divide the tests by file and group; leave another ``--dist`` than the default to pytest-xdist."""
    from tests.support.scheduling import GroupScheduling  # noqa: PLC0415  # xdist is imported where it is used only

    return GroupScheduling(config, log) if config.getoption("dist") == "load" else None


class Served:
    """A running emulator with a manual clock, its access log, and an HTTP client with its account's credentials."""

    def __init__(self, config: Config, clock: ManualClock) -> None:
        self.clock = clock
        self.log: list[Entry] = []
        self.emulator = Emulator(config, clock=clock, log=self.log.append)
        self.emulator.start()
        self.url = self.emulator.url
        self.session = requests.Session()
        self.session.trust_env = False
        if self.emulator.certificate:
            self.session.verify = str(self.emulator.certificate)
        self.session.auth = (config.accounts[0].name, config.accounts[0].password)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=10, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.call("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self.call("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.call("DELETE", path, **options)

    def create(self, **attributes: Any) -> dict[str, Any]:
        answer = self.post("/instances.json", json={"plan": "nano", **attributes})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def instance_ids(self) -> list[int]:
        return [item["instance"]["id"] for item in self.get("/instances.json").json()]

    def close(self) -> None:
        self.session.close()
        self.emulator.stop()


class Serve(Protocol):
    def __call__(self, *, clock: ManualClock | None = None, **settings: Any) -> Served: ...


@pytest.fixture(scope="session")
def rtgmock_settings() -> dict[str, Any]:
    """No Redis servers for the plugin's own emulators: they would run on while other tests look for what is left."""
    return {"redis": "off"}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start emulators: ``serve(ports=range(9001, 9003))``. By default in memory, on a free port, without Redis."""
    with contextlib.ExitStack() as stack:

        def start(*, clock: ManualClock | None = None, **settings: Any) -> Served:
            config = Config(**{"port": 0, "state": None, "random_seed": 7, "redis": "off", **settings})
            served = Served(config, clock or ManualClock())
            stack.callback(served.close)
            return served

        yield start


@pytest.fixture
def api(serve: Serve) -> Served:
    """One emulator with the default settings."""
    return serve()


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Start ``rtgmock serve`` as a process, on a free port: ``command("--boot-delay", "3reads")``."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str, **options: Any) -> Command:
            return stack.enter_context(Command(tmp_path, *arguments, **options))

        yield start


@pytest.fixture
def program() -> Callable[[str, str], str]:
    """Return the path of a program that may not be installed: ``program("ruby", "ruby")``.

    Where it is not installed, the test is skipped, or fails when RTGMOCK_TEST_REQUIRE names the first argument.
    """

    def find(requirement: str, name: str) -> str:
        return shutil.which(name) or skip_or_fail(requirement, f"{name} is not installed")

    return find
