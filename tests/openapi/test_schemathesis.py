"""schemathesis, which reads the OpenAPI document, finds no answer that the document doesn't promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig

from rtgmock.model.attributes import APIS, DOCUMENTED, RECORDED
from rtgmock.openapi.document import document
from tests.conftest import AUTH
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.schemas import BaseSchema

    Case = schemathesis.Case[Any]

    from tests.conftest import Serve, Served

INSTANCES = 8
EXAMPLES = rounds(4, 50)
# Each path exists three times: as it is, with .json and with .xml. Both versions and all three are tried in every run,
# but each combination of them only in nox -s long.
BARE = ("instances", "{id}")
WITH_EXTENSION = (".json", ".xml")
EVERY = ("",)
BOUNDARIES_OF = rounds(DOCUMENTED, RECORDED)
"""The version whose values are tried at every boundary. That of 2012 has every attribute, and takes twice as long.

A create takes the attributes of an update and their values; its boundaries are tried in nox -s long only.
"""
SETTINGS = {
    "seed": 1,
    "auth": {"basic": dict(zip(("username", "password"), AUTH, strict=True))},
    "generation": {"mode": "all", "max-examples": EXAMPLES, "deterministic": True},
    "checks": {
        # Values that a schema allows may contradict each other: a plan with a setting, a replica without a master.
        # Nothing but a 422 is forgiven.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "404", "422"]},
        # More is accepted than the schemas show, which clients are made from: "150" for 150, unknown attributes.
        "negative_data_rejection": {"enabled": False},
    },
    # Every boundary of every value once, not once for each extension as well: that takes minutes.
    "operations": [
        {"include-path-regex": r"\.(json|xml)$", "phases": {"coverage": {"enabled": False}}},
        *rounds([{"include-method": "POST", "phases": {"coverage": {"enabled": False}}}], []),
    ],
}
BOUNDED = settings(
    max_examples=EXAMPLES,
    stateful_step_count=6,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def described(api: int, url: str = "http://localhost", suffixes: tuple[str, ...] = EVERY) -> BaseSchema:
    # One version is enough, since they share their attributes, and the credentials need no boundaries.
    coverage = {"enabled": api == BOUNDARIES_OF, "checks": {"ignored_auth": {"enabled": False}}}
    config = SchemathesisConfig.from_dict(SETTINGS | {"base-url": url, "phases": {"coverage": coverage}})
    given = document(api, url)
    given["paths"] = {path: item for path, item in given["paths"].items() if path.endswith(suffixes)}
    schema = schemathesis.openapi.from_dict(given, config=config)
    schema.hook(map_path_parameters)
    return schema


def map_path_parameters(context: object, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Use the ids of existing instances mostly."""
    if path_parameters and type(number := path_parameters.get("id")) is int:
        return path_parameters | {"id": number % (INSTANCES + 1)}
    return path_parameters


@pytest.fixture
def filled(serve: Serve, request: pytest.FixtureRequest) -> Iterator[Served]:
    """An emulator with instances."""
    served = serve(api=request.param, ports=range(9001, 60000))
    for _ in range(INSTANCES):
        served.create()
    yield served
    assert [entry for entry in served.log if entry["status"] >= 500] == []


@pytest.fixture
def bare() -> Iterator[requests.Session]:
    """One connection for many requests, without default credentials."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@described(DOCUMENTED, suffixes=rounds(BARE, EVERY)).parametrize()
@pytest.mark.parametrize("filled", [DOCUMENTED], indirect=True)
@BOUNDED
def test_the_api_of_2010_answers_as_it_is_described(case: Case, filled: Served, bare: requests.Session) -> None:
    case.call_and_validate(base_url=filled.url, session=bare)


@described(RECORDED, suffixes=rounds(WITH_EXTENSION, EVERY)).parametrize()
@pytest.mark.parametrize("filled", [RECORDED], indirect=True)
@BOUNDED
def test_the_api_of_2012_answers_as_it_is_described(case: Case, filled: Served, bare: requests.Session) -> None:
    case.call_and_validate(base_url=filled.url, session=bare)


@pytest.mark.parametrize("filled", APIS, indirect=True)
def test_an_instance_that_was_made_is_there_until_it_is_deleted(filled: Served) -> None:
    # To schemathesis, a path with an extension is another resource.
    schema = described(filled.emulator.config.api, filled.url, BARE)

    run_state_machine_as_test(schema.as_state_machine(), settings=settings(BOUNDED, max_examples=rounds(8, 50)))

    methods = {entry["method"] for entry in filled.log if entry["status"] < 300}
    assert {"POST", "PUT", "DELETE"} <= methods
    assert {"GET", "HEAD"} & methods  # which of the two is by chance
