"""The table of attributes: payloads, defaults, what follows a plan, and what a stored record may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rtgmock.model import attributes
from rtgmock.model.attributes import (
    APIS,
    ATTRIBUTES,
    BY_NAME,
    CHANGEABLE,
    DOCUMENTED,
    LAYOUTS,
    RECORDED,
    SECRETS,
    STORED,
    Payload,
    Role,
    changeable,
    known,
)
from rtgmock.model.plans import PLANS, Plan
from rtgmock.model.types import InvalidValue
from tests.support.values import record

if TYPE_CHECKING:
    from rtgmock.model.attributes import Attribute

NANO = {
    "label": None,
    "last_bgrewriteaof_at": None,
    "persistence": "snapshot",
    "plan": "nano",
    "vm_size": 0,
    "created_at": None,
    "master_password": None,
    "vm_page_size": 32,
    "memory": 5242880,
    "port": None,
    "server_id": None,
    "slave": False,
    "timeout": 150,
    "updated_at": None,
    "databases": 1,
    "memory_limit_notification": False,
    "hash_max_zipmap_value": 512,
    "id": None,
    "hash_max_zipmap_entries": 64,
    "snapshots": ["900 1", "300 10", "60 10000"],
    "user_id": None,
    "version": "v2.0.4-stable",
    "vm_max_memory": 4718592,
    "activerehashing": True,
    "appendfsync": "everysec",
    "master_host": None,
    "vm_enabled": False,
    "connections": 10,
    "last_backup_at": None,
    "password": None,
    "status": None,
    "master_port": None,
    "vm_max_threads": 4,
}
NEW = {
    "auto_aof_rewrite_min_size": 67108864,
    "auto_aof_rewrite_percentage": 100,
    "config_command": None,
    "gc_serial_number": None,
    "heroku_hash": None,
    "info_cache": None,
    "info_cached_on": None,
    "list_max_ziplist_entries": 512,
    "list_max_ziplist_value": 64,
    "log_level": "notice",
    "maxmemory_policy": "volatile-lru",
    "maxmemory_samples": 3,
    "no_appendfsync_on_rewrite": "no",
    "set_max_intset_entries": 512,
    "slave_serve_stale_data": True,
    "slowlog_enabled": False,
    "slowlog_log_slower_than": 50000,
    "slowlog_max_len": 102,
    "trial_expires_at": None,
    "zset_max_ziplist_entries": 128,
    "zset_max_ziplist_value": 64,
}
NULLABLE = {
    "gc_serial_number",
    "heroku_hash",
    "info_cache",
    "info_cached_on",
    "trial_expires_at",
    "last_bgrewriteaof_at",
    "last_backup_at",
    "master_password",
    "master_host",
    "master_port",
}
LABELS = {
    "label": "Label",
    "persistence": "Persistence",
    "plan": "Plan",
    "master_password": "Master password",
    "slave": "Slave",
    "timeout": "Timeout",
    "databases": "Databases",
    "memory_limit_notification": "Memory limit notification",
    "hash_max_zipmap_value": "Hash max zipmap value",
    "hash_max_zipmap_entries": "Hash max zipmap entries",
    "snapshots": "Snapshots",
    "activerehashing": "Activerehashing",
    "appendfsync": "Appendfsync",
    "master_host": "Master host",
    "password": "Password",
    "master_port": "Master port",
}
NEW_LABELS = {
    "auto_aof_rewrite_min_size": "Auto aof rewrite min size",
    "auto_aof_rewrite_percentage": "Auto aof rewrite percentage",
    "list_max_ziplist_entries": "List max ziplist entries",
    "list_max_ziplist_value": "List max ziplist value",
    "log_level": "Log level",
    "maxmemory_policy": "Maxmemory policy",
    "maxmemory_samples": "Maxmemory samples",
    "no_appendfsync_on_rewrite": "No appendfsync on rewrite",
    "set_max_intset_entries": "Set max intset entries",
    "slave_serve_stale_data": "Slave serve stale data",
    "slowlog_enabled": "Slowlog enabled",
    "slowlog_log_slower_than": "Slowlog log slower than",
    "slowlog_max_len": "Slowlog max len",
    "zset_max_ziplist_entries": "Zset max ziplist entries",
    "zset_max_ziplist_value": "Zset max ziplist value",
}


def each(rows: tuple[Attribute, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("attribute", rows, ids=[attribute.name for attribute in rows])


def test_a_name_is_used_once() -> None:
    assert len(BY_NAME) == len(ATTRIBUTES) == 56


@pytest.mark.parametrize(
    ("payload", "count"),
    [
        (Payload.LIST_JSON, 26),
        (Payload.LIST_XML, 26),
        (Payload.SHOW_JSON, 35),
        (Payload.SHOW_XML, 35),
        (Payload.EVERY_2012, 56),
    ],
)
def test_a_payload_gives_each_of_its_attributes_a_place_of_its_own(payload: Payload, count: int) -> None:
    places = [getattr(attribute.places, payload) for attribute in LAYOUTS[payload]]

    assert places == list(range(1, count + 1))


def test_the_formats_show_the_same_attributes() -> None:
    assert set(LAYOUTS[Payload.LIST_JSON]) == set(LAYOUTS[Payload.LIST_XML])
    assert set(LAYOUTS[Payload.SHOW_JSON]) == set(LAYOUTS[Payload.SHOW_XML]) == set(known(DOCUMENTED).values())


@pytest.mark.parametrize("payload", Payload)
def test_in_2012_one_payload_stands_for_all(payload: Payload) -> None:
    assert payload.at(DOCUMENTED) is payload
    assert payload.at(RECORDED) is Payload.EVERY_2012
    assert set(LAYOUTS[Payload.EVERY_2012]) == set(known(RECORDED).values()) == set(ATTRIBUTES)


def test_in_2012_attributes_are_in_alphabetical_order_but_for_the_derived_ones() -> None:
    names = [attribute.name for attribute in LAYOUTS[Payload.EVERY_2012]]

    assert names == [*sorted(set(NANO) | set(NEW)), "url", "hostname"]


def test_an_attribute_is_known_since_the_version_whose_payloads_first_show_it() -> None:
    assert set(known(DOCUMENTED)) == {*NANO, "url", "hostname"}
    assert {attribute.name for attribute in ATTRIBUTES if attribute.since == RECORDED} == set(NEW)


@pytest.mark.parametrize("payload", Payload)
def test_what_is_derived_comes_last_and_not_in_a_list(payload: Payload) -> None:
    derived = [attribute.name for attribute in LAYOUTS[payload] if attribute.role is Role.DERIVED]

    assert derived == ([] if payload.startswith("list") else ["url", "hostname"])
    assert [attribute.name for attribute in LAYOUTS[payload]][len(LAYOUTS[payload]) - len(derived) :] == derived


def test_the_client_may_change_the_plan_and_the_settings() -> None:
    assert {attribute.name for attribute in changeable(DOCUMENTED)} == set(LABELS)
    assert {attribute.name for attribute in changeable(RECORDED)} == set(LABELS) | set(NEW_LABELS)
    assert changeable(RECORDED) == CHANGEABLE
    assert [attribute.name for attribute in CHANGEABLE if attribute.role is Role.PLAN] == ["plan"]


@each(CHANGEABLE)
def test_a_label_is_the_name_as_rails_humanizes_it(attribute: Attribute) -> None:
    assert attribute.label == (LABELS | NEW_LABELS)[attribute.name]


def test_secrets_are_what_lets_one_into_a_redis() -> None:
    assert {"password", "master_password", "url", "config_command"} == SECRETS


def test_the_free_plan_gives_the_documented_defaults() -> None:
    assert attributes.defaults(PLANS["nano"]) == NANO | NEW


def test_the_free_plan_gives_the_recorded_defaults_in_2012() -> None:
    assert attributes.defaults(PLANS["nano"], RECORDED) == NANO | NEW | {"version": "2.4.11"}


@pytest.mark.parametrize("api", APIS)
def test_a_record_of_one_version_is_fit_for_the_other(api: int) -> None:
    assert attributes.problems(record() | {"version": attributes.defaults(PLANS["nano"], api)["version"]}) == []
    assert set(attributes.defaults(PLANS["nano"], api)) == {attribute.name for attribute in STORED}


def test_a_paid_plan_changes_what_it_gives_and_nothing_else() -> None:
    assert attributes.defaults(PLANS["small"]) == NANO | NEW | {
        "plan": "small",
        "persistence": "aof",
        "memory": 104857600,
        "vm_max_memory": 94371840,
        "connections": 256,
    }


def test_two_instances_do_not_share_a_default() -> None:
    attributes.defaults(PLANS["nano"])["snapshots"].append("1 1")

    assert attributes.defaults(PLANS["nano"]) == NANO | NEW


def test_what_is_derived_is_not_stored() -> None:
    assert {attribute.name for attribute in STORED} == set(NANO) | set(NEW)
    assert set(BY_NAME) - set(NANO) - set(NEW) == {"url", "hostname"}


def test_memory_and_connections_follow_an_upgrade_and_persistence_does_not() -> None:
    assert attributes.follow_plan(PLANS["medium"]) == {
        "plan": "medium",
        "memory": 524288000,
        "vm_max_memory": 471859200,
        "connections": 512,
    }


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_new_record_is_fit_to_be_stored_on_every_plan(plan: Plan) -> None:
    assert attributes.problems(record(plan.name)) == []


@each(STORED)
def test_a_record_lacking_an_attribute_is_at_fault(attribute: Attribute) -> None:
    broken = record()
    del broken[attribute.name]

    assert attributes.problems(broken) == [f"{attribute.name} is missing"]


@each(STORED)
def test_a_record_may_have_null_only_where_there_may_be_none(attribute: Attribute) -> None:
    shown = "invalid" if attribute.secret else None
    expected = [] if attribute.name in NULLABLE else [f"{attribute.name} is {shown}"]

    assert attributes.problems(record(**{attribute.name: None})) == expected


@each(STORED)
def test_a_record_with_a_value_of_another_sort_is_at_fault(attribute: Attribute) -> None:
    assert attributes.problems(record(**{attribute.name: {"a": 1}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "150"),
        ("timeout", -1),
        ("timeout", True),
        ("slave", 0),
        ("slave", "false"),
        ("port", 0),
        ("port", 65536),
        ("plan", "gigantic"),
        ("plan", " nano"),
        ("status", "failing"),
        ("label", ""),
        ("label", 7),
        ("master_port", 6379),
        ("snapshots", ["900  1"]),
        ("snapshots", "900 1"),
        ("snapshots", [""]),
        ("created_at", "2010-12-20T00:35:22+00:00"),
        ("created_at", "2010-12-20"),
    ],
)
def test_a_record_may_not_have_what_is_only_fit_to_be_read_from_a_client(name: str, value: Any) -> None:
    assert attributes.problems(record(**{name: value})) == [f"{name} is {value!r}"]


def test_every_fault_of_a_record_is_told() -> None:
    assert attributes.problems(record(timeout=-1, slave="yes")) == ["slave is 'yes'", "timeout is -1"]


@each(CHANGEABLE)
def test_null_is_read_where_there_may_be_none_and_is_else_a_blank(attribute: Attribute) -> None:
    if attribute.name in NULLABLE:
        assert attribute.read(None) is None
    else:
        with pytest.raises(InvalidValue, match=r"^can't be blank$"):
            attribute.read(None)


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
    assert BY_NAME[name].same(raw, value) is same
