"""The choice of an engine: each row of the table has a builder, and ``auto`` tries them in order."""

from __future__ import annotations

import pytest

from rtgmock.engines import select
from rtgmock.engines.off import OffEngine
from rtgmock.engines.select import BUILDERS, build_engine
from rtgmock.errors import StartupError
from rtgmock.settings.config import Config
from rtgmock.settings.engine_names import AUTO_ORDER, REAL_ENGINES, EngineName


def test_each_engine_of_the_table_has_a_builder_and_no_other_has() -> None:
    assert set(BUILDERS) == set(EngineName)


def test_auto_tries_engines_that_run_redis_servers_only() -> None:
    assert set(AUTO_ORDER) <= set(REAL_ENGINES)


def test_auto_takes_the_first_engine_of_its_order_that_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> OffEngine:
        raise StartupError("no Docker engine answers")

    engine = OffEngine()
    monkeypatch.setitem(select.BUILDERS, AUTO_ORDER[0], fail)
    monkeypatch.setitem(select.BUILDERS, AUTO_ORDER[1], lambda *arguments: engine)

    assert build_engine(Config(redis="auto"), "state", print) is engine


def test_auto_names_every_problem_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_with(problem: str) -> None:
        raise StartupError(problem)

    for name in AUTO_ORDER:
        monkeypatch.setitem(select.BUILDERS, name, lambda *arguments, name=name: fail_with(f"no {name}"))

    with pytest.raises(StartupError, match=r"^no Redis can be run: no docker; and no process$"):
        build_engine(Config(redis="auto"), "state", print)
