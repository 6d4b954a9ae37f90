"""curl as a client."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.conftest import AUTH
from tests.support import raw
from tests.support.scripts import run
from tests.support.sentences import TOO_LARGE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Served
    from tests.support.raw import Answer

NANO_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<instance>\n  <plan>nano</plan>\n</instance>\n'
NO_PLAN_XML = """<?xml version="1.0" encoding="UTF-8"?>
<errors>
  <error>Plan can't be blank</error>
</errors>
"""


class Curl:
    def __init__(self, path: str, url: str) -> None:
        self.path = path
        self._url = url

    def run(self, path: str, *options: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        fixed = ["-q", "--silent", "--show-error", "--include", "--max-time", "20", "--user", ":".join(AUTH)]
        finished = run([self.path, *fixed, *options, self._url + path], stdin=stdin)
        assert finished.returncode == 0, finished.stderr.decode()
        return finished

    def __call__(self, path: str, *options: str) -> Answer:
        return raw.parse(self.run(path, *options).stdout)

    def json(self, document: str) -> tuple[str, ...]:
        """Return the options that post JSON: ``--json``, or its parts before curl 7.82, which introduced it."""
        version = re.match(r"curl (\d+)\.(\d+)", run([self.path, "-q", "--version"]).stdout.decode())
        if version and (int(version[1]), int(version[2])) >= (7, 82):
            return "--json", document
        return "-H", "Content-Type: application/json", "-H", "Accept: application/json", "-d", document


@pytest.fixture
def curl(api: Served, program: Callable[[str, str], str]) -> Curl:
    return Curl(program("curl", "curl"), api.url)


@pytest.mark.parametrize(
    "options",
    [
        ("-d", "plan=nano"),
        ("-d", "instance[plan]=nano"),
        ("--data-urlencode", "instance[plan]=nano"),
        ("-F", "plan=nano"),
        ("-F", "instance[plan]=nano"),
        ("-0", "-d", "plan=nano"),
    ],
    ids=" ".join,
)
def test_curl_creates_with_a_form(curl: Curl, options: tuple[str, ...]) -> None:
    answer = curl("/instances.json", *options)

    assert answer.status == 201, answer.text
    assert answer.headers["location"] == "/instances/1.json"
    assert json.loads(answer.body)["plan"] == "nano"


@pytest.mark.parametrize("document", ['{"plan":"nano"}', '{"instance":{"plan":"nano"}}'])
def test_curl_creates_with_json(curl: Curl, document: str) -> None:
    answer = curl("/instances", *curl.json(document))

    assert answer.status == 201, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body)["plan"] == "nano"


def test_curl_gets_a_hint_when_json_is_labelled_a_form(curl: Curl) -> None:
    answer = curl("/instances.json", "-d", '{"plan":"nano"}')

    assert answer.status == 422
    assert json.loads(answer.body) == {"errors": ["Plan can't be blank"]}
    assert "send Content-Type: application/json" in answer.headers["x-rtgmock-hint"]


def test_curl_uploads_a_document_from_a_file(curl: Curl, tmp_path: Path) -> None:
    document = tmp_path / "instance.xml"
    document.write_bytes(NANO_XML)

    answer = curl("/instances.xml", "-X", "POST", "-T", str(document), "-H", "Content-Type: application/xml")

    assert answer.status == 201, answer.text
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert answer.headers["location"] == "/instances/1.xml"
    assert "\n  <plan>nano</plan>\n" in answer.text


def test_curl_upgrades_with_an_upload(api: Served, curl: Curl, tmp_path: Path) -> None:
    api.create()
    document = tmp_path / "instance.xml"
    document.write_bytes(NANO_XML.replace(b"nano", b"mini"))

    answer = curl("/instances/1", "-T", str(document), "-H", "Content-Type: application/xml")

    assert answer.status == 200, answer.text
    assert '\n  <memory type="integer">20971520</memory>\n' in answer.text


def test_curl_sends_chunks_after_100_continue(curl: Curl) -> None:
    options = ("-X", "POST", "-T", "-", "-H", "Content-Type: text/xml", "-H", "Expect: 100-continue", "-v")

    finished = curl.run("/instances", *options, stdin=NANO_XML)

    assert b"> Transfer-Encoding: chunked" in finished.stderr
    assert finished.stdout.startswith(b"HTTP/1.1 100 Continue\r\n")
    answer = raw.parse(finished.stdout)
    assert answer.status == 201, answer.text
    assert "\n  <plan>nano</plan>\n" in answer.text


def test_curl_sends_a_form_after_100_continue(curl: Curl) -> None:
    finished = curl.run("/instances", "-d", "plan=nano", "-H", "Expect: 100-continue")

    assert finished.stdout.startswith(b"HTTP/1.1 100 Continue\r\n")
    assert raw.parse(finished.stdout).status == 201


@pytest.mark.parametrize("query", ["plan=mini", "instance[plan]=mini", "instance%5Bplan%5D=mini"])
def test_curl_upgrades_with_a_query_string(api: Served, curl: Curl, query: str) -> None:
    api.create()

    answer = curl(f"/instances/1.json?{query}", "--globoff", "-X", "PUT")

    assert answer.status == 200, answer.text
    assert api.get("/instances/1").json()["plan"] == "mini"


def test_curl_sends_head(api: Served, curl: Curl) -> None:
    api.create()

    answer = curl("/instances/1.json", "-I")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(api.get("/instances/1.json").content))
    assert curl("/instances/2.json", "-I").status == 404


def test_curl_deletes(api: Served, curl: Curl) -> None:
    api.create()

    answer = curl("/instances/1.json", "-X", "DELETE")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "0"
    assert curl("/instances/1.json", "-X", "DELETE").status == 404


def test_curl_with_a_wrong_password_is_refused(api: Served, curl: Curl) -> None:
    answer = curl("/instances.json", "-u", "username:wrong", "-d", "plan=nano")

    assert (answer.status, answer.text) == (401, "HTTP Basic: Access denied.\n")
    assert answer.headers["www-authenticate"] == 'Basic realm="Application", charset="UTF-8"'
    assert api.get("/instances").json() == []


def test_curl_negotiates_basic_authentication(api: Served, curl: Curl) -> None:
    finished = curl.run("/instances.json", "--anyauth", "-d", "plan=nano")

    assert re.findall(rb"^HTTP/1\.1 (\d+)", finished.stdout, re.MULTILINE) == [b"401", b"201"]
    assert len(api.get("/instances").json()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("-H", "Expect:", "--data-binary", "@-"),
        ("-H", "Expect: 100-continue", "--data-binary", "@-"),
        ("-H", "Expect:", "-X", "POST", "-T", "-"),
        ("-H", "Expect: 100-continue", "-X", "POST", "-T", "-"),
    ],
    ids=["at once", "asking to continue", "chunked at once", "chunked, asking to continue"],
)
def test_curl_reads_that_its_body_is_too_large(api: Served, curl: Curl, options: tuple[str, ...]) -> None:
    finished = curl.run("/instances.json", *options, stdin=b"x" * (2 * 2**20))

    answer = raw.parse(finished.stdout)
    assert (answer.status, answer.reason) == (413, "Request Entity Too Large")
    assert answer.text == TOO_LARGE
    assert api.get("/instances").json() == []


def test_curl_reads_that_its_file_is_too_large(curl: Curl, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"plan=" + b"x" * (2 * 2**20))

    answer = curl("/instances.json", "--data-binary", f"@{file}")

    assert (answer.status, answer.text) == (413, TOO_LARGE)


def test_curl_gets_xml_when_it_accepts_xml(curl: Curl) -> None:
    xml = ("-H", "Accept: application/xml")

    assert '\n<instances type="array"/>\n' in curl("/instances", *xml).text
    assert curl("/instances", *xml, "-d", "timeout=30").text == NO_PLAN_XML
    made = curl("/instances", *xml, "-d", "plan=nano")
    assert (made.status, made.headers["location"]) == (201, "/instances/1")
    shown = curl("/instances/1", *xml)
    assert shown.headers["content-type"] == "application/xml; charset=utf-8"
    assert shown.text == made.text.replace("<status>new</status>", "<status>running</status>")
