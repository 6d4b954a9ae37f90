"""``rtgmock ca``: the certificate that clients must trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.main import run_main
from tests.support.serve_process import banner_row, call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.serve_process import Start


@pytest.mark.parametrize("by", ["option", "variable"])
def test_ca_prints_the_path_or_how_to_use_it(command: Start, tmp_path: Path, by: str) -> None:
    options, env = (("--state", "a b.json"), {}) if by == "option" else ((), {"RTGMOCK_STATE": "a b.json"})
    asked = run_main("ca", *options, folder=tmp_path, env=env)
    exports = run_main("ca", "--env", *options, folder=tmp_path, env=env)
    path = tmp_path / "a b.json.ca.pem"

    assert (asked.returncode, asked.stdout, asked.stderr) == (0, f"{path}\n", "")
    assert (exports.returncode, exports.stderr) == (0, "")
    assert exports.stdout.splitlines() == [
        f"export {name}='{path}'"
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    ]
    made = path.read_bytes()
    server = command("--state", "a b.json", "--tls")
    assert banner_row(server, "CA") == str(path)
    assert path.read_bytes() == made
    assert call("GET", f"{server.url}/instances", verify=str(path)).status_code == 200


def test_ca_has_nothing_to_print_where_nothing_is_kept(tmp_path: Path) -> None:
    asked = run_main("ca", "--state", ":memory:", folder=tmp_path)

    assert (asked.returncode, asked.stdout) == (2, "")
    assert "its banner names the certificate" in asked.stderr
    assert list(tmp_path.iterdir()) == []
