"""Fixtures: emulators in this process and as commands, each gone after its test, also when that fails."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest
import requests

from rtgmock.emulator import Emulator
from rtgmock.settings.config import Config
from tests.support.clock import ManualClock
from tests.support.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rtgmock.web.access_log import Entry

AUTH = ("username", "password")


class Served:
    """An emulator that serves, its clock and log, and a client that has its account."""

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

    def close(self) -> None:
        self.session.close()
        self.emulator.stop()


class Serve(Protocol):
    def __call__(self, *, clock: ManualClock | None = None, **settings: Any) -> Served: ...


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts emulators: ``serve(ports=range(9001, 9003))``. In memory and on a free port unless told otherwise."""
    with contextlib.ExitStack() as stack:

        def start(*, clock: ManualClock | None = None, **settings: Any) -> Served:
            config = Config(**{"port": 0, "state": None, "random_seed": 7, **settings})
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
    """Starts ``rtgmock serve`` as a process: ``command("--boot-delay", "3reads")``, on a free port."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str, **options: Any) -> Command:
            return stack.enter_context(Command(tmp_path, *arguments, **options))

        yield start


@pytest.fixture
def program() -> Callable[[str, str], str]:
    """The path of a program that a fresh machine may lack: ``program("ruby", "ruby")``.

    The test is skipped where there is none, and fails when RTGMOCK_TEST_REQUIRE names the first argument.
    """

    def find(requirement: str, name: str) -> str:
        return shutil.which(name) or lacking(requirement, f"{name} is not installed")

    return find


def lacking(requirement: str, reason: str) -> NoReturn:
    """Skip the test for want of something, or fail it where that is required."""
    if requirement in os.environ.get("RTGMOCK_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{reason}, and RTGMOCK_TEST_REQUIRE asks for {requirement}")
    pytest.skip(reason)
