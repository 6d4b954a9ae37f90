"""Clients that others wrote: requests, urllib, http.client, curl, Ruby's rest-client, Node's fetch and pkgcloud."""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import AUTH
from tests.support import npm, raw
from tests.support.npm import ENVIRONMENT
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from http.client import HTTPMessage
    from pathlib import Path

    from tests.conftest import Served
    from tests.support.raw import Answer

    Program = Callable[[str, str], str]
    Script = Callable[..., Any]

MISSING = 69
"""The exit code of a script that finds the library or the function that it is about to use missing."""

NANO_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<instance>\n  <plan>nano</plan>\n</instance>\n'
NO_PLAN_XML = """<?xml version="1.0" encoding="UTF-8"?>
<errors>
  <error>Plan can't be blank</error>
</errors>
"""
TOO_LARGE = "The body is larger than 1048576 bytes, which is the most that is read.\n"
BASIC = b64encode(":".join(AUTH).encode()).decode()


def run(
    arguments: Sequence[str], variables: Mapping[str, str] | None = None, *, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    env = {**ENVIRONMENT, **(variables or {})}
    return subprocess.run(arguments, input=stdin, env=env, capture_output=True, timeout=30, check=False)


def printed(finished: subprocess.CompletedProcess[bytes]) -> Any:
    """What a script printed, which is JSON."""
    assert finished.returncode == 0, finished.stderr.decode()
    return json.loads(finished.stdout)


# requests


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"plan": "nano"}},
        {"data": {"instance[plan]": "nano"}},
        {"json": {"plan": "nano"}},
        {"json": {"instance": {"plan": "nano"}}},
        {"files": {"plan": (None, "nano")}},
        {"files": {"instance[plan]": (None, "nano")}},
        {"params": {"plan": "nano"}},
    ],
    ids=str,
)
def test_requests_creates_in_every_way_that_it_has_to_send_fields(api: Served, options: dict[str, Any]) -> None:
    answer = api.post("/instances", **options)

    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == "/instances/1"
    assert answer.json()["plan"] == "nano"
    assert "X-Rtgmock-Ignored" not in answer.headers


def test_requests_lists_shows_upgrades_and_deletes(api: Served) -> None:
    made = api.create()

    assert [item["instance"]["id"] for item in api.get("/instances").json()] == [made["id"]]
    assert api.get("/instances/1").json() == {**made, "status": "running"}
    upgraded = api.put("/instances/1.json", params={"plan": "mini"})
    assert upgraded.status_code == 200
    assert (upgraded.json()["plan"], upgraded.json()["memory"]) == ("mini", 20971520)
    deleted = api.delete("/instances/1.json")
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert api.get("/instances").json() == []


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"timeout": 30, "activerehashing": "false", "snapshots[]": ["60 1", "30 2"]}},
        {
            "data": {
                "instance[timeout]": 30,
                "instance[activerehashing]": "0",
                "instance[snapshots][]": ["60 1", "30 2"],
            }
        },
        {"json": {"instance": {"timeout": 30, "activerehashing": False, "snapshots": ["60 1", "30 2"]}}},
    ],
    ids=["form", "nested form", "json"],
)
def test_requests_changes_settings(api: Served, options: dict[str, Any]) -> None:
    api.create()

    answer = api.put("/instances/1.json", **options)

    assert answer.status_code == 200, answer.text
    changed = api.get("/instances/1.json").json()
    assert (changed["timeout"], changed["activerehashing"], changed["snapshots"]) == (30, False, ["60 1", "30 2"])


