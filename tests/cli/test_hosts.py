"""``rtgmock hosts``: the names that lead to an emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve

SERVERS = {"servers": [{"name": "ray"}, {"name": "goosefish"}]}
NAMES = ["redistogo.com", "www.redistogo.com", "ray.redistogo.com", "goosefish.redistogo.com"]


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::1", "::1"), ("0.0.0.0", "127.0.0.1")],
)
def test_every_servers_name_is_printed_with_the_address(serve: Serve, tmp_path: Path, host: str, address: str) -> None:
    api = serve(host=host)
    api.emulator._parts.maintenance.load(SERVERS)

    done = run_main("hosts", folder=tmp_path, env={"RTGMOCK_URL": api.url})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{address} {name}" for name in NAMES]


def test_a_name_is_printed_as_the_address_that_it_leads_to(serve: Serve, tmp_path: Path) -> None:
    port = serve().url.rpartition(":")[2]

    done = run_main("hosts", "--url", f"http://localhost:{port}", folder=tmp_path)

    assert done.stdout.splitlines() == [f"127.0.0.1 {name}" for name in NAMES[:2]]


def test_compose_gets_the_names_as_aliases(serve: Serve, tmp_path: Path) -> None:
    api = serve()
    api.emulator._parts.maintenance.load(SERVERS)

    done = run_main("hosts", "--compose", folder=tmp_path, env={"RTGMOCK_URL": api.url})

    assert yaml.safe_load(done.stdout) == {"networks": {"default": {"aliases": NAMES}}}
