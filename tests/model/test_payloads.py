"""The payloads: each has the attributes of its sample, in the sample's order."""

from __future__ import annotations

import pytest

from rtgmock.model.attributes import APIS, RECORDED, STORED, Role, known
from rtgmock.model.payloads import Payload, layout
from tests.support.samples import sample_names


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("payload", Payload)
def test_a_payload_has_the_order_of_its_sample(payload: Payload, api: int) -> None:
    assert [attribute.name for attribute in layout(payload, api)] == sample_names(payload, api)


def test_both_formats_show_the_same_attributes() -> None:
    assert set(layout(Payload.LIST_JSON)) == set(layout(Payload.LIST_XML))
    assert set(layout(Payload.SHOW_JSON)) == set(layout(Payload.SHOW_XML))


@pytest.mark.parametrize("api", APIS)
def test_a_show_has_every_attribute_that_its_version_knows(api: int) -> None:
    assert set(layout(Payload.SHOW_JSON, api)) == set(known(api).values())


@pytest.mark.parametrize("payload", Payload)
def test_every_payload_of_2012_has_the_same_order(payload: Payload) -> None:
    assert layout(payload, RECORDED) == layout(Payload.SHOW_JSON, RECORDED)


def test_the_order_of_2012_is_alphabetical_with_the_derived_attributes_at_the_end() -> None:
    names = [attribute.name for attribute in layout(Payload.SHOW_JSON, RECORDED)]

    assert names == [*sorted(attribute.name for attribute in STORED), "url", "hostname"]


@pytest.mark.parametrize("payload", Payload)
def test_derived_attributes_come_last_and_in_no_documented_list(payload: Payload) -> None:
    roles = [attribute.role is Role.DERIVED for attribute in layout(payload)]
    count = 0 if payload in {Payload.LIST_JSON, Payload.LIST_XML} else 2

    assert roles == [False] * (len(roles) - count) + [True] * count
