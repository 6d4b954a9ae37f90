"""The state file: what is in it besides the tables, and how it is read."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from rtgmock.errors import StartupError

if TYPE_CHECKING:
    from pathlib import Path

    from rtgmock.storage.tables import Tables

_JOURNAL = "journal"
"""The table that says which part of a journal is in the file already. Its one document has the id 1."""
_HASH_LENGTH = 16


class JournalPart(NamedTuple):
    """The part of a journal that a state file contains."""

    base: str
    """The hash of the state file that the journal began with, by which it names itself."""
    length: int
    """How many bytes of it are contained."""


class StateFile(NamedTuple):
    """The content of a state file."""

    tables: Tables
    hash: str
    """A hash of all bytes; empty for a file that is missing or empty."""
    part: JournalPart | None
    """The part of a journal that is in the tables already."""


def hash_of(content: bytes) -> str:
    """Return the hash by which a journal names its state file."""
    return hashlib.blake2b(content, digest_size=_HASH_LENGTH).hexdigest() if content else ""


def encoded(tables: Tables, part: JournalPart | None) -> bytes:
    """Return the content of a state file."""
    own = {_JOURNAL: {"1": {"base": part.base, "length": part.length}}} if part else {}
    return orjson.dumps({**tables, **own})


def load(path: Path) -> StateFile:
    """Return what is in a state file, nothing when there is no file or an empty one. Raises StartupError, OSError."""
    # Opening a FIFO would wait for its other end, and replacing a device would destroy it.
    if path.exists() and not path.is_file():
        raise StartupError(f"the state file {path} is not a plain file; start with another one: --state FILE")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    with ThreadPoolExecutor(1) as pool:  # it takes a quarter of the time that the parser takes, on another core
        digest = pool.submit(hash_of, content)
        tables = _tables(path, content)
    return StateFile(tables, digest.result(), _part(tables.pop(_JOURNAL, {}).get("1")))


def _tables(path: Path, content: bytes) -> Tables:
    try:
        tables = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise StartupError(
            f"the state file {path} is not JSON (line {error.lineno}, column {error.colno}); "
            "it is left as it is: start with another one: --state FILE"
        ) from error
    if not (isinstance(tables, dict) and all(isinstance(table, dict) for table in tables.values())):
        raise StartupError(
            f"the state file {path} is not a TinyDB file; it is left as it is: start with another one: --state FILE"
        )
    return tables


def _part(row: Any) -> JournalPart | None:
    """Return which part of a journal a file says it contains; None for what is not of that form."""
    if not isinstance(row, dict):
        return None
    base, length = row.get("base"), row.get("length")
    return JournalPart(base, length) if isinstance(base, str) and type(length) is int and length >= 0 else None
