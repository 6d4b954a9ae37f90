"""Values to test with: records, and what Hypothesis draws of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rtgmock.model.attributes import DOCUMENTED, Attribute, changeable
from rtgmock.model.instances import new_instance
from rtgmock.model.plans import PLANS
from rtgmock.model.types import (
    INT_MAX,
    MAX_LENGTH,
    Boolean,
    Choice,
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
"""The settings of the properties: enough examples for every run, and no clock to fail by on a busy machine."""

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


def carried(attribute: Attribute) -> SearchStrategy[Any]:
    """Values that ``attribute`` may have."""
    values = _of_kind(attribute.value_type)
    return st.none() | values if attribute.nullable else values


def settable(api: int = DOCUMENTED) -> SearchStrategy[Record]:
    """A value for every attribute that a client may change."""
    return st.fixed_dictionaries({attribute.name: carried(attribute) for attribute in changeable(api)})


def texts(*, blank: bool = False) -> SearchStrategy[str]:
    """Strings that XML and redis.conf can carry, with a leaning to what formats find special."""
    characters = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    drawn = st.text(st.sampled_from("&<>\"'=+%;[]{}-_:/?#@ \\é€\U0001f600") | characters, max_size=MAX_LENGTH)
    return drawn if blank else drawn.filter(str.strip)


def json_like() -> SearchStrategy[Any]:
    """Whatever a decoder may make of a body, and strings that none would."""
    telling = st.sampled_from(
        ["", " ", "nano", "900 1", "1", "+1", "1.5", "true", "no", "9" * 30, "2010-12-20T00:35:22Z"]
    )
    strings = st.text(st.characters(), max_size=20) | telling
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | strings
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=3), max_leaves=6
    )


def soup(tokens: Iterable[bytes]) -> SearchStrategy[bytes]:
    """Bytes that look a little like a format: its tokens in any order, and some that are none."""
    pieces = st.lists(st.sampled_from(list(tokens)) | st.binary(max_size=4), max_size=20)
    return st.binary(max_size=60) | pieces.map(b"".join)


def _of_kind(kind: ValueType) -> SearchStrategy[Any]:
    match kind:
        case Text():
            return texts(blank=kind.blank)
        case Choice():
            return st.sampled_from(kind.choices).map(str)
        case Integer():
            return st.integers(kind.minimum, kind.maximum)
        case Boolean():
            return st.booleans()
        case PortText():
            return st.just("") | st.integers(1, 65535).map(str)
        case SavePoints():
            point = st.tuples(st.integers(1, INT_MAX), st.integers(1, INT_MAX)).map(lambda pair: f"{pair[0]} {pair[1]}")
            return st.lists(point, max_size=5)
    raise NotImplementedError(kind)
