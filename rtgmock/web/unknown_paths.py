"""The refusal of a path that neither API has."""

from __future__ import annotations

from rtgmock.errors import NotFound
from rtgmock.text import printable


def unknown_path(path: str, suggestion: str | None) -> NotFound:
    """Return the error, with the path that was probably meant, or with where the API is."""
    guess = f"Did you mean {suggestion}?" if suggestion else "The API is at /instances and /instances/ID."
    return NotFound(f"There is no {printable(path)}. {guess}")
