"""The table of plans."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rtgmock.model.plans import PLANS

TABLE = {
    "nano": (0, 5242880, 10, 4718592, "snapshot"),
    "mini": (5, 20971520, 50, 18874368, "aof"),
    "small": (20, 104857600, 256, 94371840, "aof"),
    "smedium": (None, 262144000, 384, 235929600, "aof"),
    "medium": (110, 524288000, 512, 471859200, "aof"),
    "large": (300, 1610612736, 1024, 1449551462, "aof"),
    "super": (1000, 5368709120, 2048, 4831838208, "aof"),
    "mega": (4000, 21474836480, 4096, 19327352832, "aof"),
}


def test_these_are_all_the_plans_the_smallest_first() -> None:
    assert list(PLANS) == list(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_plan_has_its_price_memory_connections_and_persistence(name: str) -> None:
    plan = PLANS[name]

    assert plan.name == name
    assert (plan.price, plan.memory, plan.connections, plan.vm_max_memory, plan.persistence) == TABLE[name]


def test_a_more_expensive_plan_has_more_of_everything() -> None:
    prices = [plan.price for plan in PLANS.values() if plan.price is not None]
    assert prices == sorted(set(prices))
    for smaller, larger in pairwise(PLANS.values()):
        assert smaller.memory < larger.memory
        assert smaller.connections < larger.connections
