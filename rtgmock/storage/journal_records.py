"""The records of a journal of changes: how they are written, and what is read from a journal that may be damaged.

A journal is a text of lines. Each has a checksum, the length of what follows, and JSON::

    cbf43926 129 {"base":"9f86…"}
    0c1e4f02 87 {"synced":146,"whole":false,"documents":{"instances":{"1":null}}}

The first line names the state file that the changes were made to, by its hash. The others are the commits.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any, TypeGuard

import orjson

from rtgmock.storage.changes import Changes

_SECTOR = 512
"""Bytes that a disk writes as a whole, at least."""
_BEGINNING = re.compile(rb"[0-9a-f]{0,7}|[0-9a-f]{8}(?: (?:[0-9]{1,12}(?: (?:\{.*)?)?)?)?", re.DOTALL)
"""What the beginning of a record looks like, wherever it ends. Another program's file does not begin so."""


@dataclass(frozen=True)
class JournalContent:
    """What was read from a journal."""

    base: str
    """The hash of the state file that the changes were made to; empty when the journal is."""
    commits: tuple[tuple[int, Changes], ...]
    """The commits in their order, each with the offset at which its record begins."""
    length: int
    """The bytes up to the end of the last valid record; what follows was not written to its end."""


class JournalDamagedError(Exception):
    """A record that was complete once is not valid any more. The message says where."""


def head_record(base: str) -> bytes:
    """Return the first record of the journal for a state file with the hash ``base``."""
    return _record({"base": base})


def commit_record(changes: Changes, synced: int) -> bytes:
    """Return the record of a commit; ``synced`` is the length of the journal that is known to be on disk."""
    moved = {"moved": changes.moved} if changes.moved else {}
    return _record({"synced": synced, "whole": changes.whole, **moved, "documents": changes.documents})


def _record(fields: dict[str, Any]) -> bytes:
    content = orjson.dumps(fields)
    return b"%08x %d %b\n" % (zlib.crc32(content), len(content), content)


def read_journal(text: bytes) -> JournalContent:
    """Return what is in a journal, without a last part that was not written to its end.

    Raises JournalDamagedError for any other damage: then changes that were answered are lost.
    """
    base: Any = ""
    commits, offset = [], 0
    while (end := text.find(b"\n", offset)) >= 0:
        fields = _fields(text[offset:end])
        if fields is None:
            break
        if offset == 0:
            base = fields.get("base")
        else:
            commits.append((offset, _changes(fields, offset)))
        offset = end + 1
    if not isinstance(base, str):
        raise JournalDamagedError("its first line names no state file")
    if offset < len(text) and not _was_never_complete(text[offset:], offset):
        raise JournalDamagedError(f"the record at byte {offset} is damaged")
    return JournalContent(base, tuple(commits), offset)


def _fields(line: bytes) -> dict[str, Any] | None:
    """Return what is in the record of a line, which comes without its end; None if it is not valid."""
    checksum, _, rest = line.partition(b" ")
    length, _, content = rest.partition(b" ")
    if length != b"%d" % len(content) or checksum != b"%08x" % zlib.crc32(content):
        return None
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) else None


def _changes(fields: dict[str, Any], offset: int) -> Changes:
    documents, whole, moved = fields.get("documents"), fields.get("whole"), fields.get("moved", {})
    if _is_object_of(documents, dict) and _is_object_of(moved, list) and all(map(_are_ids, moved.values())):
        return Changes(documents, whole is True, moved)
    raise JournalDamagedError(f"the record at byte {offset} is not one of changes")


def _is_object_of(value: object, kind: type) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and all(isinstance(item, kind) for item in value.values())


def _are_ids(keys: list[Any]) -> bool:
    return all(isinstance(key, str) for key in keys)


def _synced(fields: dict[str, Any]) -> int:
    synced = fields.get("synced")
    return synced if isinstance(synced, int) else 0


def _was_never_complete(rest: bytes, offset: int) -> bool:
    """Return whether a journal's end can be what a power cut or a kill leaves of records that were not synced.

    Of such records there is a beginning, or there are sectors that are zero; several records may be hit, and a later
    one be whole. But when a later one says that this place was on disk already, it was damaged afterwards.
    """
    if not _BEGINNING.fullmatch(re.split(rb"[\0\n]", rest, maxsplit=1)[0]):
        return False
    later = (_fields(line.rpartition(b"\0")[2]) for line in rest.split(b"\n"))
    if any(fields is not None and _synced(fields) > offset for fields in later):
        return False
    if any((offset + hole.end()) % _SECTOR == 0 or hole.end() == len(rest) for hole in re.finditer(rb"\0+", rest)):
        return True
    return not rest.endswith(b"\n") and _fields(rest[:-1]) is None
