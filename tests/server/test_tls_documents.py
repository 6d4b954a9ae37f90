"""The examples of .github/CLIENTS.md by which PHP and Java trust the emulator's certificate, as they are written."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.command import environment
from tests.support.documents import blocks, document, example

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.serve_process import Start

HEADING = "Trust the certificate"
CLIENTS = document("CLIENTS.md")
PHP, JAVA = blocks("sh", HEADING, CLIENTS)


@pytest.fixture
def shell(command: Start, tmp_path: Path) -> Callable[[str, str, str], subprocess.CompletedProcess[str]]:
    """Return a function that writes a program, and runs lines of a shell beside an emulator with TLS."""
    place = urlsplit(command("--tls", "--state", "rtgmock.json").url).netloc
    rtgmock = f'rtgmock() {{ {shlex.quote(sys.executable)} -m rtgmock "$@"; }}\n'

    def run(name: str, code: str, lines: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / name).write_text(code.replace("127.0.0.1:8080", place))
        return subprocess.run(
            ["sh", "-ec", rtgmock + lines],
            cwd=tmp_path,
            env=environment(RTGMOCK_STATE="rtgmock.json"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_php_trusts_the_file_of_its_settings_or_of_the_variable(
    shell: Callable[..., subprocess.CompletedProcess[str]], program: Callable[[str, str], str]
) -> None:
    program("php", "php")
    code = example("php", HEADING, CLIENTS)

    for lines in (PHP, 'eval "$(rtgmock ca --env)"; php list.php'):
        asked = shell("list.php", code, lines)
        assert (asked.returncode, asked.stdout) == (0, "[]"), asked.stderr
    refused = shell("list.php", code, "unset SSL_CERT_FILE; php list.php 2>&1")
    assert "certificate verify failed" in refused.stdout


def test_java_trusts_a_store_that_keytool_makes(
    shell: Callable[..., subprocess.CompletedProcess[str]], program: Callable[[str, str], str]
) -> None:
    for name in ("javac", "keytool"):
        program("java", name)

    asked = shell("List.java", example("java", HEADING, CLIENTS), JAVA)

    assert (asked.returncode, asked.stdout) == (0, "[]\n"), asked.stderr
    assert "PKIX path building failed" in shell("List.java", example("java", HEADING, CLIENTS), "java List.java").stderr