def test_requests_reads_the_errors_of_what_it_sends(api: Served) -> None:
    refused = api.post("/instances", json={"plan": "nona", "timeout": "soon"})

    assert refused.status_code == 422
    assert refused.json() == {"errors": ["Plan is not included in the list", "Timeout is not a number"]}
    wrong = api.get("/instances", auth=("username", "wrong"))
    assert (wrong.status_code, wrong.text) == (401, "HTTP Basic: Access denied.\n")
    gone = api.get("/instances/7")
    assert gone.status_code == 404
    assert gone.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert gone.text.startswith("There is no instance 7")
    assert api.post("/instances", data="{", headers={"Content-Type": "application/json"}).status_code == 400
    large = api.post("/instances", data=b"x" * (2 * 2**20))
    assert (large.status_code, large.text) == (413, TOO_LARGE)


def test_requests_uses_one_connection_for_a_session_whatever_the_answers_are(
    api: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")

    statuses = [
        api.post("/instances", data={"plan": "nano"}).status_code,
        api.post("/instances", data={"plan": "nona"}).status_code,
        api.get("/instances", auth=("username", "wrong")).status_code,
        api.call("HEAD", "/instances/1").status_code,
        api.call("PATCH", "/instances/1").status_code,
        api.post("/instances", data="nano", headers={"Content-Type": "text/plain"}).status_code,
        api.delete("/instances/1").status_code,
        api.get("/instances/1").status_code,
    ]

    assert statuses == [201, 422, 401, 200, 405, 415, 200, 404]
    logged = [record.getMessage() for record in caplog.records if record.name == "urllib3.connectionpool"]
    assert len([line for line in logged if line.startswith("Starting new HTTP connection")]) == 1
    assert not [line for line in logged if line.startswith("Resetting dropped connection")]


# urllib and http.client


class BasicAuth(urllib.request.HTTPBasicAuthHandler):
    """Closes the 401 that made it try again, which urllib leaves open."""

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        with fp:
            return super().http_error_401(req, fp, code, msg, headers)


def opener(api: Served) -> urllib.request.OpenerDirector:
    """Asks without credentials first, and once more after a 401 that asks for them."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password("Application", api.url, *AUTH)
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), BasicAuth(passwords))


def test_urllib_gets_json_though_it_sends_no_accept(api: Served) -> None:
    with opener(api).open(f"{api.url}/instances", b"plan=nano", timeout=10) as answer:
        assert answer.status == 201
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert json.load(answer)["plan"] == "nano"
    assert [entry["status"] for entry in api.log] == [401, 201]


def test_urllib_raises_an_error_that_has_the_messages(api: Served) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener(api).open(f"{api.url}/instances", b"timeout=30", timeout=10)

    with caught.value as error:
        assert error.code == 422
        assert json.load(error) == {"errors": ["Plan can't be blank"]}


class OldConnection(http.client.HTTPConnection):
    """Speaks HTTP/1.0, so without a Host."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


def test_a_client_of_http_1_0_without_a_host_is_answered(api: Served) -> None:
    form = {"Authorization": f"Basic {BASIC}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = OldConnection(urlsplit(api.url).netloc, timeout=10)

    connection.request("POST", "/instances.json", b"plan=nano", form)

    answer = connection.getresponse()
    made = json.load(answer)
    connection.close()
    assert answer.status == 201
    assert answer.will_close
    assert made["hostname"] == "127.0.0.1"


def test_a_client_that_reads_only_once_it_has_sent_all_learns_that_its_body_is_too_large(api: Served) -> None:
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=10)

    connection.request("POST", "/instances", b"x" * (8 * 2**20), {"Authorization": f"Basic {BASIC}"})

    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert (answer.status, text) == (413, TOO_LARGE)


# curl


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
        """``--json``, or what it stands for where curl is older than 7.82."""
        version = re.match(r"curl (\d+)\.(\d+)", run([self.path, "-q", "--version"]).stdout.decode())
        if version and (int(version[1]), int(version[2])) >= (7, 82):
            return "--json", document
        return "-H", "Content-Type: application/json", "-H", "Accept: application/json", "-d", document


@pytest.fixture
def curl(api: Served, program: Program) -> Curl:
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
def test_curl_creates_by_a_form(curl: Curl, options: tuple[str, ...]) -> None:
    answer = curl("/instances.json", *options)

    assert answer.status == 201, answer.text
    assert answer.headers["location"] == "/instances/1.json"
    assert json.loads(answer.body)["plan"] == "nano"


@pytest.mark.parametrize("document", ['{"plan":"nano"}', '{"instance":{"plan":"nano"}}'])
def test_curl_creates_by_json(curl: Curl, document: str) -> None:
    answer = curl("/instances", *curl.json(document))

    assert answer.status == 201, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body)["plan"] == "nano"


