"""No password is seen outside of the Redis that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.api_client import ApiClient
from tests.support.redis_client import answers, ask
from tests.support.redis_emulators import STATE

if TYPE_CHECKING:
    from tests.support.command import Command
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def used(command: Command) -> str:
    return command.out + command.err


def test_no_password_is_seen_where_others_look(emulators: RedisEmulators) -> None:
    account = "hidden-account-password"
    command, api = emulators.run("--account", f"username:{account}", state=":memory:")
    api = ApiClient(api.url, ("username", account))
    emulators.states |= {container.labels[STATE] for container in emulators.containers()}
    secrets = ["changed-password", "masters-password", account]
    made = api.create(master_password="masters-password")
    secrets.append(made["password"])
    changed = api.call("PUT", "/instances/1.json", json={"password": "changed-password"}).json()
    assert api.call("PUT", "/instances/1.json", json={"databases": 3}).status_code == 200
    assert answers(changed["url"])
    assert api.call("PUT", "/instances/1.json?password=changed-password", json={"timeout": 3}).status_code == 200
    ask(changed["url"], "SET", "key", "value")

    places = {"a container": "", "the log": "", "the process": ""}
    if emulators.engine == "docker":
        container = emulators.container(1)
        emulators.states.add(container.labels[STATE])
        volume = emulators.docker.api.inspect_volume(f"rtgmock-{container.labels[STATE]}-1")
        places["a container"] = (
            f"{emulators.docker.api.inspect_container(container.id or '')} {volume} {container.top()}"
        )
        places["the log"] = container.logs().decode()
    else:
        process = emulators.server(changed["url"])
        places["the process"] = f"{process.cmdline()} {process.environ()}"
        (log,) = emulators.temporary.glob("rtgmock-*/1/redis.log")
        places["the log"] = log.read_text()
        places["files"] = " ".join(path.name + path.read_text() for path in log.parent.glob("*.pid"))
    assert places["the log"]
    assert command.stop() == 0
    places["the emulator's output"] = (
        used(command).replace(f"'username:{account}'", "").replace(f"username:{account}", "")
    )

    leaks = [(place, secret) for place, text in places.items() for secret in secrets if secret in text]
    assert leaks == []
