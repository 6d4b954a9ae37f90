"""pkgcloud, a Node library that speaks the service's API."""

from __future__ import annotations

import json
import re
import socket
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import AUTH
from tests.support import netns, npm, raw
from tests.support.command import PROGRAM, environment
from tests.support.scripts import javascript, printed, run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Served

BASIC = b64encode(":".join(AUTH).encode()).decode()


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
    """Return the folder in which npm has installed pkgcloud."""
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
def pkgcloud(api: Served, program: Callable[[str, str], str], pkgcloud_modules: Path) -> Pkgcloud:
    """Run JavaScript and return its result. In it, ``call`` calls pkgcloud and returns its callback's arguments."""
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


# The emulator finds its Redis in /proc, which must be that of the processes here.
RESOLVED = """
mount -t proc proc /proc
$RTGMOCK serve --redis process --state :memory: --instance nano:secret@9001 --port 8080 >/dev/null &
$RTGMOCK ready --wait 20 http://127.0.0.1:8080
$RTGMOCK hosts --url http://127.0.0.1:8080 >>/etc/hosts
redis-cli -u "$("$NODE" -e "$SCRIPT")" ping
"""


def test_the_host_in_pkgclouds_uri_leads_to_the_instance_by_the_lines_that_hosts_prints(
    program: Callable[[str, str], str], pkgcloud_modules: Path, tmp_path: Path
) -> None:
    """The netns has an /etc/hosts of its own, and ends the emulator with its Redis."""
    program("redis", "redis-server")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    script = javascript(PKGCLOUD, 'process.stdout.write((await call("get", 1)).result.uri); process.exit();')
    variables = {
        "RTGMOCK": " ".join(PROGRAM),
        "NODE": program("node", "node"),
        "NODE_PATH": str(pkgcloud_modules),
        "SCRIPT": script,
        "API": "http://127.0.0.1:8080",
        "username": "username",
        "password": "password",
    }

    done = netns.run(["sh", "-ec", RESOLVED], tmp_path / "hosts", tmp_path, environment(**variables))

    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["PONG"]), done.stderr
    assert re.search(r"^127\.0\.0\.1 [a-z]+\.redistogo\.com$", (tmp_path / "hosts").read_text(), re.MULTILINE)


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


def test_pkgcloud_passes_a_404_to_its_callback(pkgcloud: Pkgcloud) -> None:
    missing, made = pkgcloud("""return [await call("get", 7), await call("create", {plan: "nano"})];""")

    assert missing["error"] == "Bad response from server."
    assert missing["result"].startswith("There is no instance 7")
    assert made["result"]["id"] == 1


def test_pkgcloud_passes_a_401_to_its_callback(pkgcloud: Pkgcloud) -> None:
    refused = pkgcloud("""return [await call("create", {plan: "nano"}), await call("get", 1)];""", password="wrong")

    assert refused == [{"error": "Unauthorized"}, {"error": "Unauthorized"}]


def test_pkgcloud_crashes_on_a_refused_plan_because_errors_have_no_label(api: Served, pkgcloud: Pkgcloud) -> None:
    finished = pkgcloud.run("""return call("create", {plan: "nona"});""")

    assert [entry["status"] for entry in api.log] == [422]
    assert finished.returncode == 1
    assert b"TypeError" in finished.stderr
    assert b"Client.formatResponse" in finished.stderr
    assert api.get("/instances").json() == []
