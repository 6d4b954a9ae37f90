"""Values to test with: records, and Hypothesis strategies for each type of value."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rtgmock.clock import timestamp
from rtgmock.model.attributes import DOCUMENTED, Attribute, changeable
from rtgmock.model.instances import new_instance
from rtgmock.model.plans import PLANS
from rtgmock.model.types import (
    INT_MAX,
    MAX_LENGTH,
    Boolean,
    Choice,
    Datetime,
    HostName,
    Integer,
    PortText,
    Record,
    SavePoints,
    Text,
    ValueType,
)
from tests.support.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hypothesis.strategies import SearchStrategy

few = settings(deadline=None, max_examples=rounds(25, 100), suppress_health_check=[HealthCheck.too_slow])
"""The settings of Hypothesis: enough examples for every run, and no deadline that a busy machine would miss."""

_ASSIGNED: Record = {
    "label": "ray-9001",
    "created_at": "2010-12-20T00:35:22Z",
    "updated_at": "2010-12-20T00:35:22Z",
    "id": 1,
    "port": 9001,
    "server_id": 1,
    "user_id": 1,
    "password": "cc3da5b7aaaad5b4895d243239beed97",
    "config_command": "54b70572f4e2354bb5af0e5d21a22ad4",
    "status": "running",
}


def record(plan: str = "nano", /, **values: Any) -> Record:
    """Return an instance as it is stored."""
    return new_instance(PLANS[plan], DOCUMENTED, _ASSIGNED) | values


def each(rows: Iterable[Attribute]) -> pytest.MarkDecorator:
    """Return the mark that runs a test once for each attribute."""
    rows = list(rows)
    return pytest.mark.parametrize("attribute", rows, ids=[attribute.name for attribute in rows])


def valid_values(attribute: Attribute) -> SearchStrategy[Any]:
    """Return a strategy for the values that ``attribute`` may have."""
    values = _by_type(attribute.value_type)
    return st.none() | values if attribute.nullable else values


def settable(api: int = DOCUMENTED) -> SearchStrategy[Record]:
    """Return a strategy for a value of every attribute that a client may change."""
    return st.fixed_dictionaries({attribute.name: valid_values(attribute) for attribute in changeable(api)})


def texts(*, blank: bool = False) -> SearchStrategy[str]:
    """Return a strategy for strings that XML and redis.conf can contain, often with characters special to a format."""
    characters = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    drawn = st.text(st.sampled_from("&<>\"'=+%;[]{}-_:/?#@ \\é€\U0001f600") | characters, max_size=MAX_LENGTH)
    return drawn if blank else drawn.filter(str.strip)


def json_like() -> SearchStrategy[Any]:
    """Return a strategy for decoded bodies, and for strings that no decoder would return."""
    telling = st.sampled_from(
        ["", " ", "nano", "900 1", "1", "+1", "1.5", "true", "no", "9" * 30, "2010-12-20T00:35:22Z"]
    )
    strings = st.text(st.characters(), max_size=20) | telling
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | strings
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=3), max_leaves=6
    )


def soup(tokens: Iterable[bytes]) -> SearchStrategy[bytes]:
    """Return a strategy for bytes of a format's tokens in any order, and of random bytes."""
    pieces = st.lists(st.sampled_from(list(tokens)) | st.binary(max_size=4), max_size=20)
    return st.binary(max_size=60) | pieces.map(b"".join)


def _by_type(value_type: ValueType) -> SearchStrategy[Any]:  # noqa: PLR0911 - one for each type
    match value_type:
        case Text():
            return _hosts() if isinstance(value_type, HostName) else texts(blank=value_type.blank)
        case Choice():
            return st.sampled_from(value_type.choices).map(str)
        case Integer():
            return st.integers(value_type.minimum, value_type.maximum)
        case Boolean():
            return st.booleans()
        case Datetime():
            return st.datetimes(timezones=st.just(UTC)).map(timestamp)
        case PortText():
            return st.just("") | st.integers(1, 65535).map(str)
        case SavePoints():
            point = st.tuples(st.integers(1, INT_MAX), st.integers(1, INT_MAX)).map(lambda pair: f"{pair[0]} {pair[1]}")
            return st.lists(point, max_size=5)
    raise NotImplementedError(value_type)


def _hosts() -> SearchStrategy[str]:
    names = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9_]{1,9}){0,3}", fullmatch=True)
    return st.just("") | names | st.ip_addresses().map(str)
