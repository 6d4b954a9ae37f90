"""Content that no emulator has written: values of other types, and files of other programs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEP: Any = []
for _ in range(400):  # read, and too deep to be written
    DEEP = [DEEP]

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2**63,
    2**64 - 1,
    1.0,
    0.5,
    1e308,
    "",
    "1",
    "ray\n9001",
    "é" * 5000,
    [],
    [None],
    ["1"],
    {},
    {"1": {}},
    {"name": "x"},
    DEEP,
)
"""One value of each type, and those at the ends of what the type has."""

NUMBERS = ("9" * 5000, "-" + "9" * 5000, "0." + "9" * 5000, "1e" + "9" * 5000, "1" + "0" * 5000 + ".0")
"""Numbers of thousands of digits, as they are written in JSON."""

OTHER_FILES = {
    "text": b"Bring milk.\n",
    "text without an end": b"Bring milk.",
    "number": b"7",
    "hexadecimal": b"cbf43926",
    "JSON lines": b'{"a": 1}\n{"a": 2}\n',
    "JSON of UTF-16": '{"rtgmock": {}}'.encode("utf-16"),
    "JSON with a byte order mark": b'\xef\xbb\xbf{"rtgmock": {}}',
    "package.json": b'{"name": "x", "version": "1.0.0", "dependencies": {"redis": "4"}}',
    "SQLite": b"SQLite format 3\0\x10\0\x01\x01\0@  \0\0\0\x02" + bytes(4096),
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bytes(range(256)) * 4,
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(600),
    "tar": b"state.json".ljust(512, b"\0") + bytes(1024),
    "snapshot of Redis": b"REDIS0010\xfa\tredis-ver\x057.0.15" + bytes(20),
    "HTML": b"<!doctype html>\n<title>x</title>\n",
    "pickle": b"\x80\x04}\x94.",
    "systemd's journal": b"LPKSHHRH" + bytes(240) + b"x" * 300,
}
"""The first bytes of what other programs write."""


def places(document: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Give the path to each value in a document, that of the whole one included."""
    yield path
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(value, *path, key)


def with_value(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of a document with another value at a path."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    container = changed
    for key in path[:-1]:
        container = container[key]
    container[path[-1]] = value
    return changed
