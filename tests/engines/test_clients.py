"""Redis client libraries connect by the URL of a create. redis-py is used in every other module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import npm
from tests.support.redis_client import ask
from tests.support.requirements import skip_or_fail
from tests.support.scripts import MISSING, printed, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]

IOREDIS = """
const Redis = require("ioredis");
const client = new Redis(process.env.REDIS_URL, {maxRetriesPerRequest: 0, retryStrategy: null});
(async () => {
    const replies = [await client.set("key", "value"), await client.get("key"), await client.call("ACL", "WHOAMI")];
    await client.quit();
    console.log(JSON.stringify(replies));
})().catch((error) => { console.error(error); process.exit(1); });
"""


NODE_REDIS = """
const client = require("redis").createClient({url: process.env.REDIS_URL, socket: {reconnectStrategy: false}});
(async () => {
    await client.connect();
    const replies = [await client.set("key", "value"), await client.get("key")];
    replies.push(await client.sendCommand(["ACL", "WHOAMI"]));
    await client.close();
    console.log(JSON.stringify(replies));
})().catch((error) => { console.error(error); process.exit(1); });
"""
RUBY = """
require "json"
begin
  require "redis"
rescue LoadError
  exit 69
end
client = Redis.new(url: ENV["REDIS_URL"], reconnect_attempts: 0)
puts JSON.generate([client.set("key", "value"), client.get("key"), client.call("ACL", "WHOAMI")])
"""


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with ioredis and node-redis."""
    return npm.modules("redis", pytestconfig, tmp_path_factory)


@pytest.mark.parametrize("script", [IOREDIS, NODE_REDIS], ids=["ioredis", "node-redis"])
def test_nodes_clients_connect_by_the_url(
    emulators: RedisEmulators, program: Callable[[str, str], str], node_modules: Path, script: str
) -> None:
    node = program("node", "node")
    made = emulators.start().create()

    finished = run([node, "-e", script], {"NODE_PATH": str(node_modules), "REDIS_URL": made["url"]})

    assert printed(finished) == ["OK", "value", "username"]
    assert ask(made["url"], "GET", "key") == "value"


def test_rubys_client_connects_by_the_url(emulators: RedisEmulators, program: Callable[[str, str], str]) -> None:
    ruby = program("ruby", "ruby")
    made = emulators.start().create()

    finished = run([ruby, "-e", RUBY], {"REDIS_URL": made["url"]})

    if finished.returncode == MISSING:
        skip_or_fail("ruby", "Ruby's redis is not installed")
    assert printed(finished) == ["OK", "value", "username"]