def test_curl_is_told_that_json_without_its_type_is_a_form(curl: Curl) -> None:
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


def test_curl_upgrades_by_an_upload(api: Served, curl: Curl, tmp_path: Path) -> None:
    api.create()
    document = tmp_path / "instance.xml"
    document.write_bytes(NANO_XML.replace(b"nano", b"mini"))

    answer = curl("/instances/1", "-T", str(document), "-H", "Content-Type: application/xml")

    assert answer.status == 200, answer.text
    assert '\n  <memory type="integer">20971520</memory>\n' in answer.text


def test_curl_sends_chunks_once_it_is_told_to_continue(curl: Curl) -> None:
    options = ("-X", "POST", "-T", "-", "-H", "Content-Type: text/xml", "-H", "Expect: 100-continue", "-v")

    finished = curl.run("/instances", *options, stdin=NANO_XML)

    assert b"> Transfer-Encoding: chunked" in finished.stderr
    assert finished.stdout.startswith(b"HTTP/1.1 100 Continue\r\n")
    answer = raw.parse(finished.stdout)
    assert answer.status == 201, answer.text
    assert "\n  <plan>nano</plan>\n" in answer.text


def test_curl_sends_a_form_once_it_is_told_to_continue(curl: Curl) -> None:
    finished = curl.run("/instances", "-d", "plan=nano", "-H", "Expect: 100-continue")

    assert finished.stdout.startswith(b"HTTP/1.1 100 Continue\r\n")
    assert raw.parse(finished.stdout).status == 201


@pytest.mark.parametrize("query", ["plan=mini", "instance[plan]=mini", "instance%5Bplan%5D=mini"])
def test_curl_upgrades_by_the_query_string(api: Served, curl: Curl, query: str) -> None:
    api.create()

    answer = curl(f"/instances/1.json?{query}", "--globoff", "-X", "PUT")

    assert answer.status == 200, answer.text
    assert api.get("/instances/1").json()["plan"] == "mini"


def test_curl_gets_a_head_alone(api: Served, curl: Curl) -> None:
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
    assert answer.headers["www-authenticate"] == 'Basic realm="Application"'
    assert api.get("/instances").json() == []


def test_curl_finds_out_by_itself_that_basic_is_wanted(api: Served, curl: Curl) -> None:
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
def test_curl_reads_why_its_body_is_too_large(api: Served, curl: Curl, options: tuple[str, ...]) -> None:
    finished = curl.run("/instances.json", *options, stdin=b"x" * (2 * 2**20))

    answer = raw.parse(finished.stdout)
    assert (answer.status, answer.reason) == (413, "Request Entity Too Large")
    assert answer.text == TOO_LARGE
    assert api.get("/instances").json() == []


def test_curl_reads_why_its_file_is_too_large(curl: Curl, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"plan=" + b"x" * (2 * 2**20))

    answer = curl("/instances.json", "--data-binary", f"@{file}")

    assert (answer.status, answer.text) == (413, TOO_LARGE)


def test_curl_gets_xml_where_it_accepts_xml(curl: Curl) -> None:
    xml = ("-H", "Accept: application/xml")

    assert '\n<instances type="array"/>\n' in curl("/instances", *xml).text
    assert curl("/instances", *xml, "-d", "timeout=30").text == NO_PLAN_XML
    made = curl("/instances", *xml, "-d", "plan=nano")
    assert (made.status, made.headers["location"]) == (201, "/instances/1")
    shown = curl("/instances/1", *xml)
    assert shown.headers["content-type"] == "application/xml; charset=utf-8"
    assert shown.text == made.text.replace("<status>new</status>", "<status>running</status>")


