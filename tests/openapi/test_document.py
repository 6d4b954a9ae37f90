"""The OpenAPI document is valid, has all that the tables have, and is true of what is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from rtgmock import errors
from rtgmock.errors import EngineFailed
from rtgmock.model import attributes, instances
from rtgmock.model.attributes import APIS, DOCUMENTED, Attribute, Role
from rtgmock.model.payloads import Payload, layout
from rtgmock.model.plans import PLANS
from rtgmock.model.types import Boolean, Choice, Datetime, HostName, Integer, PortText, SavePoints, Text
from rtgmock.openapi import samples, schemas
from rtgmock.openapi.document import document
from rtgmock.paths import OPENAPI_PATH
from rtgmock.service.provisioner import Provisioner
from rtgmock.wire import representation
from tests.support import exchanges
from tests.support.described import Described
from tests.support.main import run_main
from tests.support.samples import sample_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rtgmock.model.types import ValueType
    from tests.conftest import Serve, Served
    from tests.support.exchanges import Exchange

URL = "http://127.0.0.1:8080"
XML = "<instance><plan>nano</plan></instance>"


@pytest.fixture(params=APIS)
def described(request: pytest.FixtureRequest) -> Described:
    return Described(document(request.param, URL))


def api_of(described: Described) -> int:
    return int(described.document["info"]["version"])


def test_it_is_valid(described: Described) -> None:
    validate(described.document, cls=OpenAPIV31SpecValidator)


def media_types(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every media type in the document with what stands there."""
    if isinstance(node, dict):
        yield from node.get("content", {}).items()
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from media_types(inner)


def test_every_example_of_a_body_fits_its_schema(described: Described) -> None:
    seen = 0
    for media_type, node in media_types(described.document):
        given = [node["example"]] if "example" in node else []
        for example in [*given, *(one["value"] for one in node.get("examples", {}).values())]:
            value = described.read(media_type, node["schema"], example) if isinstance(example, str) else example
            assert described.problems(node["schema"], value) == []
            seen += 1
    assert seen > 40


