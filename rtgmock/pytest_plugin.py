"""The pytest plugin: fixtures with an emulator for the run, or for each pytest-xdist worker, and more on request.

pytest loads this module at every start, also in projects that use none of the fixtures. So everything else is imported
on first use.
"""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from rtgmock.emulator import Emulator
    from rtgmock.settings.config import takes_settings

_NOT_OPTIONS = {"state", "ready_file", "log_format"}
"""Settings without an option here: the reset before each test would empty a state file, nothing waits for a ready file,
and nothing is logged."""


class EmulatorFactory(Protocol):
    """Starts an emulator with the settings that it is called with; the emulator is stopped at the end of the test.

    Raises ValueError for a wrong setting, rtgmock.errors.StartupError when the emulator cannot start.
    """

    if TYPE_CHECKING:  # at run time the decorator would have to be imported

        @takes_settings
        def __call__(self, **settings: Any) -> Emulator: ...  # noqa: D102 - the class has the documentation


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``rtgmock_options`` to the ini file and ``--rtgmock-options`` to the command line."""
    text = "Settings of the emulator, as options of 'rtgmock serve': --redis process --api 2012"
    parser.addini("rtgmock_options", f"{text}; files are relative to the rootdir.", type="args", default=[])
    group = parser.getgroup("rtgmock", "rtgmock, the emulator of the Redis To Go API")
    group.addoption("--rtgmock-options", metavar="OPTIONS", default="", help=f"{text}; they override the ini file.")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse wrong options before the first test, if any test uses them."""
    if any("rtgmock_settings" in getattr(item, "fixturenames", ()) for item in session.items):
        _parse_options(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Refuse wrong options before the workers start: the process that starts them collects no tests."""
    _parse_options(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the requests that the emulator received in the report of a failed test."""
    report = yield
    emulator = getattr(item, "funcargs", {}).get("rtgmock")
    if report.failed and emulator is not None and (received := str(emulator.requests)):
        report.sections.append(("rtgmock requests", received))
    return report


@pytest.fixture(scope="session")
def rtgmock_settings() -> dict[str, Any]:
    """Settings of the emulator as keywords; override this in a conftest. They override the ini file."""
    return {}


@pytest.fixture(scope="session")
def rtgmock_emulator(pytestconfig: pytest.Config, rtgmock_settings: dict[str, Any]) -> Iterator[Emulator]:
    """The emulator of this run, or of this worker. It is not reset between tests, and runs no Redis by default."""
    with _started(pytestconfig, rtgmock_settings) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def _rtgmock_living_emulator(
    pytestconfig: pytest.Config, rtgmock_settings: dict[str, Any]
) -> Iterator[Emulator | None]:
    """The emulator of the tests that use ``redistogo_url``, with Redis servers; None where the settings name an engine.

    Other tests need no servers, so they have an emulator without.
    """
    settings = _merge_settings(pytestconfig, rtgmock_settings)
    if {"redis", "redis_server"} & settings.keys():
        yield None
        return
    with _started(pytestconfig, rtgmock_settings, redis="auto", port=0) as emulator:
        yield emulator


@pytest.fixture
def rtgmock(request: pytest.FixtureRequest, rtgmock_settings: dict[str, Any]) -> Emulator:  # noqa: ARG001 - for the hook
    """The emulator of this run, reset before each test; in tests with ``redistogo_url`` one with Redis servers."""
    emulator: Emulator | None = None
    if "redistogo_url" in request.fixturenames:
        emulator = request.getfixturevalue("_rtgmock_living_emulator")
    if emulator is None:
        emulator = request.getfixturevalue("rtgmock_emulator")
    emulator.reset()
    return emulator


@pytest.fixture
def rtgmock_factory(pytestconfig: pytest.Config, rtgmock_settings: dict[str, Any]) -> Iterator[EmulatorFactory]:
    """Starts emulators for this test: with the settings of the run except its port, and with keywords."""
    from rtgmock.emulator import Emulator  # noqa: PLC0415

    with contextlib.ExitStack() as stack:

        def start(**settings: Any) -> Emulator:
            merged = {**_merge_settings(pytestconfig, rtgmock_settings), "port": 0, **settings}
            return stack.enter_context(Emulator(**merged))

        yield start


@pytest.fixture
def rtgmock_environ(rtgmock: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that ``rtgmock exec`` sets, set for this test: RTGMOCK_URL, REDISTOGO_API_URL and so on."""
    from rtgmock import child_environment  # noqa: PLC0415

    return _set_variables(child_environment.of_emulator(rtgmock), monkeypatch)


@pytest.fixture
def redistogo_url(request: pytest.FixtureRequest, rtgmock: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new nano instance, which works; REDISTOGO_URL and REDIS_URL are set to it for this test."""
    from rtgmock import child_environment  # noqa: PLC0415

    emulator = request.getfixturevalue("_rtgmock_living_emulator") or rtgmock
    if emulator is not rtgmock:  # this fixture was requested by getfixturevalue, after the other one
        emulator.reset()
    if emulator.engine.problem:
        pytest.fail(f"rtgmock: {emulator.engine.problem}", pytrace=False)
    variables = child_environment.of_instance(str(emulator.create(plan="nano")["url"]))
    return _set_variables(variables, monkeypatch)["REDISTOGO_URL"]


@contextlib.contextmanager
def _started(config: pytest.Config, keywords: dict[str, Any], **settings: Any) -> Iterator[Emulator]:
    """Start an emulator of the run, with ``settings`` in addition to the run's own; fail the test if that fails."""
    from rtgmock.emulator import Emulator  # noqa: PLC0415
    from rtgmock.errors import StartupError  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        try:
            emulator = stack.enter_context(Emulator(**_merge_settings(config, keywords, **settings)))
        except StartupError as error:
            pytest.fail(f"rtgmock: {error}", pytrace=False)
        yield emulator


def _set_variables(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _merge_settings(config: pytest.Config, keywords: dict[str, Any], **own: Any) -> dict[str, Any]:
    """Return the settings of a run's emulator, ``own`` of them for this one.

    With real Redis servers, each worker gets a share of the ports.
    """
    from rtgmock.settings.config import ephemeral_config  # noqa: PLC0415
    from rtgmock.settings.engine_names import EngineName  # noqa: PLC0415

    ini, command_line = _parse_options(config)
    settings = {**ini, **keywords, **command_line, **own}
    worker: dict[str, Any] = getattr(config, "workerinput", {})  # pytest-xdist sets it in a worker
    parsed = ephemeral_config(**settings)
    if worker and parsed.redis != EngineName.OFF:
        number = int(worker["workerid"].removeprefix("gw"))
        settings["ports"] = parsed.ports[number :: worker["workercount"]] or parsed.ports
    return settings


def _parse_options(config: pytest.Config) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings from the ini file and from the command line. Raises pytest.UsageError."""
    ini: list[str] = config.getini("rtgmock_options")
    command_line: str = config.getoption("rtgmock_options")
    try:
        return _parse_words(ini, config), _parse_words(shlex.split(command_line), config)
    except ValueError as error:
        raise pytest.UsageError(f"rtgmock_options: {error}") from error


def _parse_words(words: list[str], config: pytest.Config) -> dict[str, Any]:
    if not words:
        return {}
    from rtgmock.settings import click_options  # noqa: PLC0415 - Click, which a run without options does not need

    settings = click_options.parse_options(words, exclude=_NOT_OPTIONS)
    files = {name: config.rootpath / value for name, value in settings.items() if isinstance(value, Path)}
    return settings | files
