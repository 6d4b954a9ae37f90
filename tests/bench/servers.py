"""The table of the servers that are measured: rtgmock, its peers, and the floors under rtgmock."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.http import HOST, BenchError, Request
from tests.bench.install import Package

if TYPE_CHECKING:
    from collections.abc import Callable

BODY_SIZE = 1200
"""The bytes of the answer to a show: for all the same, as far as a server's own format lets it be."""
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _basic(credentials: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


@dataclass(frozen=True)
class Place:
    """Where a server is to run: its port and folder, and where its package is installed."""

    port: int
    folder: Path
    package: Path = Path()


@dataclass(frozen=True)
class Server:
    """A server. ``command`` writes the files that it needs, and returns the command that starts it.

    ``setup`` makes what ``show`` shows. ``cycle`` creates something, lists, shows, updates and deletes it; ``{id}`` in
    a path is replaced by what ``id_pattern`` matches in the answer to the create, or else by the number of the cycle.
    """

    name: str
    command: Callable[[Place], list[str]]
    show: Request
    package: Package | None = None
    setup: tuple[Request, ...] = ()
    show_xml: Request | None = None
    cycle: tuple[Request, ...] = ()
    id_pattern: bytes = b""
    first: Request = field(default=Request("GET", "/"))
    """The request whose first answer ends the start."""


_RTGMOCK = _basic("username:password")
# The two texts make an answer of BODY_SIZE bytes.
_CREATE = json.dumps({"plan": "nano", "label": "l" * 200, "master_host": f"{'h' * 62}." * 2 + "h" * 60}).encode()
_FIELDS = {"id": 1, "label": "l" * 200}
BODY = json.dumps({**_FIELDS, "text": "x" * (BODY_SIZE - len(json.dumps({**_FIELDS, "text": ""})))})

RTGMOCK = Server(
    "rtgmock",
    lambda place: [
        *(sys.executable, "-m", "rtgmock", "serve", "--port", str(place.port), "--redis", "off"),
        *("--state", str(place.folder / "state.json")),
    ],
    Request("GET", "/instances/1.json", headers=_RTGMOCK),
    setup=(Request("POST", "/instances.json", _CREATE, {**_RTGMOCK, **JSON}),),
    show_xml=Request("GET", "/instances/1.xml", headers=_RTGMOCK),
    cycle=(
        Request("POST", "/instances.json", _CREATE, {**_RTGMOCK, **JSON}),
        Request("GET", "/instances.json", headers=_RTGMOCK),
        Request("GET", "/instances/{id}.json", headers=_RTGMOCK),
        Request("PUT", "/instances/{id}.json", b'{"timeout": 60}', {**_RTGMOCK, **JSON}),
        Request("DELETE", "/instances/{id}.json", headers=_RTGMOCK),
    ),
    id_pattern=rb'"id":(\d+)',
    first=Request("GET", "/_rtgmock/health"),
)


def _moto(place: Place) -> list[str]:
    python = place.package / "venv" / "bin" / "python"
    return [str(python), "-m", "moto.server", "-H", HOST, "-p", str(place.port)]


def _localstripe(place: Place) -> list[str]:
    python = place.package / "venv" / "bin" / "python"
    return [str(python), "-m", "localstripe", "--port", str(place.port), "--from-scratch"]


def _node(place: Place, script: str) -> list[str]:
    return [shutil.which("node") or "node", str(place.package / "node_modules" / script)]


def _json_server(place: Place) -> list[str]:
    (place.folder / "db.json").write_text(f'{{"instances": [{BODY}]}}')
    script = _node(place, "json-server/lib/cli/bin.js")
    return [*script, "--quiet", "--host", HOST, "--port", str(place.port), "db.json"]


def _wiremock(place: Place) -> list[str]:
    java = shutil.which("java")
    jar = next((place.package / "node_modules" / "wiremock" / "build").glob("*.jar"), None)
    if java is None or jar is None:
        raise BenchError("java is not installed" if jar else "its package has no jar")
    answer = {"status": 200, "headers": JSON, "body": BODY}
    mapping = {"request": {"method": "GET", "url": "/instances/1.json"}, "response": answer}
    mappings = place.folder / "mappings"
    mappings.mkdir()
    (mappings / "show.json").write_text(json.dumps(mapping))
    return [java, "-jar", str(jar), "--port", str(place.port), "--bind-address", HOST, "--root-dir", str(place.folder)]


def _mountebank(place: Place) -> list[str]:
    stub = {
        "predicates": [{"equals": {"method": "GET", "path": "/instances/1.json"}}],
        "responses": [{"is": {"statusCode": 200, "headers": JSON, "body": BODY}}],
    }
    imposters = {"imposters": [{"port": place.port, "host": HOST, "protocol": "http", "stubs": [stub]}]}
    (place.folder / "imposters.json").write_text(json.dumps(imposters))
    # mountebank also listens on a port for its own API. The next port is known to be free.
    options = ["start", "--port", str(place.port + 1), "--localOnly", "--configfile", "imposters.json"]
    return [*_node(place, "mountebank/bin/mb"), *options]


def _prism(place: Place) -> list[str]:
    answer = {"description": "An instance", "content": {"application/json": {"example": json.loads(BODY)}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "A benchmark", "version": "1"},
        "paths": {"/instances/1.json": {"get": {"responses": {"200": answer}}}},
    }
    (place.folder / "openapi.json").write_text(json.dumps(document))
    script = _node(place, "@stoplight/prism-cli/dist/index.js")
    return [*script, "mock", "-h", HOST, "-p", str(place.port), "openapi.json"]


# moto looks at no signature, but anonymous requests are refused.
_AWS = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, Signature=a"}
_STRIPE = {**_basic("sk_test_12345:"), **FORM}
_CUSTOMER = b"email=a@example.org&description=" + b"d" * 245
_SHOW = Request("GET", "/instances/1.json")

PEERS = (
    Server(
        "moto_server",
        _moto,
        Request("GET", "/bucket/1", headers=_AWS),
        Package("pypi", "moto[server,s3]"),
        (Request("PUT", "/bucket", headers=_AWS), Request("PUT", "/bucket/1", BODY.encode(), {**_AWS, **JSON})),
        cycle=(
            Request("PUT", "/bucket/new-{id}", BODY.encode(), {**_AWS, **JSON}),
            Request("GET", "/bucket?list-type=2", headers=_AWS),
            Request("GET", "/bucket/new-{id}", headers=_AWS),
            Request("PUT", "/bucket/new-{id}", BODY.encode(), {**_AWS, **JSON}),
            Request("DELETE", "/bucket/new-{id}", headers=_AWS),
        ),
    ),
    Server(
        "localstripe",
        _localstripe,
        Request("GET", "/v1/customers/{id}", headers=_STRIPE),
        Package("pypi", "localstripe"),
        (Request("POST", "/v1/customers", _CUSTOMER, _STRIPE),),
        cycle=(
            Request("POST", "/v1/customers", _CUSTOMER, _STRIPE),
            Request("GET", "/v1/customers", headers=_STRIPE),
            Request("GET", "/v1/customers/{id}", headers=_STRIPE),
            Request("POST", "/v1/customers/{id}", b"description=changed", _STRIPE),
            Request("DELETE", "/v1/customers/{id}", headers=_STRIPE),
        ),
        id_pattern=rb'"id": *"(cus_\w+)"',
    ),
    Server(
        "json-server",
        _json_server,
        Request("GET", "/instances/1"),
        Package("npm", "json-server@0.17"),
        cycle=(
            Request("POST", "/instances", BODY.replace('"id": 1, ', "").encode(), JSON),
            Request("GET", "/instances"),
            Request("GET", "/instances/{id}"),
            Request("PUT", "/instances/{id}", BODY.encode(), JSON),
            Request("DELETE", "/instances/{id}"),
        ),
        id_pattern=rb'"id": *(\d+)',
    ),
    Server("WireMock", _wiremock, _SHOW, Package("npm", "wiremock")),
    Server("mountebank", _mountebank, _SHOW, Package("npm", "mountebank")),
    Server("Prism", _prism, _SHOW, Package("npm", "@stoplight/prism-cli")),
)


def _floor(application: str) -> Callable[[Place], list[str]]:
    return lambda place: [sys.executable, "-m", "tests.bench.floors", application, str(place.port)]


FLOORS = (
    Server("bare WSGI", _floor("bare"), Request("GET", "/instances/1.json")),
    Server("plain Flask", _floor("flask"), Request("GET", "/instances/1.json")),
)
"""What rtgmock's own server reaches with an application that does nothing."""
