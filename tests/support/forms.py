"""Writes forms and multipart bodies as clients do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtgmock.model.types import Record

END = b"--B--\r\n"
"""The end of a multipart body whose boundary is B."""


def part(name: str, value: bytes, more: str = "") -> bytes:
    """Return a field of a multipart body whose boundary is B."""
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def form_fields(values: Record, prefix: str) -> list[tuple[str, str]]:
    """Return values as the fields of a form, without nulls, which a form cannot write."""
    pairs = []
    for name, value in values.items():
        bare = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, list):
            pairs += [(f"{bare}[]", point) for point in value or [""]]
        elif value is not None:
            pairs.append((bare, str(value)))
    return pairs