# Ruby's rest-client

DOCUMENTED = "RestClient.get('https://username:password@redistogo.com/instances.json')"
RUBY = f"""
begin
  require "json"
  require "rest-client"
rescue LoadError
  exit {MISSING}
end
API = ENV.fetch("API")

def refused
  yield
rescue RestClient::ExceptionWithResponse => error
  [error.class.name, error.response.body]
end
"""


@pytest.fixture
def ruby(api: Served, program: Program) -> Script:
    """Gives the value of Ruby code, in which ``API`` is the address with the credentials in it."""
    path = program("ruby", "ruby")
    host = urlsplit(api.url).netloc

    def evaluate(code: str) -> Any:
        script = f"{RUBY}\nputs JSON.generate(begin\n{code}\nend)"
        finished = run([path, "-e", script], {"API": f"http://username:password@{host}"})
        return (
            skip_or_fail("ruby", "rest-client is not installed")
            if finished.returncode == MISSING
            else printed(finished)
        )

    return evaluate


def test_the_example_of_the_documentation_works(api: Served, ruby: Script) -> None:
    made = api.create()

    line = DOCUMENTED.replace("https://", "http://").replace("redistogo.com", urlsplit(api.url).netloc)

    [item] = json.loads(ruby(f"{line}.body"))
    assert item["instance"]["password"] == made["password"]
    assert api.log[-1]["account"] == "username"


def test_rest_client_creates_upgrades_and_deletes(api: Served, ruby: Script) -> None:
    bare, nested, upgraded, changed, deleted = ruby("""
        bare = RestClient.post(API + "/instances.json", plan: "nano")
        nested = RestClient.post(API + "/instances.json", instance: {plan: "nano", snapshots: ["60 1", "30 2"]})
        upgraded = RestClient.put(API + bare.headers[:location], plan: "mini")
        changed = RestClient.put(API + nested.headers[:location], {timeout: 30}.to_json, content_type: :json)
        deleted = RestClient.delete(API + bare.headers[:location])
        [bare, nested, upgraded, changed, deleted].map { |answer| [answer.code, answer.body] }
    """)

    assert (bare[0], json.loads(bare[1])["plan"]) == (201, "nano")
    assert (nested[0], json.loads(nested[1])["snapshots"]) == (201, ["60 1", "30 2"])
    assert (upgraded[0], json.loads(upgraded[1])["plan"]) == (200, "mini")
    assert (changed[0], json.loads(changed[1])["timeout"]) == (200, 30)
    assert deleted == [200, ""]
    assert [item["instance"]["id"] for item in api.get("/instances").json()] == [2]


def test_rest_client_gets_xml_where_it_asks_for_it(api: Served, ruby: Script) -> None:
    api.create()

    text = ruby("""RestClient::Resource.new(API)["instances/1"].get(accept: :xml).body""")

    assert text == api.get("/instances/1.xml").text


def test_rest_client_raises_the_exceptions_of_the_statuses(ruby: Script) -> None:
    unknown, stranger, missing, unreadable, large = ruby("""
        [
          refused { RestClient.post(API + "/instances.json", plan: "nona") },
          refused { RestClient.get(API.sub(":password@", ":wrong@") + "/instances.json") },
          refused { RestClient.get(API + "/instances/7.json") },
          refused { RestClient.post(API + "/instances.json", "{", content_type: :json) },
          refused { RestClient.post(API + "/instances.json", "x" * 2**21) },
        ]
    """)

    assert unknown[0] == "RestClient::UnprocessableEntity"
    assert json.loads(unknown[1]) == {"errors": ["Plan is not included in the list"]}
    assert stranger == ["RestClient::Unauthorized", "HTTP Basic: Access denied.\n"]
    assert missing[0] == "RestClient::NotFound"
    assert missing[1].startswith("There is no instance 7")
    assert unreadable[0] == "RestClient::BadRequest"
    assert unreadable[1].startswith("The JSON body cannot be read at line 1")
    assert large == ["RestClient::PayloadTooLarge", TOO_LARGE]


