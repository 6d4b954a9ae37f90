"""The document for generators of clients: valid, in JSON alone, and true of what is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from rtgmock.model.attributes import APIS
from rtgmock.openapi.document import document
from rtgmock.openapi.generators import json_document
from tests.support.described import Described
from tests.support.main import run_main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Serve

URL = "http://127.0.0.1:8080"
OPERATIONS = {
    ("/instances.json", "get"): "listInstances",
    ("/instances.json", "post"): "createInstance",
    ("/instances/{id}.json", "get"): "showInstance",
    ("/instances/{id}.json", "put"): "updateInstance",
    ("/instances/{id}.json", "delete"): "deleteInstance",
}


def operations(given: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method): node
        for path, item in given["paths"].items()
        for method, node in item.items()
        if method != "parameters"
    }


@pytest.mark.parametrize("api", APIS)
def test_it_is_valid_and_has_each_operation_once(api: int) -> None:
    given = json_document(api, URL)

    validate(given, cls=OpenAPIV31SpecValidator)
    assert {place: node["operationId"] for place, node in operations(given).items()} == OPERATIONS


@pytest.mark.parametrize("api", APIS)
def test_each_body_has_one_type_and_one_schema(api: int) -> None:
    given = json_document(api, URL)

    bodies = [node["requestBody"] for node in operations(given).values() if "requestBody" in node]
    assert [body["content"]["application/json"]["schema"] for body in bodies] == [
        {"$ref": "#/components/schemas/NewInstance"},
        {"$ref": "#/components/schemas/InstanceChanges"},
    ]
    assert [list(body["content"]) for body in bodies] == [["application/json"]] * 2
    assert all(body["required"] for body in bodies)


def test_it_has_no_component_that_nothing_refers_to() -> None:
    given = json_document(APIS[0], URL)
    text = json.dumps(given)

    for section, parts in given["components"].items():
        for name in parts.keys() - {"basic"}:
            assert f'"#/components/{section}/{name}"' in text
    assert "Xml" not in text
    assert "Form" not in text


def test_a_default_is_described_and_not_sent_by_generated_code() -> None:
    timeout = json_document(APIS[0], URL)["components"]["schemas"]["NewInstance"]["properties"]["timeout"]

    assert "default" not in timeout
    assert timeout["description"].endswith(" By default 150.")


def test_a_link_of_a_create_leads_to_an_operation() -> None:
    given = json_document(APIS[0], URL)

    links = operations(given)["/instances.json", "post"]["responses"]["201"]["links"]
    assert {link["operationId"] for link in links.values()} == {"showInstance", "updateInstance", "deleteInstance"}


@pytest.mark.parametrize("api", APIS)
def test_it_is_true_of_what_is_answered(serve: Serve, api: int) -> None:
    served = serve(api=api)
    described = Described(json_document(api, served.url))
    requests: list[tuple[int, str, str, dict[str, Any]]] = [
        (201, "POST", "/instances.json", {"json": {"plan": "nano"}}),
        (422, "POST", "/instances.json", {"json": {}}),
        (200, "GET", "/instances.json", {}),
        (200, "GET", "/instances/1.json", {}),
        (200, "PUT", "/instances/1.json", {"json": {"plan": "mini"}}),
        (404, "PUT", "/instances/7.json", {"json": {"plan": "mini"}}),
        (200, "DELETE", "/instances/1.json", {}),
    ]

    for status, method, path, options in requests:
        answer = served.call(method, path, **options)
        assert answer.status_code == status
        headers = {name.lower(): value for name, value in answer.headers.items()}
        described.check_answer(method, path, status, headers, answer.content)


@pytest.mark.parametrize(("options", "make"), [([], document), (["--format", "json"], json_document)])
def test_the_command_prints_it(tmp_path: Path, options: list[str], make: Any) -> None:
    printed = run_main("openapi", "--api", "2012", *options, folder=tmp_path)

    assert (printed.returncode, printed.stderr) == (0, "")
    assert json.loads(printed.stdout) == make(2012, URL)
