"""The endpoints of the control API: a module for each subject, and the table of their blueprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtgmock.web.control.endpoints import clock, faults, instances, requests, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint

    from rtgmock.web.control.context import ControlContext

BLUEPRINTS: tuple[Callable[[ControlContext], Blueprint], ...] = (
    state.blueprint,
    clock.blueprint,
    instances.blueprint,
    faults.blueprint,
    requests.blueprint,
)