# Node's fetch

FETCH = (
    f"""if (typeof fetch === "undefined") process.exit({MISSING});"""
    """
const send = async (method, path, body, headers) => {
  const credentials = {Authorization: "Basic " + btoa("username:password")};
  const answer = await fetch(process.env.API + path, {method, body, headers: {...credentials, ...headers}});
  return [answer.status, await answer.text()];
};
"""
)


def javascript(prelude: str, code: str) -> str:
    """A script that prints what ``code`` returns, which may await."""
    return f"{prelude}\n(async () => {{\n{code}\n}})().then((value) => console.log(JSON.stringify(value)));"


@pytest.fixture
def node(api: Served, program: Program) -> Script:
    """Gives what JavaScript returns, in which ``send`` sends a request by fetch."""
    path = program("node", "node")

    def evaluate(code: str) -> Any:
        finished = run([path, "-e", javascript(FETCH, code)], {"API": api.url})
        return skip_or_fail("node", "this Node has no fetch") if finished.returncode == MISSING else printed(finished)

    return evaluate


def test_fetch_creates_upgrades_and_deletes(api: Served, node: Script) -> None:
    by_parameters, by_form, by_json, upgraded, deleted = node("""
        const json = {"Content-Type": "application/json"};
        const form = new FormData();
        form.set("instance[plan]", "nano");
        return [
          await send("POST", "/instances.json", new URLSearchParams({plan: "nano"})),
          await send("POST", "/instances.json", form),
          await send("POST", "/instances", JSON.stringify({instance: {plan: "nano"}}), json),
          await send("PUT", "/instances/1.json", new URLSearchParams({"instance[plan]": "mini"})),
          await send("DELETE", "/instances/2"),
        ];
    """)

    for status, text in (by_parameters, by_form, by_json):
        assert (status, json.loads(text)["plan"]) == (201, "nano")
    assert (upgraded[0], json.loads(upgraded[1])["plan"]) == (200, "mini")
    assert deleted == [200, ""]
    assert [item["instance"]["id"] for item in api.get("/instances").json()] == [1, 3]


def test_fetch_is_told_which_type_a_string_needs(api: Served, node: Script) -> None:
    as_json, as_form = node("""
        return [
          await send("POST", "/instances.json", JSON.stringify({plan: "nano"})),
          await send("POST", "/instances.json", "plan=nano"),
        ];
    """)

    accepted = "application/json, application/xml, application/x-www-form-urlencoded, multipart/form-data"
    sentence = f"A body of type text/plain is not read; accepted are {accepted}."
    assert as_json == [415, f"{sentence} Did you mean application/json?\n"]
    assert as_form == [415, f"{sentence} Did you mean application/x-www-form-urlencoded?\n"]
    assert api.get("/instances").json() == []


# Node's pkgcloud

PKGCLOUD = """
const {username, password, API: url} = process.env;
const client = require("pkgcloud").database.createClient({provider: "redistogo", username, password, url});
const call = (method, argument) =>
  new Promise((resolve) => client[method](argument, (error, result) => resolve({error, result})));
"""
CREATE = f"""POST /instances.json HTTP/1.1
Authorization: Basic {BASIC}
User-Agent: nodejs-pkgcloud/0.9.6
host: HOST
content-length: 23
Connection: keep-alive

instance%5Bplan%5D=nano"""


