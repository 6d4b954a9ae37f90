"""What an option says when the packages that it needs are not installed: one line, with the command."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from tests.support.main import refusal, run_main
from tests.support.scratch import call_pytest, write_modules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TLS = "--tls needs the package {}, which is not installed; install it: pip install 'rtgmock[tls]'\n"


@pytest.fixture(params=["cryptography", "trustme"])
def missing(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a package that cannot be imported during the test."""
    name: str = request.param
    with mock.patch.dict(sys.modules, {name: None}):
        sys.modules.pop("rtgmock.server.certificates", None)
        yield name


def test_serve_without_the_packages_for_tls_is_refused(tmp_path: Path, missing: str) -> None:
    said = refusal(tmp_path, "--state", ":memory:", "--tls")

    assert said == f"rtgmock: {TLS.format(missing)}"


def test_exec_without_the_packages_for_tls_is_refused_before_the_command_runs(tmp_path: Path, missing: str) -> None:
    done = run_main("exec", "--tls", "--", "touch", "ran", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"rtgmock: {TLS.format(missing)}")
    assert not (tmp_path / "ran").exists()


def test_ca_without_the_packages_for_tls_is_refused(tmp_path: Path, missing: str) -> None:
    done = run_main("ca", "--state", "state.json", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"rtgmock: {TLS.format(missing)}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("missing")
def test_all_else_works_without_them(tmp_path: Path) -> None:
    write_modules(tmp_path, test_it="def test_it(rtgmock):\n    assert rtgmock.create(plan='nano')['id'] == 1\n")

    assert call_pytest(tmp_path).counts == {"passed": 1}
    assert run_main("exec", "--", "true", folder=tmp_path).returncode == 0


def test_the_plugin_fails_a_test_with_the_same_line(tmp_path: Path, missing: str) -> None:
    write_modules(tmp_path, test_it="def test_it(rtgmock):\n    pass\n")
    outcome = call_pytest(tmp_path, "--rtgmock-options=--tls")

    assert outcome.counts == {"error": 1}
    assert TLS.format(missing).rstrip() in outcome.out
    assert "Traceback" not in outcome.out


def test_an_engine_by_ssh_without_the_package_for_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "paramiko" else installed(name))
    done = run_main(
        "serve", "--port", "0", "--state", ":memory:", "--redis", "docker",
        folder=tmp_path, env={"DOCKER_HOST": "ssh://docker.example.com"},
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr == (
        "rtgmock: the Docker engine ssh://docker.example.com needs the package paramiko, which is not installed; "
        "install it: pip install 'rtgmock[ssh]'\n"
    )