def schemas_of(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield node
        for inner in node.values():
            yield from schemas_of(inner)


def test_every_example_of_a_value_fits_its_schema(described: Described) -> None:
    found = list(schemas_of(described.document))

    assert len(found) > len(layout(Payload.SHOW_JSON, api_of(described)))
    for schema in found:
        for example in schema["examples"]:
            assert described.problems(schema, example) == [], schema


@pytest.mark.parametrize(
    ("value_type", "fit", "unfit"),
    [
        (Text(), ["a", " a", "é€"], ["", "  ", "a\nb", "\x7f", "x" * 256, 1, None]),
        (Text(blank=True), ["", " ", "x" * 255], ["\0", "x" * 256]),
        (Choice(("aof", "none")), ["aof"], ["", "AOF", "all"]),
        (Integer(1, 64), [1, 64], [0, 65, "1", 1.5, True]),
        (Boolean(), [True, False], [0, "true", None]),
        (Datetime(), ["2010-12-20T00:35:22Z"], [1]),
        (HostName(), ["", "ray", "10.0.0.1", "::1"], ["a b", "[::1]", "ray:6379", "-", "a" * 64, 1]),
        (PortText(), ["", "1", "6379", "9999", "65535"], ["0", "01", "65536", "70000", "99999", "1 ", 6379]),
        (SavePoints(), [[], ["900 1"], ["2147483647 1"]], [["900"], ["0 1"], ["900 1 1"], "900 1"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_valid_when_it_fits_the_schema(
    value_type: ValueType, fit: list[object], unfit: list[object]
) -> None:
    described = Described({"components": {}})

    assert [(value_type.is_valid(value), described.problems(value_type.schema(), value)) for value in fit] == [
        (True, [])
    ] * len(fit)
    assert [
        value for value in unfit if value_type.is_valid(value) or not described.problems(value_type.schema(), value)
    ] == []


def test_the_schemas_have_every_attribute_in_the_order_of_the_samples(described: Described) -> None:
    api, found = api_of(described), described.document["components"]["schemas"]
    settable = [attribute.name for attribute in attributes.changeable(api)]

    assert list(found["Instance"]["properties"]) == sample_names(Payload.SHOW_JSON, api)
    assert list(found["ListedInstance"]["properties"]) == sample_names(Payload.LIST_JSON, api)
    assert list(found["NewInstance"]["properties"]) == list(found["InstanceChanges"]["properties"]) == settable
    assert [name.removesuffix("[]") for name in found["NewInstanceForm"]["properties"]] == settable
    for attribute in layout(Payload.SHOW_JSON, api):
        schema = found["Instance"]["properties"][attribute.name]
        assert schema["x-source"] == attribute.source
        assert ("null" in schema["type"]) is attribute.nullable
        assert schema.get("readOnly", False) is (attribute.name not in settable)


def test_both_formats_show_the_same_attributes() -> None:
    for one, other in ((Payload.SHOW_JSON, Payload.SHOW_XML), (Payload.LIST_JSON, Payload.LIST_XML)):
        assert set(layout(one)) == set(layout(other))


def test_it_has_every_plan(described: Described) -> None:
    plan = described.document["components"]["schemas"]["NewInstance"]["properties"]["plan"]

    assert plan["enum"] == list(PLANS)
    assert all(f"{name}: " in plan["description"] for name in PLANS)


def test_every_error_is_the_answer_of_some_operation(described: Described) -> None:
    answered = {
        status: response for _, _, one in described.operations() for status, response in one["responses"].items()
    }

    for error in errors.REQUEST_ERRORS:
        response = described.resolved(answered[str(error.status)])
        assert response["description"] == error.summary()


def test_every_operation_has_a_unique_name(described: Described) -> None:
    names = [operation["operationId"] for _, _, operation in described.operations()]

    assert len(set(names)) == len(names) == 7 * 3


def test_a_new_attribute_is_described_by_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Attribute("shards", Integer(1, 9), Role.READ_ONLY, 1, DOCUMENTED, "ours")
    monkeypatch.setattr(instances, "STORED", (*attributes.STORED, row))
    monkeypatch.setattr(samples, "ATTRIBUTES", (*attributes.ATTRIBUTES, row))
    for module in (schemas, representation):
        monkeypatch.setattr(module, "layout", lambda payload, api: (row, *layout(payload, api)))

    described = Described(document(DOCUMENTED, URL))

    validate(described.document)
    assert described.document["components"]["schemas"]["Instance"]["properties"]["shards"]["maximum"] == 9


def test_a_new_error_is_described_by_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Teapot(errors.RequestError):
        """Short and stout."""

        status = 418

    monkeypatch.setattr(errors, "REQUEST_ERRORS", (*errors.REQUEST_ERRORS, Teapot))

    described = Described(document(DOCUMENTED, URL))

    validate(described.document)
    for _, _, operation in described.operations():
        assert described.resolved(operation["responses"]["418"])["description"] == "Short and stout."


@pytest.mark.parametrize("api", APIS)
def test_what_is_served_is_what_is_printed(serve: Serve, tmp_path: Path, api: int) -> None:
    served = serve(api=api)
    port = served.url.rpartition(":")[2]
    served.session.auth = None

    answer = served.get(OPENAPI_PATH)
    printed = run_main("openapi", "--api", str(api), folder=tmp_path, env={"RTGMOCK_PORT": port})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert answer.text == json.dumps(json.loads(printed.stdout), separators=(",", ":"), ensure_ascii=False)
    assert answer.json() == document(api, served.url)


def test_the_version_is_read_as_serve_reads_it(tmp_path: Path) -> None:
    refused = run_main("openapi", "--api", "2011", folder=tmp_path)
    by_environment = run_main("openapi", folder=tmp_path, env={"RTGMOCK_API": "2012"})

    assert refused.returncode == 2
    assert "accepted are 2010 and 2012" in refused.stderr
    assert json.loads(by_environment.stdout)["info"]["version"] == "2012"


def test_its_server_is_the_address_that_the_client_used(api: Served) -> None:
    answer = api.get(OPENAPI_PATH, headers={"Host": "rtg.example.org:80"})
    named = api.get(OPENAPI_PATH, headers={"Host": "mock.test:8080"})

    assert answer.status_code == 403
    assert named.json()["servers"] == [{"url": "http://mock.test:8080"}]


@pytest.mark.parametrize("exchange", exchanges.load(), ids=lambda exchange: exchange.name)
def test_every_exchange_on_record_is_described(exchange: Exchange) -> None:
    described = Described(document(exchange.given.get("api", DOCUMENTED), URL))
    head, _, body = exchange.request.partition("\n\n")
    line, *fields = head.strip().split("\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
    wanted = exchange.wanted()
    answered = {name.lower(): value for name, value in wanted.headers.items()}

    described.check_answer(method, target, wanted.status, answered, wanted.body)
    if wanted.status < 300:
        described.check_request(method, target, headers, body)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REQUESTS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", "/instances", {}),
    (200, "GET", "/instances.json", {}),
    (200, "GET", "/instances.xml", {}),
    (200, "HEAD", "/instances.xml", {}),
    (200, "GET", "/instances/1", {"headers": {"Accept": "application/xml"}}),
    (200, "HEAD", "/instances/1", {}),
    (201, "POST", "/instances", {"json": {"plan": "mini", "colour": "red"}}),
    (201, "POST", "/instances.xml", {"data": XML, "headers": {"Content-Type": "application/xml"}}),
    (201, "POST", "/instances.json", {"data": {"plan": "nano", "snapshots[]": ["900 1", "60 10"]}}),
    (201, "POST", "/instances.json", {"files": {"instance[plan]": (None, "nano")}}),
    (200, "PUT", "/instances/1.json?plan=mini", {}),
    (200, "PUT", "/instances/1.xml", {"json": {"snapshots": [], "master_host": "", "password": "€" * 255}}),
    (200, "PUT", "/instances/1.json", {"json": {"slave": True, "master_host": "db", "master_port": 6379}}),
    (200, "DELETE", "/instances/1.json", {}),
    (400, "PUT", "/instances/1", {"data": "{", "headers": {"Content-Type": "application/json"}}),
    (400, "GET", "/instances", {"headers": {"Host": "a b"}}),
    (401, "GET", "/instances.json", {"auth": ("username", "wrong")}),
    (403, "DELETE", "/instances/1", {"headers": {"Origin": "http://elsewhere.test"}}),
    (404, "GET", "/instances/9.xml", {}),
    (404, "HEAD", "/instances/9.xml", {}),
    (405, "POST", "/instances", {"headers": {"X-HTTP-Method-Override": "PATCH"}}),
    (406, "GET", "/instances", {"headers": {"Accept": "text/html"}}),
    (413, "POST", "/instances.json", {"data": "x" * (2**20 + 1), "headers": FORM}),
    (415, "PUT", "/instances/1.json", {"data": "x", "headers": {"Content-Type": "text/plain"}}),
    (422, "POST", "/instances.json", {"data": {"plan": "huge"}}),
    (422, "POST", "/instances.xml", {"data": {"plam": "nano"}}),
    (422, "PUT", "/instances/1", {"json": {"plan": "mini", "timeout": 1}, "headers": {"Accept": "application/xml"}}),
]


@pytest.mark.parametrize("version", APIS)
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request_: f"{request_[1]} {request_[2]} {request_[0]}")
def test_what_is_answered_is_described(
    serve: Serve, version: int, request_: tuple[int, str, str, dict[str, Any]]
) -> None:
    status, method, path, options = request_
    served = serve(api=version)
    served.create()
    described = Described(served.get(OPENAPI_PATH).json())

    answer = served.call(method, path, **options)

    assert answer.status_code == status
    headers = {name.lower(): value for name, value in answer.headers.items()}
    described.check_answer(method, path, status, headers, answer.content)


@pytest.mark.parametrize(("fault", "status"), [(EngineFailed("No port is free."), 503), (ZeroDivisionError(), 500)])
def test_an_internal_or_engine_error_is_described(
    api: Served, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(Provisioner, "create", fail)
    described = Described(document(DOCUMENTED, api.url))

    answer = api.post("/instances.xml", data={"plan": "nano"})

    assert answer.status_code == status
    headers = {name.lower(): value for name, value in answer.headers.items()}
    described.check_answer("POST", "/instances.xml", status, headers, answer.content)
