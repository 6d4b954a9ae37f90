"""The check of many records at once finds the same as the check of each value and each record."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtgmock.model.attributes import STORED
from rtgmock.model.columns import are_records_valid, are_valid
from rtgmock.model.instances import record_problems
from rtgmock.model.types import INT_MAX, Boolean, Choice, Datetime, Integer, PortText, SavePoints, Text, ValueType
from tests.support.scaling import cpu_time, without_garbage_collection
from tests.support.values import few, json_like, record, valid_values

if TYPE_CHECKING:
    from rtgmock.model.attributes import Attribute
    from rtgmock.model.types import Record

OF_EACH_TYPE = {attribute.value_type: attribute for attribute in STORED}.values()
EQUAL = st.sampled_from([True, False, 0, 1, 0.0, 1.0, "1", "true"])
"""Values that equal each other and are of different types."""


@pytest.mark.parametrize("attribute", OF_EACH_TYPE, ids=lambda attribute: attribute.name)
@few
@given(data=st.data())
def test_values_are_valid_together_if_each_is(attribute: Attribute, data: st.DataObject) -> None:
    valid = valid_values(replace(attribute, nullable=False))  # None is left out before
    values = data.draw(st.lists(valid | st.sampled_from([data.draw(valid)]), min_size=1, max_size=9))
    values += data.draw(st.just([]) | st.lists(EQUAL | json_like() | st.just(math.nan), max_size=2))
    values = data.draw(st.permutations(values))

    assert are_valid(attribute.value_type, values) is all(map(attribute.value_type.is_valid, values))


@pytest.mark.parametrize(
    ("value_type", "values", "expected"),
    [
        (Integer(1, 9), [1, 2, 9], True),
        (Integer(1, 9), [1, 2, 10], False),
        (Integer(1, 9), [1, 2, 0], False),
        (Integer(1, 9), [1, True], False),
        (Integer(1, 9), [True, 1, 1], False),
        (Integer(1, 9), [1, 1.0], False),
        (Boolean(), [True, False, True], True),
        (Boolean(), [True, 1], False),
        (Boolean(), [1, 1], False),
        (Text(), ["a", "b" * 255], True),
        (Text(), ["a", "b" * 256], False),
        (Text(), ["a", " "], False),
        (Text(), ["a", ""], False),
        (Text(blank=True), ["a", ""], True),
        (Text(), ["a", "b\n"], False),
        (Text(), ["a", 1], False),
        (Choice(("yes", "no")), ["yes", "no", "yes"], True),
        (Choice(("yes", "no")), ["yes", "maybe"], False),
        (Choice(("yes", "no")), ["yes", " yes"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"], True),
        (Datetime(), ["2010-12-20T00:35:22Z", "2011-02-29T00:00:00Z"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "2010-12-20T24:00:00Z"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "2010-12-20T00:35:60Z"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "2010-12-20T00:35:22+00:00"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "2010-12-20 00:35:22Z"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "2010-12-20T00:35:22Z\n"], False),
        (Datetime(), ["2010-12-20T00:35:22Z", "२०१०-12-20T00:35:22Z"], False),
        (PortText(), ["", "6379"], True),
        (PortText(), ["6379", 6379], False),
        (SavePoints(), [["900 1"], [], ["900 1", "300 10"]], True),
        (SavePoints(), [["900 1"], ["900"]], False),
        (SavePoints(), [["900 1"], "900 1"], False),
        (SavePoints(), [["900 1"], [["900 1"]]], False),
        (SavePoints(), [["900 1"], [{}]], False),
        (SavePoints(), [["900 1"], ["1 1"] * 65], False),
        (Integer(0, INT_MAX), [{"a": 1}, {"a": 1}, {}], False),
    ],
)  # fmt: skip
def test_one_value_of_another_type_or_range_is_found_among_others(
    value_type: ValueType, values: list[Any], expected: bool
) -> None:
    for order in (values, values[::-1]):
        assert are_valid(value_type, order) is expected
        assert all(map(value_type.is_valid, order)) is expected


def is_json(value: Any) -> bool:
    try:
        return repr(orjson.loads(orjson.dumps(value))) == repr(value)
    except orjson.JSONEncodeError:
        return False


def different(count: int) -> list[Record]:
    """Return records that differ in what emulators make different."""
    return [
        record(id=n, label=f"ray-{n}", port=9000 + n, password=f"{n:032x}", created_at=f"2010-12-20T00:00:{n % 60:02}Z")
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("attribute", OF_EACH_TYPE, ids=lambda attribute: attribute.name)
@few
@given(data=st.data())
def test_records_are_valid_together_if_each_is(attribute: Attribute, data: st.DataObject) -> None:
    records = different(4)
    for index in data.draw(st.sets(st.integers(0, 3), max_size=2)):
        records[index][attribute.name] = data.draw(valid_values(attribute) | (EQUAL | json_like()).filter(is_json))

    assert are_records_valid(records) is not any(map(record_problems, records))


@pytest.mark.parametrize("attribute", STORED, ids=lambda attribute: attribute.name)
def test_a_record_without_an_attribute_is_found_among_others(attribute: Attribute) -> None:
    records = different(4)
    assert are_records_valid(records)
    del records[2][attribute.name]

    assert not are_records_valid(records)


def test_records_are_checked_together_in_half_of_the_time_that_each_by_itself_takes() -> None:
    records = different(256)
    for_all, for_each = float("inf"), float("inf")
    with without_garbage_collection():
        for _ in range(20):
            for_all = min(for_all, cpu_time(are_records_valid, records))
            for_each = min(for_each, cpu_time(lambda rows: [record_problems(row) for row in rows], records))
            if for_all < for_each / 2:
                break

    assert for_all < for_each / 2
