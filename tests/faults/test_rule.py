"""The rules of faults: how they are parsed, and what they match."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from rtgmock.errors import Invalid
from rtgmock.faults.kinds import KINDS
from rtgmock.faults.rule import KEYS, Keys, Trigger, parse_rule

NO_FAULT = "the rule has no fault: give it one of " + ", ".join(kind.name for kind in KINDS)
WRONG_MODE = "must be true or before or after"


@pytest.mark.parametrize(
    ("document", "values"),
    [
        ({"status": 503, "method": "post"}, {"status": 503, "method": "POST"}),
        ({"drop": True}, {"drop": "before"}),
        ({"drop": "after", "delay": 1}, {"drop": "after", "delay": 1.0}),
        ({"upgrade": True}, {"upgrade": "no room"}),
        ({"truncate": "half"}, {"truncate": "half"}),
        ({"truncate": 20, "content_type": "text/html; charset=utf-8"},) * 2,
        ({"status": 503, "nth": None, "path": "*"}, {"status": 503, "path": "*"}),
    ],
)
def test_a_rule_is_parsed(document: object, values: dict[str, Any]) -> None:
    assert parse_rule(document).values == values


@pytest.mark.parametrize(
    ("document", "messages"),
    [
        ({"stauts": 503}, ["stauts is not known; did you mean status?"]),
        ({"xyzzy": 1, "status": 503}, [f"xyzzy is not known; accepted are {', '.join(KEYS)}"]),
        ({"status": 200}, ["status must be greater than or equal to 400"]),
        ({"status": 600}, ["status must be less than or equal to 599"]),
        ({"drop": False}, [f"drop {WRONG_MODE}"]),
        ({"drop": "later"}, [f"drop {WRONG_MODE}"]),
        ({"truncate": -1}, ["truncate must be half or a number of bytes"]),
        ({"truncate": True}, ["truncate must be half or a number of bytes"]),
        ({"content_type": "html"}, ["content_type is invalid: it must be a media type, as text/html"]),
        ({"delay": "1"}, ["delay is not a number"]),
        ({"delay": 4000}, ["delay must be from 0 to 3600"]),
        ({"status": 503, "probability": 2}, ["probability must be from 0 to 1"]),
        ({"status": 503, "account": ""}, ["account can't be blank"]),
        ({"status": 503, "nth": 0}, ["nth must be greater than 0"]),
        ({"status": 503, "path": "instances"}, ["path must begin with / or *, as /instances/*"]),
        ({"status": 503, "path": "/_rtgmock/*"}, ["path can't be in /_rtgmock: the control API has no faults"]),
        (
            {"status": 503, "method": "FETCH"},
            ["method is not included in the list: it is one of GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"],
        ),
        ({}, [NO_FAULT]),
        ({"path": "*"}, [NO_FAULT]),
        ({"jitter": 1, "drop": True}, ["jitter can't be given without delay"]),
        ({"drop": True, "status": 503}, ["drop can't be given together with status"]),
        ({"upgrade": True, "status": 503}, ["upgrade can't be given together with status"]),
        ({"status": 503, "nth": 1, "after": 1}, ["nth can't be given together with after"]),
        ({"times": 0, "drop": 1}, ["times must be greater than 0", f"drop {WRONG_MODE}"]),
        ([], ["it must be a JSON object, as {}"]),
    ],
)
def test_a_mistake_in_a_rule_is_explained(document: object, messages: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        parse_rule(document)

    assert list(refused.value.messages) == messages


def test_the_keyword_arguments_in_python_are_the_keys_of_the_table() -> None:
    assert {"method", "path", *get_type_hints(Keys)} == set(KEYS)
    assert {name for kind in KINDS for name in kind.conflicts} <= {kind.name for kind in KINDS}


@pytest.mark.parametrize(
    ("rule", "method", "path", "matches"),
    [
        ({}, "PATCH", "/nowhere", True),
        ({"method": "GET"}, "GET", "/instances", True),
        ({"method": "GET"}, "HEAD", "/instances", False),
        ({"path": "/instances"}, "GET", "/instances", True),
        ({"path": "/instances"}, "GET", "/instances/", True),
        ({"path": "/instances"}, "GET", "/instances.json", True),
        ({"path": "/instances"}, "GET", "/instances/7", False),
        ({"path": "/instances.xml"}, "GET", "/instances.xml", True),
        ({"path": "/instances.xml"}, "GET", "/instances.json", False),
        ({"path": "/instances/*"}, "GET", "/instances/7", True),
        ({"path": "/instances/*"}, "GET", "/instances/7.json", True),
        ({"path": "/instances/*"}, "GET", "/instances", False),
        ({"path": "/instances/7"}, "GET", "/instances/7.json", True),
        ({"path": "/instances/7"}, "GET", "/instances/77", False),
        ({"path": "/instances/*.xml"}, "GET", "/instances/7.xml", True),
        ({"path": "/instances/*.xml"}, "GET", "/instances/7", False),
        ({"path": "*.xml"}, "GET", "/instances.xml", True),
        ({"path": "/"}, "GET", "/", True),
    ],
)
def test_a_rule_matches_by_method_and_path(rule: dict[str, Any], method: str, path: str, *, matches: bool) -> None:
    assert parse_rule(rule | {"status": 503}).matches(Trigger(method, path)) is matches
    assert not parse_rule(rule | {"status": 503}).matches(Trigger(method, path, upgrade=True))


@pytest.mark.parametrize(
    ("rule", "account", "matches"),
    [
        ({}, "ann", True),
        ({}, "", True),
        ({"account": "ann"}, "ann", True),
        ({"account": "ann"}, "anna", False),
        ({"account": "ann"}, "", False),
        ({"account": "ann", "method": "PUT"}, "ann", False),
    ],
)
def test_a_rule_matches_by_account(rule: dict[str, Any], account: str, *, matches: bool) -> None:
    assert parse_rule(rule | {"status": 503}).matches(Trigger("GET", "/", account)) is matches
