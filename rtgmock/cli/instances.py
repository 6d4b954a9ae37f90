"""Finds the instance that a command names, by its id or label."""

from __future__ import annotations

from typing import Any

from rtgmock.errors import StartupError
from rtgmock.text import listed, printable


def only_instance(instances: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the only instance; None if there is none. Raises StartupError if there are several."""
    if len(instances) > 1:
        raise StartupError(f"there are {len(instances)} instances: name one by its id or label: {_names(instances)}")
    return next(iter(instances), None)


def choose_instance(instances: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """Return the instance with that id or label. Raises StartupError if there is none, or several."""
    found = [one for one in instances if str(one["id"]) == wanted] or [
        one for one in instances if one["label"] == wanted
    ]
    names = _names(instances)
    if len(found) > 1:
        raise StartupError(f"{len(found)} instances have the label {printable(wanted)}: name one by its id: {names}")
    if not found:
        raise StartupError(f"there is no instance {printable(wanted)}; there are: {names or 'none'}")
    return found[0]


def _names(instances: list[dict[str, Any]]) -> str:
    return listed(f"{one['id']} ({one['label']})" for one in instances)
