"""No password is in what the journal shows, however it was sent."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from rtgmock.settings.parsers import Credentials
from tests.support import raw
from tests.support.control import JSON

if TYPE_CHECKING:
    from tests.conftest import Serve, Served
    from tests.support.redis_emulators import RedisEmulators

pytest_plugins = ["tests.support.redis_fixtures"]


def send_in_every_format(api: Served, password: str, account: str) -> list[str]:
    """Send a password in all formats, well-formed or not; return the secrets that the answers had."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    made = api.create(password=f"{password}-json")
    api.post("/instances.xml", data={"plan": "nano", "instance[password]": f"{password}-form"})
    xml = f"<instance><plan>nano</plan><password>{password}-xml</password></instance>"
    api.post("/instances.xml", data=xml, headers={"Content-Type": "application/xml"})
    api.post("/instances.xml", data=xml, headers=form)
    api.post("/instances", data=f'{{"password": "{password}-broken"', headers=JSON)
    api.post("/instances", data=f'{{"password": "{password}-labelled"}}', headers=form)
    api.post("/instances", files={"plan": (None, "nano"), "password": (None, f"{password}-multipart")})
    api.put(f"/instances/1?password={password}-query", json=made)
    api.put("/instances/1", json={"pasword": f"{password}-misspelt", "url": f"redis://a:{password}@h/"})
    api.get("/instances", auth=("username", f"{password}-wrong"))
    api.get(f"/{account}", headers={"X-Forwarded-User": account, "Referer": f"http://u:{password}@h/"})
    raw.send(api.url, raw.head(f"GET /instances?password={password}-raw HTTP/1.1\nTransfer-Encoding: x"))
    raw.send(api.url, raw.head(f'{{"password": "{password}-line"}}'))
    listed = api.get("/instances.json").json()
    api.get("/instances.xml")
    commands = [made["config_command"]] if "config_command" in made else []
    return [*commands, *(item["instance"]["password"] for item in listed)]


def assert_no_password(api: Served, account: str) -> None:
    secrets = send_in_every_format(api, "s3CREt&<\"'+%é x", account)
    basic = base64.b64encode(f"username:{account}".encode()).decode()
    assert len(secrets) >= 3

    for shown in (
        api.get("/_rtgmock/requests").text,
        repr(list(api.emulator.requests)),
        json.dumps([entry.document() for entry in api.emulator.requests]),
    ):
        assert [secret for secret in ("s3CREt", account, basic, *secrets) if secret in shown] == []
        assert shown.count("/instances") > 10


@pytest.mark.parametrize("version", [2010, 2012])
def test_no_password_is_in_the_journal(serve: Serve, version: int) -> None:
    account = "the-4ccounts-own"
    assert_no_password(serve(accounts=(Credentials("username", account),), api=version), account)


@pytest.mark.parametrize("engine_name", ["process"], indirect=True)
def test_no_password_of_a_real_redis_is_in_the_journal(emulators: RedisEmulators) -> None:
    account = "the-4ccounts-own"
    api = emulators.start(accounts=(Credentials("username", account),))
    assert_no_password(api, account)
