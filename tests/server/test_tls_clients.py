"""Real HTTPS clients, each of which is given the certificate to trust in the way that it provides for."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import AUTH
from tests.support import netns, npm
from tests.support.command import environment
from tests.support.requirements import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.conftest import Serve, Served

    Program = Callable[[str, str], str]

BUNDLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@pytest.fixture
def api(serve: Serve) -> Served:
    return serve(tls=True)


@pytest.fixture
def trust(api: Served) -> str:
    return str(api.emulator.certificate)


@pytest.fixture
def other(serve: Serve) -> str:
    """Return the certificate of another emulator's authority."""
    return str(serve(tls=True).emulator.certificate)


def run(arguments: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in environment().items() if name not in BUNDLES}
    env = {**inherited, **variables}
    return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=30, check=False)


def printed(finished: subprocess.CompletedProcess[str]) -> Any:
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


# curl


@pytest.fixture
def curl(program: Program, api: Served) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs curl with the service's URL, connected to the emulator."""
    path, place = program("curl", "curl"), urlsplit(api.url).netloc

    def ask(*options: str, host: str = "redistogo.com", **variables: str) -> subprocess.CompletedProcess[str]:
        fixed = ["-q", "-sS", "--max-time", "20", "--noproxy", "*", "-u", ":".join(AUTH)]
        return run([path, *fixed, "--connect-to", f"::{place}", *options, f"https://{host}/instances.json"], variables)

    return ask


@pytest.mark.parametrize("host", ["redistogo.com", "www.redistogo.com", "localhost", "[::1]"])
def test_curl_trusts_the_file_of_its_option(curl: Callable[..., Any], trust: str, host: str) -> None:
    assert printed(curl("--cacert", trust, "-d", "plan=nano", host=host))["plan"] == "nano"
    assert len(printed(curl("--cacert", trust, host=host))) == 1


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_curl_trusts_the_file_of_a_variable(curl: Callable[..., Any], trust: str, variable: str) -> None:
    assert printed(curl(**{variable: trust})) == []


def test_curl_refuses_the_emulator_without_its_certificate(curl: Callable[..., Any], other: str) -> None:
    for refused in (curl(), curl("--cacert", other)):
        assert refused.returncode == 60
        assert "certificate" in refused.stderr


def test_curl_refuses_a_name_that_is_not_certified(curl: Callable[..., Any], trust: str) -> None:
    assert curl("--cacert", trust, host="example.org").returncode == 60


# Python: requests, urllib and http.client


