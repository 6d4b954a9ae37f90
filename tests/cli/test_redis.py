"""``rtgmock redis`` and what ``rtgmock state`` shows then, with a real Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.instances import only_process
from tests.support.main import run_main
from tests.support.redis_client import answers

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


@only_process
def test_a_redis_that_was_stopped_is_shown_as_failed_until_it_is_started(
    emulators: RedisEmulators, tmp_path: Path
) -> None:
    api = emulators.start()
    url = api.create(label="mongrel")["url"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return run_main(*words, folder=tmp_path, env={"RTGMOCK_URL": api.url})

    def shown() -> str:
        return run("state").stdout.splitlines()[1].split()[3]

    assert (shown(), answers(url)) == ("running", True)
    assert run("redis", "mongrel", "stop").stdout == "stop 1 (mongrel): its status is failed\n"
    assert (shown(), answers(url)) == ("failed", False)
    assert api.get("/instances/1.json").json()["status"] == "failed"
    assert json.loads(run("redis", "1", "start", "--json").stdout) == {"id": 1, "status": "running"}
    assert (shown(), answers(url)) == ("running", True)
