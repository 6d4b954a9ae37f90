"""Settings in every version of the API: accepted and refused values; other attributes are ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.attributes import APIS, ATTRIBUTES, DOCUMENTED, RECORDED, Role, changeable, known
from tests.support.setting_cases import MASTER, SETTINGS, accepted_value, refused_values, settings

if TYPE_CHECKING:
    from tests.conftest import Serve, Served
    from tests.web.conftest import Shared

REFUSED = [(api, name, value, message) for api, name in SETTINGS for value, message in refused_values(name)]
READ_ONLY = [
    (api, attribute.name)
    for api in APIS
    for attribute in known(api).values()
    if attribute.role in {Role.READ_ONLY, Role.DERIVED}
]
ONLY_2012 = [attribute.name for attribute in ATTRIBUTES if attribute.since == RECORDED]


@pytest.mark.parametrize("extension", ["json", "xml"])
@pytest.mark.parametrize(("version", "name"), SETTINGS)
def test_a_setting_changes_and_nothing_else(serve: Serve, version: int, name: str, extension: str) -> None:
    api = serve(api=version)
    before = api.create(**(MASTER if name == "slave" else {}))
    api.clock.advance(60)
    value = accepted_value(name)

    answer = api.put(f"/instances/1.{extension}", json={name: value})

    assert answer.status_code == 200, answer.text
    expected = {**before, "status": "running", name: value, "updated_at": "2010-12-20T00:36:22Z"}
    if name == "password":
        expected["url"] = before["url"].replace(before["password"], "open%20sesame")
    assert api.get("/instances/1.json").json() == expected


@pytest.mark.parametrize("version", APIS)
def test_a_create_takes_every_setting(serve: Serve, version: int) -> None:
    values = {name: accepted_value(name) for name in settings(version)}

    assert values.items() <= serve(api=version).create(**values).items()


@pytest.mark.parametrize(("version", "name", "refused", "message"), REFUSED)
def test_one_refused_value_and_nothing_of_the_request_is_applied(
    shared: Shared, version: int, name: str, refused: Any, message: str
) -> None:
    api = shared(version)
    before = api.get("/instances/1.json").json()
    valid = "timeout" if name != "timeout" else "databases"

    answer = api.put("/instances/1.json", json={valid: 7, name: refused})

    assert answer.status_code == 422
    assert answer.json() == {"errors": [message]}
    assert api.get("/instances/1.json").json() == before


@pytest.mark.parametrize(("version", "name"), READ_ONLY)
def test_a_read_only_attribute_is_ignored_and_reported_when_it_differs(shared: Shared, version: int, name: str) -> None:
    api = shared(version)
    before = api.get("/instances/1.json").json()

    answer = api.put("/instances/1.json", json={name: "elsewhere", "label": before["label"]})

    assert answer.status_code == 200
    assert answer.json() == before
    assert answer.headers["X-Rtgmock-Ignored"] == name
    assert api.log[-1]["ignored"] == name


@pytest.mark.parametrize("name", ONLY_2012)
def test_an_attribute_of_2012_is_unknown_in_2010(api: Served, name: str) -> None:
    api.create()

    assert name not in api.get("/instances/1.json").json()
    assert name not in api.get("/instances.json").json()[0]["instance"]
    answer = api.put("/instances/1.json", json={name: 1})
    assert answer.status_code == 422
    accepted = answer.json()["errors"][0].removeprefix(f"No attribute to update: got {name}; accepted are ")
    assert accepted.split(", ") == [attribute.name for attribute in changeable(DOCUMENTED)]
    assert api.put("/instances/1.json", json={name: 1, "timeout": 3}).headers["X-Rtgmock-Ignored"] == name


def test_in_2012_a_refusal_names_all_that_is_accepted(serve: Serve) -> None:
    api = serve(api=RECORDED)
    api.create()
    answer = api.put("/instances/1.json", json={"loglevel": "debug"})

    assert answer.status_code == 422
    first, *further = answer.json()["errors"]
    accepted = [first.removeprefix("No attribute to update: got loglevel; accepted are ")]
    accepted += [message.removeprefix("Accepted are also ") for message in further]
    assert ", ".join(accepted).split(", ") == [attribute.name for attribute in changeable(RECORDED)]
    assert answer.headers["X-Rtgmock-Hint"] == "loglevel is not an attribute; did you mean log_level?"