@pytest.fixture(scope="session")
def pkgcloud_modules(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where npm has installed what the lock file names; once for as long as that stays the same."""
    return npm.modules("pkgcloud", pytestconfig, tmp_path_factory)


class Pkgcloud:
    def __init__(self, node: str, modules: Path, url: str) -> None:
        self._node = node
        self._modules = modules
        self._url = url

    def run(self, code: str, *, url: str = "", password: str = "password") -> subprocess.CompletedProcess[bytes]:
        account = {"username": "username", "password": password}
        variables = {"NODE_PATH": str(self._modules), "API": url or self._url, **account}
        return run([self._node, "-e", javascript(PKGCLOUD, code)], variables)

    def __call__(self, code: str, *, password: str = "password") -> Any:
        return printed(self.run(code, password=password))


@pytest.fixture
def pkgcloud(api: Served, program: Program, pkgcloud_modules: Path) -> Pkgcloud:
    """Gives what JavaScript returns, in which ``call`` calls pkgcloud and catches what its callback is told."""
    return Pkgcloud(program("node", "node"), pkgcloud_modules, api.url)


def test_pkgcloud_creates_gets_and_removes(api: Served, pkgcloud: Pkgcloud) -> None:
    created, got, removed = pkgcloud("""
        const created = await call("create", {plan: "nano"});
        const got = await call("get", created.result.id);
        const removed = await call("remove", created.result.id);
        return [created, got, removed];
    """)

    made = created["result"]
    metadata = made["metadata"]
    server = metadata["label"].removesuffix("-9001")
    assert created["error"] is None
    assert (made["id"], made["port"], metadata["plan"]) == (1, 9001, "nano")
    assert made["host"] == f"{server}.redistogo.com"
    assert made["uri"] == f"redis://nodejitsu:{metadata['password']}@{server}.redistogo.com:9001"
    assert got == {"error": None, "result": {**made, "metadata": {**metadata, "status": "running"}}}
    assert removed == {"error": None, "result": "deleted"}
    assert api.get("/instances").json() == []


def test_pkgcloud_sends_a_create_without_a_type(pkgcloud: Pkgcloud) -> None:
    def receive(listener: socket.socket) -> bytes:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            received = b""
            while not received.endswith(b"=nano") and (chunk := connection.recv(65536)):
                received += chunk
            connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return received

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(10)
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        received = pool.submit(receive, listener)
        pkgcloud.run('return call("create", {plan: "nano"});', url=f"http://{host}")

    assert received.result().decode() == CREATE.replace("HOST", host).replace("\n", "\r\n")


def test_the_bytes_that_pkgcloud_sends_create_an_instance(api: Served) -> None:
    request = CREATE.replace("HOST", urlsplit(api.url).netloc).replace("keep-alive", "close")

    answer = raw.send(api.url, request.replace("\n", "\r\n").encode())

    assert (answer.status, answer.reason) == (201, "Created")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body)["plan"] == "nano"


def test_pkgcloud_is_told_of_what_is_missing_in_its_callback(pkgcloud: Pkgcloud) -> None:
    missing, made = pkgcloud("""return [await call("get", 7), await call("create", {plan: "nano"})];""")

    assert missing["error"] == "Bad response from server."
    assert missing["result"].startswith("There is no instance 7")
    assert made["result"]["id"] == 1


def test_pkgcloud_is_told_of_a_wrong_password_in_its_callback(pkgcloud: Pkgcloud) -> None:
    refused = pkgcloud("""return [await call("create", {plan: "nano"}), await call("get", 1)];""", password="wrong")

    assert refused == [{"error": "Unauthorized"}, {"error": "Unauthorized"}]


def test_pkgcloud_ends_its_process_over_a_refused_plan_since_errors_have_no_label(
    api: Served, pkgcloud: Pkgcloud
) -> None:
    finished = pkgcloud.run("""return call("create", {plan: "nona"});""")

    assert [entry["status"] for entry in api.log] == [422]
    assert finished.returncode == 1
    assert b"TypeError" in finished.stderr
    assert b"Client.formatResponse" in finished.stderr
    assert api.get("/instances").json() == []
