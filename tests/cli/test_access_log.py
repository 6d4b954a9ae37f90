"""The access log of ``serve`` on the standard error."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support import raw
from tests.support.serve_process import banner_row, call, create

if TYPE_CHECKING:
    from tests.support.serve_process import Start


def test_the_log_as_text_has_one_line_for_each_request(command: Start) -> None:
    server = command("--state", ":memory:")
    create(server.url)
    call("GET", f"{server.url}/instances/7.xml")
    call("GET", f"{server.url}/instances", auth=("username", "wrong"))
    call("PUT", f"{server.url}/instances/1.json", json={"lable": "mongrel"})

    time_of_day = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    patterns = [
        r"POST /instances\.json 201 [\d.]+ ms username",
        r"GET /instances/7\.xml 404 [\d.]+ ms username",
        r"GET /instances 401 [\d.]+ ms -",
        r"PUT /instances/1\.json 422 [\d.]+ ms username hint: .*did you mean label\?",
    ]
    lines = server.err_lines(len(patterns))
    assert len(lines) == len(patterns)
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(f"{time_of_day} {pattern}", line)


def test_the_log_as_json_has_one_object_for_each_request(command: Start) -> None:
    server = command("--state", ":memory:", "--log-format", "json")
    create(server.url)
    call("GET", f'{server.url}/instances/%22%0A%7B.json?a="b', auth=None)
    call("PUT", f"{server.url}/instances/1.json", json={"label": "mongrel", "port": 1})
    raw.send(server.url, b"GET / HTTP/1.1\r\nnonsense\r\n\r\n")

    entries = [json.loads(line) for line in server.err_lines(4)]
    assert [(entry["method"], entry["status"]) for entry in entries] == [
        ("POST", 201),
        ("GET", 401),
        ("PUT", 200),
        ("GET", 400),
    ]
    assert entries[0].keys() == {"time", "method", "path", "status", "ms", "account"}
    assert entries[0]["path"] == "/instances.json"
    assert entries[0]["account"] == "username"
    assert isinstance(entries[0]["ms"], float)
    assert "account" not in entries[1]
    assert entries[2]["ignored"] == "port"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_password_is_ever_printed(command: Start, log_format: str) -> None:
    secret = "s3cret-"
    account = f"username:{secret}account"
    server = command("--state", "state.json", "--log-format", log_format, "--account", account)
    authorization = base64.b64encode(account.encode()).decode()
    wrong = base64.b64encode(f"username:{secret}wrong".encode()).decode()
    form, as_json, as_xml = "application/x-www-form-urlencoded", "application/json", "application/xml"
    requests_made = [
        ("POST", "/instances.json", as_json, f'{{"plan": "nano", "password": "{secret}json"}}'),
        ("POST", "/instances.json", as_json, f'{{"instance": {{"plan": "nano", "password": "{secret}json"}}}}'),
        ("POST", "/instances.json", as_json, f'{{"plan": "nano", "password": "{secret}\\u0001"}}'),
        ("POST", "/instances.json", as_json, f'{{"plan": "nano", "password": "{secret}broken}}'),
        ("POST", "/instances.xml", as_xml, f"<instance><plan>nano</plan><password>{secret}x</password></instance>"),
        ("POST", "/instances.xml", as_xml, f"<instance><plan>nano</plan><password>{secret}x</passwort></instance>"),
        ("POST", "/instances", form, f"plan=nano&password={secret}form"),
        ("POST", "/instances", form, f"instance[plan]=nano&instance[password]={secret}form"),
        ("POST", "/instances", form, f"instance%5Bplan%5D=nano&instance%5Bmaster%5Fpassword%5D={secret}form"),
        ("POST", "/instances", form, f"plan=nope&password={secret}form"),
        ("POST", f"/instances?plan=nano&password={secret}query", form, ""),
        ("POST", f"/instances?plan=nano&instance[password]={secret}query", form, ""),
        ("POST", f"/instances?plan=nano&instance%5Bpassword%5D={secret}query", form, ""),
        ("PUT", f"/instances/1.xml?p%61ssword={secret}query", form, ""),
        ("PUT", f"/instances/1.xml?instance[master_password]={secret}query", form, ""),
        ("PUT", f"/instances/1.xml?PASSWORD={secret}query", form, ""),
        ("PUT", f"/instances/999.xml?password={secret}query", form, ""),
        ("PUT", f"/instances/1.nope?password={secret}query", form, ""),
        ("PATCH", f"/instances/1?password={secret}query", form, ""),
        ("PUT", "/instances/1.json", as_json, f'{{"url": "redis://username:{secret}url@127.0.0.1:9001/"}}'),
        ("GET", f"/nowhere?url=redis%3A%2F%2Fusername%3A{secret}url%40127.0.0.1", form, ""),
        ("GET", "/instances.json", form, ""),
    ]
    for method, path, media_type, body in requests_made:
        for credentials in (authorization, wrong):
            fields = f"Host: localhost\nAuthorization: Basic {credentials}\nContent-Type: {media_type}"
            raw.send(server.url, raw.head(f"{method} {path} HTTP/1.1\n{fields}", body.encode()))
    raw.send(server.url, raw.head(f"GET http://username:{secret}account@localhost/instances HTTP/1.1\nHost: localhost"))
    given = call("GET", f"{server.url}/instances.json", auth=tuple(account.split(":"))).json()
    passwords = {item["instance"]["password"] for item in given}
    assert len(passwords) == 5
    assert server.stop() == 0

    assert len(server.err.splitlines()) == 2 * len(requests_made) + (3 if log_format == "text" else 2)
    printed = server.err + server.out
    assert secret not in printed
    assert not any(password in printed for password in passwords | {authorization, wrong})
    assert "-u username " in banner_row(server, "try it")
