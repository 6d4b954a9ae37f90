"""The table of attributes: names, versions, who may change what, what is secret, and what may be null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model.attributes import (
    APIS,
    ATTRIBUTES,
    BY_NAME,
    CHANGEABLE,
    DOCUMENTED,
    RECORDED,
    SECRETS,
    STORED,
    Role,
    changeable,
    known,
)
from rtgmock.model.types import InvalidValue
from tests.support.samples import sample_values
from tests.support.values import each

if TYPE_CHECKING:
    from rtgmock.model.attributes import Attribute


def test_a_name_is_used_once() -> None:
    assert len(BY_NAME) == len(ATTRIBUTES)


@pytest.mark.parametrize("api", APIS)
def test_a_version_knows_the_attributes_of_its_sample(api: int) -> None:
    assert set(known(api)) == set(sample_values(api))


def test_an_attribute_is_known_since_the_version_whose_sample_first_has_it() -> None:
    documented = sample_values(DOCUMENTED)

    assert {a.name: a.since for a in ATTRIBUTES} == {
        name: DOCUMENTED if name in documented else RECORDED for name in sample_values(RECORDED)
    }


def test_the_client_may_change_the_plan_and_the_settings() -> None:
    assert [attribute.name for attribute in CHANGEABLE if attribute.role is not Role.SETTING] == ["plan"]
    assert changeable(RECORDED) == CHANGEABLE
    assert changeable(DOCUMENTED) == tuple(a for a in CHANGEABLE if a.name in sample_values(DOCUMENTED))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("label", "Label"),
        ("activerehashing", "Activerehashing"),
        ("master_host", "Master host"),
        ("hash_max_zipmap_entries", "Hash max zipmap entries"),
    ],
)
def test_a_label_is_the_name_as_rails_humanizes_it(name: str, label: str) -> None:
    assert BY_NAME[name].human_name == label


def test_secrets_are_what_gives_access_to_a_redis() -> None:
    assert {"password", "master_password", "url", "config_command"} == SECRETS


def test_only_url_and_hostname_are_derived_and_not_stored() -> None:
    assert [attribute.name for attribute in ATTRIBUTES if attribute not in STORED] == ["url", "hostname"]


def test_an_attribute_may_be_null_where_a_sample_has_it_null() -> None:
    null = {name for api in APIS for name, value in sample_values(api).items() if value is None}

    assert {attribute.name for attribute in ATTRIBUTES if attribute.nullable} == null


@each(CHANGEABLE)
def test_null_is_read_where_it_is_allowed_and_is_otherwise_a_blank(attribute: Attribute) -> None:
    if attribute.nullable:
        assert attribute.parse(None) is None
    else:
        with pytest.raises(InvalidValue, match=r"^can't be blank$"):
            attribute.parse(None)


@pytest.mark.parametrize(
    ("name", "raw", "value", "same"),
    [
        ("port", "9001", 9001, True),
        ("port", 9001, 9001, True),
        ("port", "9002", 9001, False),
        ("port", "nine", 9001, False),
        ("created_at", "2010-12-20T01:35:22+01:00", "2010-12-20T00:35:22Z", True),
        ("created_at", "2010-12-20T00:35:23Z", "2010-12-20T00:35:22Z", False),
        ("last_backup_at", None, None, True),
        ("id", None, 1, False),
        ("id", {"a": 1}, 1, False),
    ],
)
def test_a_value_is_the_same_when_it_means_the_same(name: str, raw: object, value: Any, same: bool) -> None:
    assert BY_NAME[name].equals(raw, value) is same


@pytest.mark.parametrize(
    ("name", "raw", "value", "outdated"),
    [
        ("status", "new", "running", True),
        ("status", "starting", "failed", True),
        ("status", "running", "running", False),
        ("status", "running", "starting", False),
        ("status", "failed", "running", False),
        ("status", "gone", "running", False),
        ("last_backup_at", None, "2010-12-20T00:35:22Z", True),
        ("last_backup_at", "2010-12-20T00:35:21Z", "2010-12-20T00:35:22Z", True),
        ("last_backup_at", "2010-12-20T00:35:23Z", "2010-12-20T00:35:22Z", False),
        ("last_backup_at", "2010-12-20T00:35:22Z", None, False),
        ("created_at", "2010-12-20T00:35:21Z", "2010-12-20T00:35:22Z", False),
    ],
)
def test_what_the_service_replaces_by_itself_was_shown_before(
    name: str, raw: object, value: Any, outdated: bool
) -> None:
    assert BY_NAME[name].is_outdated(raw, value) is outdated
