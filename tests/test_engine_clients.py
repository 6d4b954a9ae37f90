"""Redis's own client libraries, on the URL that a create answers with. redis-py is in every other module."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.conftest import lacking
from tests.support.redis_ground import ask
from tests.test_clients import install, printed, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.redis_ground import Ground

pytest_plugins = ["tests.support.redis_fixtures"]

LOCKED = Path(__file__).parent / "clients" / "ioredis"
IOREDIS = """
const Redis = require("ioredis");
const client = new Redis(process.env.REDIS_URL, {maxRetriesPerRequest: 0, retryStrategy: null});
(async () => {
    const said = [await client.set("key", "value"), await client.get("key"), await client.call("ACL", "WHOAMI")];
    await client.quit();
    console.log(JSON.stringify(said));
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="session")
def ioredis_modules(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where npm has installed what the lock file names; once for as long as that stays the same."""
    npm = shutil.which("npm") or lacking("node", "npm is not installed")
    key = hashlib.sha256((LOCKED / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = getattr(pytestconfig, "cache", None)
    folder = cache.mkdir(f"ioredis-{key}") if cache else tmp_path_factory.mktemp("ioredis")
    installed, partial = folder / "installed", folder / "partial"
    with FileLock(folder / "lock", timeout=180):
        if not installed.exists():
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(LOCKED, partial)
            install(npm, partial)
            partial.rename(installed)
    return installed / "node_modules"


def test_ioredis_connects_by_the_url(ground: Ground, program: Callable[[str, str], str], ioredis_modules: Path) -> None:
    node = program("node", "node")
    made = ground.start().create()

    finished = run([node, "-e", IOREDIS], {"NODE_PATH": str(ioredis_modules), "REDIS_URL": made["url"]})

    assert printed(finished) == ["OK", "value", "username"]
    assert ask(made["url"], "GET", "key") == "value"
