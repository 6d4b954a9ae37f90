"""Clients whose base URL is fixed run unchanged under ``rtgmock exec --tls --proxy``: no alias, no root."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import npm
from tests.support.exec_process import command_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Program = Callable[[str, str], str]

REQUESTS = """
import json, requests
api = requests.Session()
api.auth = ("username", "password")
made = api.post("https://redistogo.com/instances.json", data={"plan": "nano"})
shown = api.get(f"https://www.redistogo.com/instances/{made.json()['id']}.json")
print(json.dumps([made.status_code, shown.json()["plan"]]))
"""
URLLIB = """
import json, urllib.request
asked = urllib.request.Request("https://redistogo.com/instances.json", b"plan=nano")
asked.add_header("Authorization", "Basic dXNlcm5hbWU6cGFzc3dvcmQ=")
with urllib.request.urlopen(asked, timeout=20) as answer:
    print(json.dumps([answer.status, json.load(answer)["plan"]]))
"""
NET_HTTP = """
require "json"
require "net/http"
uri = URI("https://redistogo.com/instances.json")
answer = Net::HTTP.start(uri.host, uri.port, use_ssl: true) do |http|
  request = Net::HTTP::Post.new(uri)
  request.basic_auth("username", "password")
  request.set_form_data("plan" => "nano")
  http.request(request)
end
puts JSON.generate([answer.code.to_i, JSON.parse(answer.body)["plan"]])
"""
PKGCLOUD = """
const client = require("pkgcloud").database.createClient(
  {provider: "redistogo", username: "username", password: "password"});
client.create({plan: "nano"}, (error, made) => client.get(made.id, (error, shown) => client.remove(made.id,
  (error, removed) => console.log(JSON.stringify([shown.metadata.status, shown.metadata.plan, removed])))));
"""
FETCH = """
const headers = {Authorization: "Basic " + btoa("username:password")};
fetch("https://redistogo.com/instances.json", {method: "POST", headers, body: new URLSearchParams({plan: "nano"})})
  .then((answer) => answer.json().then((made) => console.log(JSON.stringify([answer.status, made.plan]))));
"""
CURL = ("-sS", "--max-time", "20", "-u", "username:password")


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a command that runs under ``rtgmock exec --tls --proxy``."""
    with command_environment(tmp_path_factory.mktemp("proxy"), "--tls", "--proxy") as found:
        yield found


def run(variables: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = variables | more
    return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=60, check=False)


def printed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("script", [REQUESTS, URLLIB], ids=["requests", "urllib"])
def test_pythons_clients_run_unchanged(variables: dict[str, str], script: str) -> None:
    assert printed(run(variables, sys.executable, "-c", script)) == [201, "nano"]


def test_rubys_net_http_runs_unchanged(variables: dict[str, str], program: Program) -> None:
    assert printed(run(variables, program("ruby", "ruby"), "-e", NET_HTTP)) == [201, "nano"]


def test_pkgcloud_runs_unchanged(  # from version 1.0 on: before, it reads no variable
    variables: dict[str, str],
    program: Program,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    modules = npm.modules("pkgcloud-1", pytestconfig, tmp_path_factory)

    done = run(variables, program("node", "node"), "-e", PKGCLOUD, NODE_PATH=str(modules))

    assert printed(done) == ["running", "nano", "deleted"]


def test_nodes_own_clients_run_unchanged_from_version_24_on(variables: dict[str, str], program: Program) -> None:
    node = program("node", "node")
    if int(run(variables, node, "-p", "process.versions.node").stdout.partition(".")[0]) < 24:
        pytest.skip("Node reads the variables from version 24 on")

    assert printed(run(variables, node, "-e", FETCH)) == [201, "nano"]


@pytest.mark.parametrize("name", ["redistogo.com", "www.redistogo.com"])
def test_curl_runs_unchanged(variables: dict[str, str], program: Program, name: str) -> None:
    done = run(variables, program("curl", "curl"), *CURL, "-d", "plan=mini", f"https://{name}/instances.json")

    assert printed(done)["plan"] == "mini"


def test_the_emulators_own_url_needs_no_proxy(variables: dict[str, str], program: Program) -> None:
    done = run(variables, program("curl", "curl"), *CURL, f"{variables['RTGMOCK_URL']}/instances.json")

    assert isinstance(printed(done), list)


@pytest.mark.parametrize("url", ["https://example.org/", "http://example.org/", "https://redistogo.com:8443/"])
def test_every_other_host_is_refused(variables: dict[str, str], program: Program, url: str) -> None:
    done = run(variables, program("curl", "curl"), *CURL, "-i", url)

    assert " 403 Forbidden" in done.stdout
    assert done.returncode == (56 if url.startswith("https") else 0)
