"""Parameters: a decoded body is parsed to typed and valid values."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.errors import Invalid
from rtgmock.model.attributes import APIS, BY_NAME, DOCUMENTED, RECORDED, changeable, known
from rtgmock.model.plans import PLANS
from rtgmock.wire import parameters
from rtgmock.wire.parameters import Parameters
from tests.support.values import few, json_like, settable

if TYPE_CHECKING:
    from rtgmock.model.types import Record


@pytest.mark.parametrize(
    ("tree", "values"),
    [
        ({}, {}),
        ({"plan": "nano"}, {"plan": "nano"}),
        ({"instance": {"plan": "nano"}}, {"plan": "nano"}),
        ({"instance": {"plan": "nano"}, "label": "a"}, {"plan": "nano", "label": "a"}),
        ({"instance": {"plan": "nano"}, "plan": "mini"}, {"plan": "nano"}),
        ({"timeout": "30", "slave": "true"}, {"timeout": 30, "slave": True}),
        ({"timeout": 30, "slave": True}, {"timeout": 30, "slave": True}),
        ({"snapshots": []}, {"snapshots": []}),
        ({"snapshots": ["900  1", ""]}, {"snapshots": ["900 1"]}),
        (
            {"master_host": None, "master_password": "", "master_port": 6379},
            {"master_host": None, "master_password": "", "master_port": "6379"},
        ),
        ({"instance": None}, {}),
        ({"instance": "nano", "plan": "mini"}, {"plan": "mini"}),
        ({"instance": [{"plan": "nano"}]}, {}),
        ({"instance": {"instance": {"plan": "nano"}}}, {}),
    ],
)
def test_attributes_are_read_alone_and_under_instance(tree: dict[str, Any], values: Record) -> None:
    assert parameters.parse_parameters(tree).values == values


@pytest.mark.parametrize(
    ("tree", "messages"),
    [
        ({"plan": ""}, ("Plan can't be blank",)),
        ({"plan": None}, ("Plan can't be blank",)),
        ({"plan": "gigantic"}, (f"Plan is not included in the list: it is one of {', '.join(PLANS)}",)),
        ({"instance": {"plan": {"a": "b"}}}, (f"Plan is not included in the list: it is one of {', '.join(PLANS)}",)),
        ({"timeout": "soon"}, ("Timeout is not a number",)),
        ({"timeout": 1.5}, ("Timeout must be an integer",)),
        ({"timeout": -1}, ("Timeout must be greater than or equal to 0",)),
        ({"timeout": 2**31}, ("Timeout must be less than or equal to 2147483647",)),
        ({"databases": 0}, ("Databases must be greater than 0",)),
        ({"databases": "10001"}, ("Databases must be less than or equal to 10000",)),
        (
            {"hash_max_zipmap_value": 2**63},
            ("Hash max zipmap value must be less than or equal to 9223372036854775807",),
        ),
        ({"persistence": "tape"}, ("Persistence is not included in the list: it is one of aof, snapshot, none",)),
        ({"appendfsync": "never"}, ("Appendfsync is not included in the list: it is one of always, everysec, no",)),
        (
            {"memory_limit_notification": "maybe"},
            ("Memory limit notification is not included in the list: it is true or false",),
        ),
        ({"master_port": "70000"}, ("Master port must be less than or equal to 65535",)),
        ({"label": "x" * 256}, ("Label is too long (maximum is 255 characters)",)),
        ({"label": None}, ("Label can't be blank",)),
        ({"password": " "}, ("Password can't be blank",)),
        ({"password": "a\nb"}, ("Password is invalid: it has a control character, or one that XML cannot carry",)),
        ({"snapshots": "900 1"}, ('Snapshots is invalid: it must be an array of "seconds changes", as "900 1"',)),
        (
            {"slave": "maybe", "timeout": "soon", "label": "fine"},
            ("Slave is not included in the list: it is true or false", "Timeout is not a number"),
        ),
    ],
)
def test_every_bad_value_is_refused_under_its_name(tree: dict[str, Any], messages: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        parameters.parse_parameters(tree)

    assert refused.value.messages == messages
    assert str(refused.value) == "; ".join(messages)


def test_read_only_attributes_are_returned_as_they_were_sent() -> None:
    tree = {"instance": {"id": "7", "url": None, "port": {"a": 1}}, "plan": "nano", "user_id": []}

    assert parameters.parse_parameters(tree) == Parameters(
        values={"plan": "nano"}, read_only={"user_id": [], "id": "7", "url": None, "port": {"a": 1}}, unknown=()
    )


def test_unknown_names_are_returned_in_their_order() -> None:
    read = parameters.parse_parameters({"zzz": "1", "instance": {"pln": "nano", "PLAN": "nano", "": "x"}})

    assert read == Parameters(values={}, read_only={}, unknown=("zzz", "pln", "PLAN", ""))


@pytest.mark.parametrize("nested", [False, True])
def test_the_fields_that_rails_adds_to_a_form_are_ignored(nested: bool) -> None:
    names = ["_method", "utf8", "authenticity_token", "commit", "format", "controller", "action"]
    tree = dict.fromkeys(names, "x")

    assert parameters.parse_parameters({"instance": tree} if nested else tree) == Parameters({}, {}, ())


@pytest.mark.parametrize("nested", [None, "nano", ["nano"], 7])
def test_an_instance_that_holds_nothing_is_no_attribute(nested: object) -> None:
    assert parameters.parse_parameters({"instance": nested}).unknown == ("instance",)


def test_parsing_does_not_change_the_tree() -> None:
    tree = {"instance": {"snapshots": ["900  1"]}, "plan": "nano"}
    parameters.parse_parameters(tree)

    assert tree == {"instance": {"snapshots": ["900  1"]}, "plan": "nano"}


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        (("pln",), "pln is not an attribute; did you mean plan?"),
        (("xyzzy", "time_out"), "time_out is not an attribute; did you mean timeout?"),
        (("master-host",), "master-host is not an attribute; did you mean master_host?"),
        (("password: secret",), ""),
        (("xyzzy",), ""),
        ((), ""),
        (("xyzzy",) * 10 + ("pln",), ""),
    ],
)
def test_a_hint_names_what_was_probably_meant(unknown: tuple[str, ...], hint: str) -> None:
    assert parameters.suggest_attribute(unknown) == hint


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b\r\n", "é", "instance[c]"], "a, (no name), (no name), instance[c]"),
        (["a"] * 10, ", ".join("a" * 10)),
        (["a"] * 11, ", ".join("a" * 10) + ", ..."),
        (["x" * 60, "x" * 61], "x" * 60 + ", (no name)"),
    ],
)
def test_names_are_made_printable_for_a_header(names: list[str], shown: str) -> None:
    assert parameters.printable_names(iter(names)) == shown


def test_very_long_names_do_not_take_long() -> None:
    start = monotonic()
    parameters.suggest_attribute(
        parameters.parse_parameters({f"{number}" + "label" * 20_000: "x" for number in range(10)}).unknown
    )

    assert monotonic() - start < 2


@pytest.mark.parametrize("api", APIS)
@few
@given(data=st.data(), nested=st.booleans())
def test_valid_values_are_read_as_they_are(data: st.DataObject, nested: bool, api: int) -> None:
    values = data.draw(settable(api))
    assert parameters.parse_parameters({"instance": values} if nested else values, api) == Parameters(values, {}, ())


def test_what_only_2012_has_is_unknown_before() -> None:
    tree = {"log_level": "loud", "config_command": "x", "timeout": 30}

    assert parameters.parse_parameters(tree, DOCUMENTED) == Parameters(
        {"timeout": 30}, {}, ("log_level", "config_command")
    )
    with pytest.raises(
        Invalid, match=r"^Log level is not included in the list: it is one of debug, verbose, notice, warning$"
    ):
        parameters.parse_parameters(tree, RECORDED)
    assert parameters.parse_parameters({"log_level": "debug", "config_command": "x"}, RECORDED) == Parameters(
        {"log_level": "debug"}, {"config_command": "x"}, ()
    )


@pytest.mark.parametrize("api", APIS)
def test_a_hint_names_only_what_the_version_has(api: int) -> None:
    hint = "loglevel is not an attribute; did you mean log_level?"

    assert parameters.suggest_attribute(("loglevel",), api) == (hint if api == RECORDED else "")


@pytest.mark.parametrize("api", APIS)
@few
@given(tree=st.dictionaries(st.sampled_from([*BY_NAME, "instance", "x", "format"]), json_like(), max_size=5))
def test_any_tree_is_refused_or_parsed_to_valid_values(tree: dict[str, Any], api: int) -> None:
    try:
        read = parameters.parse_parameters(tree, api)
    except Invalid as refused:
        labels = tuple(attribute.human_name for attribute in changeable(api))
        assert all(message.startswith(labels) for message in refused.messages)  # noqa: PT017
    else:
        assert all(BY_NAME[name].is_valid(value) for name, value in read.values.items())
        assert not set(read.values) & set(read.read_only)
        assert not set(read.unknown) & set(known(api))
        assert parameters.suggest_attribute(read.unknown, api).isascii()
        assert parameters.printable_names(read.unknown).isprintable()
