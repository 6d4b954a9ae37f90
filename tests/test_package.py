"""What is installed: the wheel's files, its dependencies, and how little an import costs."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rtgmock
from tests.support.command import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import Message

ROOT = Path(__file__).parents[1]
PACKAGE = Path(rtgmock.__file__).parent
DIST_INFO = f"rtgmock-{rtgmock.__version__}.dist-info"

MODULES = {"tls": {PACKAGE / "server" / "certificates.py"}}
"""The modules that import what only one extra installs, by the extra's name."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, built from the sources; with the build backend that is here, else with one that pip fetches."""
    folder = tmp_path_factory.mktemp("wheel")
    isolated = importlib.util.find_spec("hatchling") is None
    options = ["--no-deps", "--wheel-dir", str(folder), *([] if isolated else ["--no-build-isolation"])]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(ROOT)],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if isolated and "No matching distribution found for hatchling" in built.stderr:
        pytest.skip("hatchling is not installed and cannot be fetched")
    assert built.returncode == 0, built.stderr
    [path] = folder.iterdir()
    with zipfile.ZipFile(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"{DIST_INFO}/METADATA").decode())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    patterns = ("**/*.py", "py.typed", "fixtures/*.json")
    sources = {path.relative_to(PACKAGE.parent).as_posix() for pattern in patterns for path in PACKAGE.glob(pattern)}

    assert {name for name in names if not name.startswith(f"{DIST_INFO}/")} == sources
    assert "rtgmock/fixtures/demo.json" in names
    assert f"{DIST_INFO}/licenses/LICENSE" in names
    assert wheel.read(f"{DIST_INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert (metadata["Name"], metadata["Version"]) == ("rtgmock", rtgmock.__version__)
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")
    entry_points = wheel.read(f"{DIST_INFO}/entry_points.txt").decode()
    assert "[console_scripts]\nrtgmock = rtgmock.cli.main:main\n" in entry_points
    assert "[pytest11]\nrtgmock = rtgmock.pytest_plugin\n" in entry_points


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(requirements: Iterable[str], extra: str = "") -> set[str]:
    """The distributions that are required with one extra alone, or without any."""
    lines = [line.partition(" extra == ") for line in requirements]
    names = [re.match(r"[\w.-]+", line) for line, _, name in lines if name.strip("'\"") == extra]
    return {normal(name[0]) for name in names if name}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(node: ast.AST) -> Iterator[str]:
    """The top-level modules that are imported at run time, also within functions."""
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield (node.module or "").partition(".")[0]
    elif not is_for_types(node):
        for child in ast.iter_child_nodes(node):
            yield from imports(child)


def imported(extra: str = "") -> set[str]:
    """The distributions that the package imports from, in the modules that need one extra or in all others."""
    chosen = MODULES[extra] if extra else set(PACKAGE.rglob("*.py")).difference(*MODULES.values())
    modules = {module for path in chosen for module in imports(ast.parse(path.read_bytes()))}
    others = modules - sys.stdlib_module_names - {"rtgmock", "pytest"}  # who loads the plugin has pytest
    distributions = importlib.metadata.packages_distributions()
    return {normal(distributions[module][0]) for module in others}


@pytest.mark.parametrize("extra", ["", *MODULES])
def test_every_import_is_covered_by_a_dependency(metadata: Message, extra: str) -> None:
    declared = metadata.get_all("Requires-Dist", [])
    flasks_own = required(importlib.metadata.requires("flask") or [])

    assert imported(extra) <= required(declared) | required(declared, extra) | flasks_own


@pytest.mark.parametrize("extra", ["", *MODULES])
def test_every_dependency_is_imported(metadata: Message, extra: str) -> None:
    assert required(metadata.get_all("Requires-Dist", []), extra) <= imported(extra)


NOT_FOR_SERVING = {
    "cryptography",
    "docker",
    "filelock",
    "psutil",
    "pyexpat",
    "pytest",
    "redis",
    "requests",
    "rtgmock.cli",
    "rtgmock.engines.docker",
    "rtgmock.engines.process",
    "rtgmock.engines.redis",
    "rtgmock.openapi.document",
    "rtgmock.pytest_plugin",
    "rtgmock.server.certificates",
    "rtgmock.storage.file",
    "rtgmock.web.page",
    "trustme",
    "urllib.request",
    "urllib3",
    "xml.sax",
    "xmltodict",
}
"""What a create and a show in JSON do not need, with the engine off, without TLS and without a state file."""

SERVE_ONCE = """
import base64, http.client, sys
from rtgmock.emulator import Emulator
from rtgmock.journal.redaction.labels import _LABEL

with Emulator() as emulator:
    assert "encodings.idna" not in sys.modules  # the client below imports it
    credentials = base64.b64encode(f"{emulator.username}:{emulator.password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"), timeout=20)
    for method, path, body, status in [
        ("POST", "/instances.json", '{"plan": "nano"}', 201),
        ("GET", "/instances/1.json", None, 200),
    ]:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
    connection.close()
    assert "search" not in vars(_LABEL)  # it is compiled when a text first needs it
    print(*sys.modules)
"""


def test_serving_imports_what_it_needs() -> None:
    served = subprocess.run(
        [sys.executable, "-c", SERVE_ONCE], capture_output=True, text=True, timeout=60, check=False, env=environment()
    )

    assert served.returncode == 0, served.stderr
    assert "rtgmock.web.api" in served.stdout.split()
    assert NOT_FOR_SERVING.isdisjoint(served.stdout.split())


@pytest.mark.parametrize(
    "module", ["rtgmock", "rtgmock.cli.main", "rtgmock.settings.config", "rtgmock.errors", "rtgmock.pytest_plugin"]
)
def test_an_import_is_light(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    ).stdout.split()

    assert module in loaded
    assert {"flask", "werkzeug", "tinydb", "httptools", "xmltodict", "psutil", "trustme"}.isdisjoint(loaded)
