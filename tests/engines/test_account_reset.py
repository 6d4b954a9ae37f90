"""The reset of one account with real Redis servers: others keep their data and their connections."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.support.control import control
from tests.support.instances import only_process
from tests.support.ports import free_ports
from tests.support.redis_client import answers, ask, connection, run_id

if TYPE_CHECKING:
    from tests.conftest import Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def create(api: Served, name: str) -> str:
    answer = api.post("/instances.json", json={"plan": "nano"}, auth=(name, "x"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


def reset(api: Served, name: str) -> None:
    answer = control(api, "POST", "reset", {"account": name})
    assert answer.status_code == 200, answer.text


def test_only_the_account_s_redis_servers_go_and_those_of_the_start_come_back_empty(emulators: RedisEmulators) -> None:
    first, *_ = emulators.ports
    rows = [{"plan": "nano", "account": "ann", "port": first, "password": "of-ann"}]
    (emulators.folder / "fixture.json").write_text(json.dumps({"instances": rows}))
    api = emulators.start(accounts="any", fixture=emulators.folder / "fixture.json", state=emulators.state)
    given = str(api.get("/instances/1.json", auth=("ann", "x")).json()["url"])
    bobs, anns = create(api, "bob"), create(api, "ann")
    for url in (given, bobs, anns):
        ask(url, "SET", "key", "value")
    before = run_id(bobs)

    with connection(bobs) as client:
        client.set("held", "open")
        reset(api, "ann")
        assert client.get("held") == "open"

    assert (answers(anns), ask(given, "GET", "key"), ask(bobs, "GET", "key")) == (False, None, "value")
    assert (run_id(bobs), api.get("/instances/1.json", auth=("ann", "x")).json()["url"]) == (before, given)
    reset(api, "bob")
    assert (answers(bobs), answers(given)) == (False, True)


@only_process
def test_accounts_that_are_reset_and_used_side_by_side_have_working_urls(emulators: RedisEmulators) -> None:
    emulators.ports = free_ports(12)
    api = emulators.start(accounts="any", state=emulators.state)

    def work(name: str) -> str:
        for turn in range(3):
            reset(api, name)
            url = create(api, name)
            assert ask(url, "GET", "key") is None
            ask(url, "SET", "key", f"{name} {turn}")
            assert ask(url, "GET", "key") == f"{name} {turn}"
        return url

    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(work, [f"worker-{number}" for number in range(4)]))

    assert len({*urls}) == 4
    assert all(map(answers, urls))
    assert len(emulators.processes()) == 4