def test_requests_trusts_the_file_of_its_argument(api: Served, trust: str, other: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = AUTH
        made = session.post(f"{api.url}/instances.json", data={"plan": "nano"}, verify=trust, timeout=10)
        assert made.status_code == 201
        with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            session.get(f"{api.url}/instances.json", verify=other, timeout=10)


REQUESTS = """
import os, requests
print(requests.get(os.environ["API"] + "/instances.json", auth=("username", "password"), timeout=10).text)
"""
URLLIB = """
import os, urllib.request
asked = urllib.request.Request(os.environ["API"] + "/instances.json")
asked.add_header("Authorization", "Basic dXNlcm5hbWU6cGFzc3dvcmQ=")
print(urllib.request.urlopen(asked, timeout=10).read().decode())
"""


@pytest.mark.parametrize(
    ("script", "variable"), [(REQUESTS, "REQUESTS_CA_BUNDLE"), (REQUESTS, "CURL_CA_BUNDLE"), (URLLIB, "SSL_CERT_FILE")]
)
def test_python_trusts_the_file_of_a_variable(api: Served, trust: str, other: str, script: str, variable: str) -> None:
    variables = {"API": api.url, "no_proxy": "*"}

    assert printed(run([sys.executable, "-c", script], {**variables, variable: trust})) == []
    refused = run([sys.executable, "-c", script], {**variables, variable: other})
    assert refused.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr


def test_http_client_keeps_its_connection(api: Served, trust: str) -> None:
    context = ssl.create_default_context(cafile=trust)
    connection = http.client.HTTPSConnection(urlsplit(api.url).netloc, timeout=10, context=context)
    statuses, sockets = [], set()
    for _ in range(3):
        connection.request("GET", "/_rtgmock/health")
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        sockets.add(connection.sock)
    connection.close()

    assert statuses == [200] * 3
    assert len(sockets) == 1


# Ruby's net/http

RUBY = """
require "json"
require "net/http"
http = Net::HTTP.new("redistogo.com", ENV.fetch("PORT"), nil)
http.ipaddr = "127.0.0.1"
http.use_ssl = true
made = Net::HTTP::Post.new("/instances.json")
made.basic_auth("username", "password")
made.set_form_data("plan" => "nano")
puts http.request(made).body
"""


def test_ruby_trusts_the_file_of_a_variable(api: Served, trust: str, other: str, program: Program) -> None:
    ruby, port = program("ruby", "ruby"), str(urlsplit(api.url).port)

    assert printed(run([ruby, "-e", RUBY], {"PORT": port, "SSL_CERT_FILE": trust}))["id"] == 1
    refused = run([ruby, "-e", RUBY], {"PORT": port, "SSL_CERT_FILE": other})
    assert refused.returncode == 1
    assert "certificate verify failed" in refused.stderr


# Node's fetch and pkgcloud

FETCH = """
const headers = {Authorization: "Basic " + btoa("username:password")};
fetch(process.env.API + "/instances.json", {method: "POST", headers, body: new URLSearchParams({plan: "nano"})})
  .then((answer) => answer.text())
  .then(console.log);
"""


def test_node_trusts_the_file_of_a_variable(api: Served, trust: str, other: str, program: Program) -> None:
    node = program("node", "node")
    if run([node, "-e", "process.exit(typeof fetch === 'undefined' ? 1 : 0)"], {}).returncode:
        skip_or_fail("node", "this Node has no fetch")

    assert printed(run([node, "-e", FETCH], {"API": api.url, "NODE_EXTRA_CA_CERTS": trust}))["id"] == 1
    refused = run([node, "-e", FETCH], {"API": api.url, "NODE_EXTRA_CA_CERTS": other})
    assert refused.returncode == 1
    assert "UNABLE_TO_VERIFY_LEAF_SIGNATURE" in refused.stderr


PKGCLOUD = """
const client = require("pkgcloud").database.createClient(
  {provider: "redistogo", username: "username", password: "password"});
const call = (method, argument) => new Promise((resolve, reject) =>
  client[method](argument, (error, result) => error ? reject(new Error(error)) : resolve(result)));
const list = () => new Promise((resolve, reject) => require("https").get(
  "https://redistogo.com/instances.json", {auth: "username:password"},
  (answer) => answer.setEncoding("utf8").once("data", (text) => resolve(JSON.parse(text)))).once("error", reject));
(async () => {
  const created = await call("create", {plan: "nano"});
  const shown = await call("get", created.id);
  const listed = await list();
  const removed = await call("remove", created.id);
  console.log(JSON.stringify({created, shown, listed, removed, left: await list()}));
})();
"""
SERVED = """
"$PYTHON" -m rtgmock serve --tls --port 443 2>log >banner &
server=$!
"$PYTHON" -m rtgmock ready --wait 20 https://redistogo.com
NODE_EXTRA_CA_CERTS="$("$PYTHON" -m rtgmock ca)" "$NODE" -e "$CLIENT"
kill $server
wait $server
"""


def test_pkgcloud_runs_unchanged_where_the_services_name_resolves_to_the_emulator(
    program: Program, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    node, modules = program("node", "node"), npm.modules("pkgcloud", pytestconfig, tmp_path_factory)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost redistogo.com\n")
    variables = environment(PYTHON=sys.executable, NODE=node, NODE_PATH=str(modules), CLIENT=PKGCLOUD)
    finished = netns.run(["sh", "-ec", SERVED], hosts, tmp_path, variables)

    log = (tmp_path / "log").read_text()
    assert finished.returncode == 0, f"{finished.stderr}{log}"
    result = json.loads(finished.stdout)
    assert result["created"]["metadata"]["plan"] == "nano"
    assert result["shown"]["id"] == result["created"]["id"] == 1
    assert [item["instance"]["id"] for item in result["listed"]] == [1]
    assert (result["removed"], result["left"]) == ("deleted", [])
    assert "POST /instances.json 201" in log
    assert "DELETE /instances/1.json 200" in log
    assert "API      https://127.0.0.1:443/instances" in (tmp_path / "banner").read_text()
