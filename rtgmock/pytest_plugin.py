"""The pytest plugin: an emulator for each run, or for each worker of one, and as many more as a test wants.

pytest loads this module at every start, whatever it tests: so all else is imported when it is first used.
"""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Unpack

    from rtgmock.emulator import Emulator
    from rtgmock.settings.config import Settings

_NO_OPTIONS = {"state", "ready_file", "log_format"}
"""A reset before each test would empty a state file; and nothing is logged, nor waited for."""


class EmulatorFactory(Protocol):
    """Starts an emulator with these settings, which is stopped at the end of the test."""

    def __call__(self, **settings: Unpack[Settings]) -> Emulator:
        """Start it; ValueError for a wrong setting, rtgmock.errors.StartupError where it cannot start."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """``rtgmock_options`` in the ini file, ``--rtgmock-options`` on the command line."""
    what = "Settings of the emulator, as 'rtgmock serve' has them: --redis process --api 2012"
    parser.addini("rtgmock_options", f"{what}; files are relative to the rootdir.", type="args", default=[])
    group = parser.getgroup("rtgmock", "rtgmock, the emulator of the Redis To Go API")
    group.addoption("--rtgmock-options", metavar="OPTIONS", default="", help=f"{what}; they count for more.")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse wrong options before the first test, if any test uses them."""
    if any("rtgmock_settings" in getattr(item, "fixturenames", ()) for item in session.items):
        _options(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Refuse wrong options before the workers start: who starts them collects no tests."""
    _options(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the emulator was asked in the report of a test that failed."""
    report = yield
    emulator = getattr(item, "funcargs", {}).get("rtgmock")
    if report.failed and emulator is not None and (came := str(emulator.requests)):
        report.sections.append(("rtgmock requests", came))
    return report


@pytest.fixture(scope="session")
def rtgmock_settings() -> Settings:
    """Settings of the emulator as keywords, to be overridden in a conftest; they count for more than the ini file."""
    return {}


@pytest.fixture(scope="session")
def rtgmock_emulator(pytestconfig: pytest.Config, rtgmock_settings: Settings) -> Iterator[Emulator]:
    """The emulator of this run, or of this worker. It is not reset between tests."""
    from rtgmock.emulator import Emulator  # noqa: PLC0415
    from rtgmock.errors import StartupError  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        try:
            emulator = stack.enter_context(Emulator(**_settings(pytestconfig, rtgmock_settings)))
        except StartupError as error:
            pytest.fail(f"rtgmock: {error}", pytrace=False)
        yield emulator


@pytest.fixture
def rtgmock(rtgmock_emulator: Emulator) -> Emulator:
    """The emulator of this run, as good as new for each test."""
    rtgmock_emulator.reset()
    return rtgmock_emulator


@pytest.fixture
def rtgmock_factory(pytestconfig: pytest.Config, rtgmock_settings: Settings) -> Iterator[EmulatorFactory]:
    """Starts emulators for this test: with the run's settings but its port, and with keywords."""
    from rtgmock.emulator import Emulator  # noqa: PLC0415

    with contextlib.ExitStack() as stack:

        def start(**settings: Unpack[Settings]) -> Emulator:
            theirs: Settings = {**_settings(pytestconfig, rtgmock_settings), "port": 0, **settings}
            return stack.enter_context(Emulator(**theirs))

        yield start


@pytest.fixture
def rtgmock_environ(rtgmock: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that ``rtgmock exec`` sets, set for this test: RTGMOCK_URL, REDISTOGO_API_URL and so on."""
    from rtgmock import child_environment  # noqa: PLC0415

    return _set(child_environment.of_emulator(rtgmock), monkeypatch)


@pytest.fixture
def redistogo_url(rtgmock: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new nano instance, which REDISTOGO_URL and REDIS_URL have for this test."""
    from rtgmock import child_environment  # noqa: PLC0415

    variables = child_environment.of_instance(str(rtgmock.create(plan="nano")["url"]))
    return _set(variables, monkeypatch)["REDISTOGO_URL"]


def _set(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _settings(config: pytest.Config, own: Settings) -> Settings:
    """All settings of a run's emulators; with real Redis servers, a share of the ports for each worker."""
    from rtgmock.settings.config import configured  # noqa: PLC0415

    ini, command_line = _options(config)
    settings: Settings = {**ini, **own, **command_line}
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    plain = configured(settings)
    if worker and plain.redis != "off":
        number = int(worker["workerid"].removeprefix("gw"))
        settings["ports"] = plain.ports[number :: worker["workercount"]] or plain.ports
    return settings


def _options(config: pytest.Config) -> tuple[Settings, Settings]:
    """The settings from the ini file and from the command line. Raises pytest.UsageError."""
    ini: list[str] = config.getini("rtgmock_options")
    written: str = config.getoption("rtgmock_options")
    try:
        return _read(ini, config), _read(shlex.split(written), config)
    except ValueError as error:
        raise pytest.UsageError(f"rtgmock_options: {error}") from error


def _read(words: list[str], config: pytest.Config) -> Settings:
    if not words:
        return {}
    from rtgmock.settings import click_options  # noqa: PLC0415

    given = click_options.given(words, exclude=_NO_OPTIONS).items()
    files = {name: config.rootpath / value for name, value in given if isinstance(value, Path)}
    return cast("Settings", {**dict(given), **files})
