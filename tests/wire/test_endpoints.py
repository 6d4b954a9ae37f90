"""The table of endpoints: it is what is served, with its paths and the methods that they accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.wire.endpoints import COLLECTION, ENDPOINTS, MEMBER, accepted_methods, find_endpoint, path_template

if TYPE_CHECKING:
    from rtgmock.wire.endpoints import Endpoint
    from tests.conftest import Served


@pytest.mark.parametrize("extension", ["", "/", ".json", ".xml", ".json/"])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_of_the_table_is_served(api: Served, endpoint: Endpoint, extension: str) -> None:
    api.create()
    path = endpoint.path.format(id=1) + extension

    assert path_template(path) == endpoint.path
    assert api.call(endpoint.method, path, data={"plan": "nano"}).status_code < 300


@pytest.mark.parametrize("path", [COLLECTION, MEMBER])
def test_every_other_method_is_refused_and_the_accepted_ones_are_named(api: Served, path: str) -> None:
    api.create()
    accepted = accepted_methods(path)

    for method in ("BREW", "PATCH", "OPTIONS", "TRACE"):
        answer = api.call(method, path.format(id=1))
        assert answer.status_code == 405
        assert answer.headers["Allow"] == ", ".join(sorted(accepted))
        overridden = api.post(path.format(id=1), headers={"X-HTTP-Method-Override": method})
        assert (overridden.status_code, overridden.headers["Allow"]) == (405, answer.headers["Allow"])
        assert overridden.text == answer.text


def test_a_post_is_no_method_of_an_instance(api: Served) -> None:
    api.create()
    answer = api.post("/instances/1")

    assert answer.status_code == 405
    assert answer.text == "POST is not accepted on /instances/1; accepted are DELETE, GET, HEAD, PUT.\n"
    assert find_endpoint("POST", MEMBER) is None


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/instances", COLLECTION),
        ("/instances/", COLLECTION),
        ("/instances.yaml", COLLECTION),
        ("/instances/7", MEMBER),
        ("/instances/7.xml/", MEMBER),
        ("/instances/seven", None),
        ("/instances/7/backups", None),
        ("/instances/7.5.json", None),
        ("/instance", None),
        ("/", None),
    ],
)
def test_a_path_has_a_template_or_none(path: str, template: str | None) -> None:
    assert path_template(path) == template


def test_a_method_of_a_path_has_one_row() -> None:
    rows = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}

    assert len(rows) == len(ENDPOINTS)
    assert all(find_endpoint(method, path) is endpoint for (method, path), endpoint in rows.items())
